//! Impersonations at rest: the state machine of the rules over rows, by compare-and-set.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, UpdateMany,
    sea_query::Expr,
};
use serde_json::{Value, json};
use understudy_protocol::{Consent, ErrorCode, Event as Told, Mode, PersonRef, StaffRef};
use understudy_rules::{
    MINUTE, Millis,
    impersonation::{Approver, Closed, EndCause, Event, Limits, Outcome, Refusal, State, Taken},
};
use uuid::Uuid;

use crate::{
    Core, delivery, eligibility,
    error::{ApiError, ApiResult},
    exceptions,
    letters::{self, Letter},
    staff,
    store::{
        ADMINS, Entry, Job, NewEvent, WriteError,
        entities::{
            gateway_cookie,
            impersonation::{ActiveModel, Column, Entity, Model},
            jar_cookie,
        },
        statement,
    },
    switch,
};

/// Names of the states in which something can still happen.
pub const OPEN: [&str; 6] = ["asked", "pending", "waiting", "code_sent", "verified", "live"];

/// Reads the state of a row. A row that cannot be read counts as cancelled: it opens nothing.
pub fn state(row: &Model) -> State {
    let read = || {
        let started_at = row.started_at;
        Some(match row.state.as_str() {
            "asked" => State::Asked { until: row.due_at? },
            "pending" => State::Pending {
                give_up_at: row.due_at?,
                taken: row.taken_by.zip(row.taken_until).map(|(by, until)| Taken { by: by.as_u128(), until }),
            },
            "waiting" => State::Waiting { give_up_at: row.due_at? },
            "code_sent" => {
                State::CodeSent { expires_at: row.due_at?, tries_left: u8::try_from(row.tries_left).ok()? }
            }
            "verified" => State::Verified { start_by: row.due_at? },
            "live" => State::Live {
                started_at: started_at?,
                limit_at: row.limit_at?,
                lease_until: row.lease_until?,
                idle_at: row.idle_at?,
            },
            "closed" => State::Closed { why: named(row.cause.as_deref()?)?, at: row.ended_at? },
            "ended" => State::Ended {
                started_at: started_at?,
                limit_at: row.limit_at?,
                at: row.ended_at?,
                cause: named(row.cause.as_deref()?)?,
            },
            _ => return None,
        })
    };
    read().unwrap_or_else(|| {
        tracing::error!(id = %row.id, state = row.state, "an impersonation has an unreadable state");
        State::Closed { why: Closed::Cancelled, at: row.created_at }
    })
}

/// What a row rests on. One that an older server wrote names no evidence: there was only one kind.
pub fn consent(row: &Model) -> ApiResult<Consent> {
    let named = serde_json::from_str(&row.consent);
    let consent = named.or_else(|_| serde_json::from_str(&row.consent).map(Consent::Statement));
    consent.map_err(|_| ApiError::internal(&format!("the consent of {} cannot be read", row.id)))
}

/// The name under which the protocol and the database know a value of the rules.
pub fn name_of(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

/// Reads such a name.
pub fn named<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(Value::from(name)).ok()
}

/// Writes a state into a row's columns.
pub fn set_state(row: &mut ActiveModel, state: State) {
    let (name, due_at) = match state {
        State::Asked { until } => ("asked", Some(until)),
        State::Pending { give_up_at, .. } => ("pending", Some(give_up_at)),
        State::Waiting { give_up_at } => ("waiting", Some(give_up_at)),
        State::CodeSent { expires_at, .. } => ("code_sent", Some(expires_at)),
        State::Verified { start_by } => ("verified", Some(start_by)),
        State::Live { .. } => ("live", None),
        State::Closed { .. } => ("closed", None),
        State::Ended { .. } => ("ended", None),
    };
    row.state = Set(name.to_owned());
    row.due_at = Set(due_at);
    match state {
        State::Pending { taken, .. } => {
            row.taken_by = Set(taken.map(|taken| Uuid::from_u128(taken.by)));
            row.taken_until = Set(taken.map(|taken| taken.until));
        }
        State::CodeSent { tries_left, .. } => row.tries_left = Set(tries_left.into()),
        State::Live { started_at, limit_at, lease_until, idle_at } => {
            row.started_at = Set(Some(started_at));
            row.limit_at = Set(Some(limit_at));
            row.lease_until = Set(Some(lease_until));
            row.idle_at = Set(Some(idle_at));
        }
        State::Closed { why, at } => {
            row.ended_at = Set(Some(at));
            row.cause = Set(Some(name_of(why)));
        }
        State::Ended { at, cause, .. } => {
            row.ended_at = Set(Some(at));
            row.cause = Set(Some(name_of(cause)));
        }
        State::Asked { .. } | State::Waiting { .. } | State::Verified { .. } => {}
    }
}

/// The session that a row is about: its own, or the one whose mode it raises.
pub fn session_of(row: &Model) -> Uuid {
    row.raises.unwrap_or(row.id)
}

/// An entry about a request or session of this staff member and person.
pub fn entry(row: &Model, kind: &'static str, mut details: Value) -> Entry {
    if row.raises.is_some() {
        details["request"] = json!(row.id);
    }
    Entry {
        kind,
        staff: Some(row.staff_id),
        person: Some(row.person_id.clone()),
        session: Some(session_of(row)),
        details,
    }
}

/// What an event did.
pub struct Step {
    pub row: Model,
    pub result: Result<(), Refusal>,
}

/// Applies the event that `choose` answers for the row as it stands; again if somebody else was faster. All
/// that follows from the new state (record, events, what has to be erased) is derived here, for every way
/// into that state; `set` adds columns of the caller's own, if the event is accepted.
pub async fn step(
    core: &Core,
    id: Uuid,
    choose: impl Fn(&Model) -> ApiResult<Event>,
    set: impl Fn() -> ActiveModel,
) -> ApiResult<Step> {
    loop {
        let row = Entity::find_by_id(id)
            .one(&core.store.db)
            .await?
            .ok_or_else(|| ApiError::not_found("request"))?;
        let event = choose(&row)?;
        if leads_on(event) {
            switch::require_on(core).await?;
        }
        let before = state(&row);
        let now = core.store.now().await?;
        let outcome = before.apply(event, now, &limits_of(core, &row, now));
        if outcome.next == before && outcome.result.is_ok() {
            return Ok(Step { row, result: Ok(()) });
        }
        if event == Event::Raised && outcome.result.is_ok() {
            let raised = Entity::find_by_id(session_of(&row)).one(&core.store.db).await?;
            if !raised.is_some_and(|row| state(&row).settled(now).is_live() && row.mode == "view") {
                return Err(Refusal::NotLive.into());
            }
        }
        let set = if outcome.result.is_ok() { set() } else { ActiveModel::default() };
        let job = consequences(core, &row, before, event, &outcome, set).await?;
        match core.store.write(job).await {
            Ok(_) => {}
            Err(WriteError::Conflict) => continue,
            Err(WriteError::Exists(what)) if what.contains("live_person") => {
                let details = json!({ "what": "Started", "why": "somebody else is in this account" });
                let refused = entry(&row, "refused", details);
                core.store.write(Job { entries: vec![refused], ..Job::default() }).await?;
                return Err(person_busy(core, &row.person_id).await?);
            }
            Err(error) => return Err(error.into()),
        }
        let row = Entity::find_by_id(id)
            .one(&core.store.db)
            .await?
            .ok_or_else(|| ApiError::not_found("request"))?;
        return Ok(Step { row, result: outcome.result });
    }
}

/// The limits of a row: one that goes on with an older consent lasts no longer than that.
pub fn limits_of(core: &Core, row: &Model, now: Millis) -> Limits {
    let limits = core.config.limits();
    let Some(until) = row.consent_until else { return limits };
    Limits {
        session: Ord::min(limits.session, until - now),
        longest: Ord::min(limits.longest, until - row.started_at.unwrap_or(now)),
        ..limits
    }
}

/// Who is in the account, for whoever would be the second.
async fn person_busy(core: &Core, person: &str) -> ApiResult<ApiError> {
    let there = Entity::find().filter(Column::LivePerson.eq(person)).one(&core.store.db).await?;
    Ok(match there {
        Some(row) => ApiError::person_busy(&staff::reference(core, row.staff_id).await?.name),
        None => ApiError::person_busy("Somebody else"),
    })
}

/// Whether an event brings somebody into an account or keeps them there.
fn leads_on(event: Event) -> bool {
    matches!(
        event,
        Event::Agreed { .. }
            | Event::HandedOver(_)
            | Event::CodeEntered { .. }
            | Event::Started
            | Event::Raised
            | Event::Extended
            | Event::LeaseRenewed { .. }
    )
}

/// The write that carries a row from `before` to the outcome.
async fn consequences(
    core: &Core,
    row: &Model,
    before: State,
    event: Event,
    outcome: &Outcome,
    mut set: ActiveModel,
) -> ApiResult<Job> {
    let db = &core.store.db;
    let mut job = Job::default();
    let next = outcome.next;
    let told = |event| NewEvent { staff_id: row.staff_id, overseers: false, sign_in_id: None, event };
    let changed = |session_id, mode, extendable| {
        let event = Told::SessionChanged { session_id, mode, extendable };
        NewEvent { overseers: true, ..told(event) }
    };
    let approver = approver_of(event);
    if let Err(refusal) = outcome.result {
        let kind = if matches!(refusal, Refusal::WrongCode { .. }) { "code_wrong" } else { "refused" };
        let mut details = json!({ "what": named_event(event), "why": refusal.to_string() });
        if let Refusal::WrongCode { tries_left } = refusal {
            details["tries_left"] = tries_left.into();
        }
        let by = approver.map_or(row.staff_id, |by| Uuid::from_u128(by.id));
        job.entries.push(Entry { staff: Some(by), ..entry(row, kind, details) });
    }
    if next != before {
        set_state(&mut set, next);
        set.version = Set(row.version + 1);
        let over = !next.is_open();
        if over {
            set.open_staff = Set(None);
            set.open_raise = Set(None);
        }
        if !matches!(next, State::Waiting { .. } | State::CodeSent { .. }) {
            set.code_mac = Set(None);
            set.code_sealed = Set(None);
        }
        if outcome.result.is_ok() {
            if let Some(by) = approver {
                job.entries.push(answered(row, event, by, set.denial.try_as_ref().cloned().flatten()));
            }
            job.entries.extend(person_answered(row, event, set.answered.try_as_ref().cloned().flatten()));
        }
        let asked = match (matches!(before, State::Pending { .. }), matches!(next, State::Pending { .. })) {
            (true, _) => Some(Told::ApprovalChanged { request_id: row.id }),
            (false, true) => Some(Told::ApprovalAsked { request_id: row.id }),
            (false, false) => None,
        };
        job.events.extend(asked.map(|event| NewEvent { staff_id: ADMINS, ..told(event) }));
        match next {
            State::Asked { .. }
            | State::Pending { .. }
            | State::Waiting { .. }
            | State::CodeSent { .. }
            | State::Verified { .. } => {
                if matches!(event, Event::HandedOver(_) | Event::Agreed { approver: false }) {
                    job.effects.extend(delivery::to_requester(core, row.id, row.staff_id).await?);
                }
                if event == Event::Delivered {
                    set.delivered_at = Set(Some(core.store.now().await?));
                }
                if event == (Event::CodeEntered { right: true }) {
                    job.entries.push(entry(row, "code_verified", json!({})));
                }
                job.events.push(told(Told::RequestChanged { request_id: row.id }));
            }
            State::Closed { why: Closed::Raised, .. } => {
                let mut raised = ActiveModel {
                    mode: Set(row.mode.clone()),
                    raised_by: Set(Some(row.id)),
                    ..Default::default()
                };
                if exceptions::of(row).is_some() {
                    raised.exception_at = Set(Some(core.store.now().await?));
                }
                let raise = Entity::update_many()
                    .set(raised)
                    .col_expr(Column::Version, Expr::col(Column::Version).add(1))
                    .filter(Column::Id.eq(session_of(row)))
                    .filter(Column::State.eq("live"))
                    .filter(Column::Mode.eq("view"));
                job.guards.push(statement(&raise, db));
                let mut details = json!({ "mode": row.mode });
                if let Some(exception) = exceptions::of(row) {
                    details["leads_told"] = exceptions::tell(core, row, exception, &mut job).await?;
                } else if let Some(address) = &row.person_email {
                    let now = core.store.now().await?;
                    let told = letters::insert(core, Letter::Raised, session_of(row), address, now);
                    job.effects.push(told);
                }
                job.entries.push(entry(row, "mode_raised", details));
                job.events.push(told(Told::RequestChanged { request_id: row.id }));
                let session = Entity::find_by_id(session_of(row)).one(db).await?;
                let extendable = match session.map(|session| (state(&session), session)) {
                    Some((State::Live { started_at, limit_at, .. }, session)) => {
                        limit_at < started_at + limits_of(core, &session, started_at).longest
                    }
                    _ => false,
                };
                job.events.push(changed(session_of(row), Mode::Act, extendable));
            }
            State::Closed { why, .. } => {
                job.entries.push(entry(row, "request_closed", json!({ "why": name_of(why) })));
                if let (Closed::Denied, Some(by)) = (why, approver) {
                    let by = staff::reference(core, Uuid::from_u128(by.id)).await?;
                    let denied = Told::CodeDenied { request_id: row.id, person: person(row), by };
                    job.events.push(NewEvent { sign_in_id: Some(row.sign_in_id), ..told(denied) });
                }
                job.events.push(told(Told::RequestChanged { request_id: row.id }));
            }
            State::Live { started_at, limit_at, .. }
                if event == Event::Extended && outcome.result.is_ok() =>
            {
                set.extended_at = Set(Some(core.store.now().await?));
                job.entries.push(entry(row, "session_extended", json!({ "limit_at": limit_at })));
                let mode = named(&row.mode).unwrap_or(Mode::View);
                let longest = limits_of(core, row, started_at).longest;
                job.events.push(changed(row.id, mode, limit_at < started_at + longest));
            }
            State::Live { .. } if before.is_live() => {}
            State::Live { limit_at, .. } => {
                set.live_person = Set(Some(row.person_id.clone()));
                let mut details = json!({ "limit_at": limit_at, "mode": row.mode });
                let now = core.store.now().await?;
                if let Some(exception) = exceptions::of(row) {
                    set.exception_at = Set(Some(now));
                    details["leads_told"] = exceptions::tell(core, row, exception, &mut job).await?;
                } else if let Some(address) = &row.person_email {
                    job.effects.push(letters::insert(core, Letter::Started, row.id, address, now));
                }
                job.entries.push(entry(row, "session_started", details));
                let staff = staff::reference(core, row.staff_id).await?;
                let started = Told::SessionStarted { session_id: row.id, staff, person: person(row) };
                job.events.push(NewEvent { overseers: true, ..told(started) });
                job.events.push(told(Told::RequestChanged { request_id: row.id }));
            }
            State::Ended { cause, at, .. } => {
                set.live_person = Set(None);
                set.token_mac = Set(None);
                set.handoff_mac = Set(None);
                let mut details = json!({ "cause": name_of(cause), "ended_at": at });
                let delay = Millis::from(core.config.account.delay_minutes) * MINUTE;
                if delay > 0 {
                    details["account_delayed_ms"] = delay.into();
                }
                if let Some(address) = &row.person_email {
                    let due = core.store.now().await? + delay;
                    job.effects.push(letters::insert(core, Letter::Account, row.id, address, due));
                }
                job.entries.push(entry(row, "session_ended", details));
                let ended = Told::SessionEnded { session_id: row.id, cause: told_cause(cause) };
                job.events.push(NewEvent { overseers: true, ..told(ended) });
                job.effects.extend([
                    statement(
                        &gateway_cookie::Entity::delete_many()
                            .filter(gateway_cookie::Column::SessionId.eq(row.id)),
                        db,
                    ),
                    statement(
                        &jar_cookie::Entity::delete_many().filter(jar_cookie::Column::SessionId.eq(row.id)),
                        db,
                    ),
                ]);
            }
        }
        set.id = NotSet;
        let mut guard = Entity::update_many()
            .set(set)
            .filter(Column::Id.eq(row.id))
            .filter(Column::Version.eq(row.version));
        if leads_on(event) && outcome.result.is_ok() {
            guard = guard.filter(switch::still_on());
        }
        job.guards.push(statement(&guard, db));
    }
    Ok(job)
}

/// Who answers a pending request by this event.
fn approver_of(event: Event) -> Option<Approver> {
    match event {
        Event::Taken(by) | Event::HandedOver(by) | Event::Denied(by) => Some(by),
        _ => None,
    }
}

/// As the record names an event that was refused.
fn named_event(event: Event) -> String {
    match event {
        Event::Taken(_) => "Taken".to_owned(),
        Event::HandedOver(_) => "HandedOver".to_owned(),
        Event::Denied(_) => "Denied".to_owned(),
        event => format!("{event:?}"),
    }
}

/// What an approver did, for the record; `for` is the one who asked.
fn answered(row: &Model, event: Event, by: Approver, reason: Option<String>) -> Entry {
    let kind = match event {
        Event::Taken(_) => "approval_taken",
        Event::HandedOver(_) => "code_handed_over",
        _ => "approval_denied",
    };
    let mut details = json!({ "for": row.staff_id });
    if let Some(reason) = reason {
        details["reason"] = reason.into();
    }
    Entry { staff: Some(Uuid::from_u128(by.id)), ..entry(row, kind, details) }
}

/// What the person said, for the record, with the `text` that they read.
fn person_answered(row: &Model, event: Event, text: Option<String>) -> Option<Entry> {
    let kind = match event {
        Event::Agreed { .. } | Event::CodeEntered { .. } => "consent_given",
        Event::Declined => "consent_declined",
        _ => return None,
    };
    let evidence = if matches!(event, Event::CodeEntered { .. }) { "code" } else { "page" };
    text.map(|text| entry(row, kind, json!({ "scope": row.mode, "evidence": evidence, "text": text })))
}

/// A cause as the protocol names it.
fn told_cause(cause: EndCause) -> understudy_protocol::EndCause {
    use understudy_protocol::EndCause as Told;
    match cause {
        EndCause::Exit => Told::Exit,
        EndCause::Limit => Told::Limit,
        EndCause::Idle => Told::Idle,
        EndCause::ClientLost => Told::ClientLost,
        EndCause::ConsentWithdrawn => Told::ConsentWithdrawn,
        EndCause::StoppedByStaff => Told::StoppedByStaff,
        EndCause::StaffDisabled => Told::StaffDisabled,
        EndCause::SwitchedOff => Told::SwitchedOff,
    }
}

/// Whether a session may go on, as its staff member and its person stand now.
pub async fn may_go_on(core: &Core, row: &Model) -> Result<bool, sea_orm::DbErr> {
    Ok(staff::may_go_on(&core.store, row.staff_id, row.sign_in_id).await?
        && eligibility::refusal(core, &row.person_id, &row.person_kind).await?.is_none())
}

/// For a guard: changes nothing, where the session lives.
pub fn still_live(session: Uuid) -> UpdateMany<Entity> {
    Entity::update_many()
        .col_expr(Column::State, Expr::col(Column::State))
        .filter(Column::Id.eq(session))
        .filter(Column::State.eq("live"))
        .filter(switch::still_on())
}

/// Writes only while the session lives: in the same transaction, so that nothing comes after its end. Guards of the
/// job that no longer hold are a consent that is gone.
pub async fn write_while_live(core: &Core, session: Uuid, mut job: Job) -> ApiResult<u64> {
    job.guards.push(statement(&still_live(session), &core.store.db));
    match core.store.write(job).await {
        Err(WriteError::Conflict) => {
            let row = Entity::find_by_id(session).one(&core.store.db).await?;
            let lives = row.is_some_and(|row| row.state == "live") && switch::is_on(core).await;
            Err(if lives {
                let why = "This was answered or used already. Nothing was changed.";
                ApiError::new(ErrorCode::ConsentUnavailable, why)
            } else {
                ApiError::new(ErrorCode::SessionEnded, "The session has ended.")
            })
        }
        written => Ok(written?),
    }
}

/// Ends a session for a cause; nothing happens where it has ended already.
pub async fn end(core: &Core, id: Uuid, cause: EndCause) -> ApiResult<Step> {
    step(core, id, |_| Ok(Event::Ended(cause)), Default::default).await
}

pub fn person(row: &Model) -> PersonRef {
    PersonRef { id: row.person_id.clone(), kind: row.person_kind.clone(), name: row.person_name.clone() }
}

/// A staff member who is no longer there has an ID all the same.
pub fn unknown_staff(id: Uuid) -> StaffRef {
    StaffRef { id, name: "unknown".to_owned() }
}
