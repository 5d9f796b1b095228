//! What follows from an event: columns, record, events, mails and what has to be erased. One write, for every way
//! into a state.

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    sea_query::Expr,
};
use serde_json::{Value, json};
use understudy_protocol::{Event as Told, Mode};
use understudy_rules::{
    MINUTE, Millis,
    impersonation::{Approver, Closed, EndCause, Event, Outcome, Refusal, State},
};
use uuid::Uuid;

use super::{entry, leads_on, limits_of, name_of, named, person, session_of, set_state, state};
use crate::{
    Core, delivery,
    error::ApiResult,
    exceptions,
    letters::{self, Letter},
    staff,
    store::{
        ADMINS, Entry, Job, NewEvent,
        entities::{
            gateway_cookie,
            impersonation::{ActiveModel, Column, Entity, Model},
            jar_cookie,
        },
        statement,
    },
    switch,
};

/// An event that happened to a row, and the write that grows from it.
pub(super) struct Consequences<'a> {
    pub core: &'a Core,
    pub row: &'a Model,
    pub event: Event,
    pub now: Millis,
    /// Columns to set with the state.
    pub set: ActiveModel,
}

impl Consequences<'_> {
    /// The write that carries the row from `before` to the outcome.
    pub async fn of(mut self, before: State, outcome: &Outcome) -> ApiResult<Job> {
        let mut job = Job::default();
        if let Err(refusal) = outcome.result {
            job.entries.push(self.refused(refusal));
        }
        if outcome.next != before {
            self.erase(outcome.next);
            if outcome.result.is_ok() {
                job.entries.extend(self.approver_answered());
                job.entries.extend(self.person_answered());
            }
            job.events.extend(self.approval(before, outcome.next));
            match outcome.next {
                State::Closed { why: Closed::Raised, .. } => self.raised(&mut job).await?,
                State::Closed { why, .. } => self.closed(why, &mut job).await?,
                State::Live { started_at, limit_at, .. }
                    if self.event == Event::Extended && outcome.result.is_ok() =>
                {
                    self.extended(started_at, limit_at, &mut job);
                }
                State::Live { .. } if before.is_live() => {}
                State::Live { limit_at, .. } => self.started(limit_at, &mut job).await?,
                State::Ended { cause, at, .. } => self.ended(cause, at, &mut job),
                State::Asked { .. }
                | State::Pending { .. }
                | State::Waiting { .. }
                | State::CodeSent { .. }
                | State::Verified { .. } => self.led_on(&mut job).await?,
            }
            set_state(&mut self.set, outcome.next);
            self.set.id = NotSet;
            self.set.version = Set(self.row.version + 1);
            let mut guard = Entity::update_many()
                .set(self.set)
                .filter(Column::Id.eq(self.row.id))
                .filter(Column::Version.eq(self.row.version));
            if leads_on(self.event) && outcome.result.is_ok() {
                guard = guard.filter(switch::still_on());
            }
            job.guards.push(statement(&guard, &self.core.store.db));
        }
        Ok(job)
    }

    /// To the staff member of the row.
    fn told(&self, event: Told) -> NewEvent {
        NewEvent { staff_id: self.row.staff_id, overseers: false, sign_in_id: None, event }
    }

    fn request_changed(&self) -> NewEvent {
        self.told(Told::RequestChanged { request_id: self.row.id })
    }

    /// Also to whoever looks after others' sessions.
    fn session_changed(&self, session_id: Uuid, mode: Mode, extendable: bool) -> NewEvent {
        NewEvent { overseers: true, ..self.told(Told::SessionChanged { session_id, mode, extendable }) }
    }

    fn entry(&self, kind: &'static str, details: Value) -> Entry {
        entry(self.row, kind, details)
    }

    /// A letter to the person, where they have an address.
    fn write(&self, letter: Letter, due: Millis, job: &mut Job) {
        if let Some(address) = &self.row.person_email {
            job.effects.push(letters::insert(self.core, letter, session_of(self.row), address, due));
        }
    }

    fn approver(&self) -> Option<Approver> {
        match self.event {
            Event::Taken(by) | Event::HandedOver(by) | Event::Denied(by) => Some(by),
            _ => None,
        }
    }

    fn refused(&self, refusal: Refusal) -> Entry {
        let what = match self.event {
            Event::Taken(_) => "Taken".to_owned(),
            Event::HandedOver(_) => "HandedOver".to_owned(),
            Event::Denied(_) => "Denied".to_owned(),
            event => format!("{event:?}"),
        };
        let mut details = json!({ "what": what, "why": refusal.to_string() });
        let kind = if let Refusal::WrongCode { tries_left } = refusal {
            details["tries_left"] = tries_left.into();
            "code_wrong"
        } else {
            "refused"
        };
        let by = self.approver().map_or(self.row.staff_id, |by| Uuid::from_u128(by.id));
        Entry { staff: Some(by), ..self.entry(kind, details) }
    }

    /// What the next state has no use for.
    fn erase(&mut self, next: State) {
        if !next.is_open() {
            self.set.open_staff = Set(None);
            self.set.open_raise = Set(None);
        }
        if !matches!(next, State::Waiting { .. } | State::CodeSent { .. }) {
            self.set.code_mac = Set(None);
            self.set.code_sealed = Set(None);
        }
    }

    /// What an approver did; `for` is the one who asked.
    fn approver_answered(&self) -> Option<Entry> {
        let by = self.approver()?;
        let kind = match self.event {
            Event::Taken(_) => "approval_taken",
            Event::HandedOver(_) => "code_handed_over",
            _ => "approval_denied",
        };
        let mut details = json!({ "for": self.row.staff_id });
        if let Some(reason) = self.set.denial.try_as_ref().cloned().flatten() {
            details["reason"] = reason.into();
        }
        Some(Entry { staff: Some(Uuid::from_u128(by.id)), ..self.entry(kind, details) })
    }

    /// What the person said, with the text that they read.
    fn person_answered(&self) -> Option<Entry> {
        let (kind, evidence) = match self.event {
            Event::Agreed { .. } => ("consent_given", "page"),
            Event::CodeEntered { .. } => ("consent_given", "code"),
            Event::Declined => ("consent_declined", "page"),
            _ => return None,
        };
        let text = self.set.answered.try_as_ref().cloned().flatten()?;
        Some(self.entry(kind, json!({ "scope": self.row.mode, "evidence": evidence, "text": text })))
    }

    /// What administrators hear of a request that waits for one of them.
    fn approval(&self, before: State, next: State) -> Option<NewEvent> {
        let request_id = self.row.id;
        let pending = |state| matches!(state, State::Pending { .. });
        let event = match (pending(before), pending(next)) {
            (true, _) => Told::ApprovalChanged { request_id },
            (false, true) => Told::ApprovalAsked { request_id },
            (false, false) => return None,
        };
        Some(NewEvent { staff_id: ADMINS, ..self.told(event) })
    }

    /// A request is on its way.
    async fn led_on(&mut self, job: &mut Job) -> ApiResult<()> {
        match self.event {
            Event::HandedOver(_) | Event::Agreed { approver: false } => {
                let codes = delivery::to_requester(self.core, self.row.id, self.row.staff_id).await?;
                job.effects.extend(codes);
            }
            Event::Delivered => self.set.delivered_at = Set(Some(self.now)),
            Event::CodeEntered { right: true } => job.entries.push(self.entry("code_verified", json!({}))),
            _ => {}
        }
        job.events.push(self.request_changed());
        Ok(())
    }

    async fn closed(&self, why: Closed, job: &mut Job) -> ApiResult<()> {
        job.entries.push(self.entry("request_closed", json!({ "why": name_of(why) })));
        if let (Closed::Denied, Some(by)) = (why, self.approver()) {
            let by = staff::reference(self.core, Uuid::from_u128(by.id)).await?;
            let denied = Told::CodeDenied { request_id: self.row.id, person: person(self.row), by };
            job.events.push(NewEvent { sign_in_id: Some(self.row.sign_in_id), ..self.told(denied) });
        }
        job.events.push(self.request_changed());
        Ok(())
    }

    /// The session of this request may change things from now on.
    async fn raised(&self, job: &mut Job) -> ApiResult<()> {
        let (core, row) = (self.core, self.row);
        let mut raised =
            ActiveModel { mode: Set(row.mode.clone()), raised_by: Set(Some(row.id)), ..Default::default() };
        let mut details = json!({ "mode": row.mode });
        if let Some(exception) = exceptions::of(row) {
            raised.exception_at = Set(Some(self.now));
            details["leads_told"] = exceptions::tell(core, row, exception, job).await?;
        } else {
            self.write(Letter::Raised, self.now, job);
        }
        let raise = Entity::update_many()
            .set(raised)
            .col_expr(Column::Version, Expr::col(Column::Version).add(1))
            .filter(Column::Id.eq(session_of(row)))
            .filter(Column::State.eq("live"))
            .filter(Column::Mode.eq("view"));
        job.guards.push(statement(&raise, &core.store.db));
        job.entries.push(self.entry("mode_raised", details));
        job.events.push(self.request_changed());
        let session = Entity::find_by_id(session_of(row)).one(&core.store.db).await?;
        let extendable = match session.map(|session| (state(&session), session)) {
            Some((State::Live { started_at, limit_at, .. }, session)) => {
                limit_at < started_at + limits_of(core, &session, started_at).longest
            }
            _ => false,
        };
        job.events.push(self.session_changed(session_of(row), Mode::Act, extendable));
        Ok(())
    }

    async fn started(&mut self, limit_at: Millis, job: &mut Job) -> ApiResult<()> {
        let row = self.row;
        self.set.live_person = Set(Some(row.person_id.clone()));
        let mut details = json!({ "limit_at": limit_at, "mode": row.mode });
        if let Some(exception) = exceptions::of(row) {
            self.set.exception_at = Set(Some(self.now));
            details["leads_told"] = exceptions::tell(self.core, row, exception, job).await?;
        } else {
            self.write(Letter::Started, self.now, job);
        }
        job.entries.push(self.entry("session_started", details));
        let staff = staff::reference(self.core, row.staff_id).await?;
        let started = Told::SessionStarted { session_id: row.id, staff, person: person(row) };
        job.events.push(NewEvent { overseers: true, ..self.told(started) });
        job.events.push(self.request_changed());
        Ok(())
    }

    fn extended(&mut self, started_at: Millis, limit_at: Millis, job: &mut Job) {
        self.set.extended_at = Set(Some(self.now));
        job.entries.push(self.entry("session_extended", json!({ "limit_at": limit_at })));
        let mode = named(&self.row.mode).unwrap_or(Mode::View);
        let longest = limits_of(self.core, self.row, started_at).longest;
        job.events.push(self.session_changed(self.row.id, mode, limit_at < started_at + longest));
    }

    fn ended(&mut self, cause: EndCause, at: Millis, job: &mut Job) {
        let (row, db) = (self.row, &self.core.store.db);
        self.set.live_person = Set(None);
        self.set.token_mac = Set(None);
        self.set.handoff_mac = Set(None);
        let mut details = json!({ "cause": name_of(cause), "ended_at": at });
        let delay = Millis::from(self.core.config.account.delay_minutes) * MINUTE;
        if delay > 0 {
            details["account_delayed_ms"] = delay.into();
        }
        self.write(Letter::Account, self.now + delay, job);
        job.entries.push(self.entry("session_ended", details));
        let ended = Told::SessionEnded { session_id: row.id, cause: told_cause(cause) };
        job.events.push(NewEvent { overseers: true, ..self.told(ended) });
        let entered =
            gateway_cookie::Entity::delete_many().filter(gateway_cookie::Column::SessionId.eq(row.id));
        let jar = jar_cookie::Entity::delete_many().filter(jar_cookie::Column::SessionId.eq(row.id));
        job.effects.extend([statement(&entered, db), statement(&jar, db)]);
    }
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
