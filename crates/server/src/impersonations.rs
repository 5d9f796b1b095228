//! Impersonations at rest: the state machine of the rules over rows, by compare-and-set.

mod consequences;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, UpdateMany, sea_query::Expr,
};
use serde_json::{Value, json};
use understudy_protocol::{Consent, ErrorCode, PersonRef, StaffRef};
use understudy_rules::{
    Millis,
    impersonation::{Closed, EndCause, Event, Limits, Refusal, State, Taken},
};
use uuid::Uuid;

use self::consequences::Consequences;
use crate::{
    Core, eligibility,
    error::{ApiError, ApiResult},
    staff,
    store::{
        Entry, Job, WriteError,
        entities::impersonation::{ActiveModel, Column, Entity, Model},
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

/// Applies the event that `choose` answers for the row as it stands; again if somebody else was faster. `set` adds
/// columns of the caller's own, if the event is accepted.
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
        let job = Consequences { core, row: &row, event, now, set }.of(before, &outcome).await?;
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
