//! Sessions: seen, kept alive, ended, written up.

pub mod ask;
pub mod end;
pub mod extend;
pub mod handoff;
pub mod lease;
pub mod lift;
pub mod list;
pub mod note;
pub mod read;
pub mod review;

use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use understudy_protocol::{Lease, Note, Raised, Review, Session};
use understudy_rules::impersonation::State;

use crate::{
    Core,
    auth::Caller,
    clock::time,
    error::{ApiError, ApiResult},
    exceptions,
    impersonations::{consent, limits_of, name_of, named, person, state},
    keys::Secret,
    staff,
    store::entities::{impersonation, ledger_entry, note as notes, review as reviews},
};
use uuid::Uuid;

/// The entries that are actions, for counting and listing.
pub const ACTION_KINDS: [&str; 2] = ["action", "action_refused"];

/// A request or session of the caller's own.
pub async fn owned(core: &Core, caller: &Caller, id: Uuid) -> ApiResult<impersonation::Model> {
    let row = impersonation::Entity::find_by_id(id).one(&core.store.db).await?;
    row.filter(|row| row.staff_id == caller.staff.id).ok_or_else(|| ApiError::not_found("session"))
}

/// A session that the caller may see: their own; for leads and admins every one.
pub async fn visible(core: &Core, caller: &Caller, id: Uuid) -> ApiResult<impersonation::Model> {
    let row = impersonation::Entity::find_by_id(id).one(&core.store.db).await?;
    row.filter(|row| row.started_at.is_some() && (caller.oversees() || row.staff_id == caller.staff.id))
        .ok_or_else(|| ApiError::not_found("session"))
}

/// Whether the caller holds the impersonation token of this session, with the sign-in it lies over.
pub fn holds_token(core: &Core, caller: &Caller, row: &impersonation::Model, token: &str) -> ApiResult<()> {
    let right = row.sign_in_id == caller.sign_in_id
        && row
            .token_mac
            .as_deref()
            .is_some_and(|mac| core.keys.matches(Secret::Impersonation, token.as_bytes(), mac));
    match state(row) {
        State::Ended { cause, .. } => Err(understudy_rules::impersonation::Refusal::Ended(cause).into()),
        _ if right => Ok(()),
        _ => Err(ApiError::new(
            understudy_protocol::ErrorCode::Forbidden,
            "This app does not hold the session.",
        )),
    }
}

pub async fn lease(core: &Core, row: &impersonation::Model) -> ApiResult<Lease> {
    let now = core.store.now().await?;
    let left = |at: Option<i64>| (at.unwrap_or(now) - now).max(0).unsigned_abs();
    let ends_in_ms = left(row.lease_until);
    Ok(Lease {
        ends_in_ms,
        renew_in_ms: ends_in_ms / 3,
        limit_in_ms: left(row.limit_at),
        idle_after_ms: core.config.limits().idle.unsigned_abs(),
    })
}

/// A row as a session.
pub async fn shown(core: &Core, row: &impersonation::Model) -> ApiResult<Session> {
    let db = &core.store.db;
    let now = core.store.now().await?;
    let unreadable = || ApiError::internal(&format!("session {} cannot be read", row.id));
    let (started_at, limit_at, ended) = match state(row).settled(now) {
        State::Live { started_at, limit_at, .. } => (started_at, limit_at, None),
        State::Ended { started_at, limit_at, at, cause } => (started_at, limit_at, Some((at, cause))),
        _ => return Err(ApiError::not_found("session")),
    };
    let actions = async |kinds: &[&str]| {
        let done = ledger_entry::Entity::find()
            .filter(ledger_entry::Column::SessionId.eq(row.id))
            .filter(ledger_entry::Column::Kind.is_in(kinds.iter().copied()));
        done.count(db).await.map(|count| u32::try_from(count).unwrap_or(u32::MAX))
    };
    let note = match notes::Entity::find_by_id(row.id).one(db).await? {
        None => None,
        Some(note) => Some(Note {
            written_by: staff::reference(core, note.staff_id).await?,
            what: note.what,
            why: note.why,
            solved: note.solved,
            written_at: time(note.written_at),
        }),
    };
    let review = match reviews::Entity::find_by_id(row.id).one(db).await? {
        None => None,
        Some(review) => Some(Review {
            verdict: named(&review.verdict).ok_or_else(unreadable)?,
            text: review.text,
            by: staff::reference(core, review.staff_id).await?,
            at: time(review.written_at),
        }),
    };
    let to_review = ended.filter(|_| row.exception_at.is_some() && review.is_none());
    Ok(Session {
        id: row.id,
        staff: staff::reference(core, row.staff_id).await?,
        person: person(row),
        mode: named(&row.mode).ok_or_else(unreadable)?,
        reason: row.reason.clone(),
        ticket: row.ticket.clone(),
        consent: consent(row)?,
        approved_by: staff::approver(core, row).await?,
        raised: raised(core, row).await?,
        resumed_by: resumed_by(core, row).await?,
        extended_at: row.extended_at.map(time),
        extendable: ended.is_none() && limit_at < started_at + limits_of(core, row, now).longest,
        started_at: time(started_at),
        limit_at: time(limit_at),
        limit_in_ms: (limit_at - now).max(0).unsigned_abs(),
        ended_at: ended.map(|(at, _)| time(at)),
        end_cause: ended.and_then(|(_, cause)| named(&name_of(cause))),
        actions: actions(&ACTION_KINDS).await?,
        refused: actions(&["action_refused"]).await?,
        note,
        note_lifted: row.note_lifted_at.is_some(),
        review,
        review_by: to_review.map(|(at, _)| time(at + exceptions::grace(core))),
    })
}

async fn raised(core: &Core, row: &impersonation::Model) -> ApiResult<Option<Raised>> {
    let Some(id) = row.raised_by else { return Ok(None) };
    let unreadable = || ApiError::internal(&format!("request {id} cannot be read"));
    let request = impersonation::Entity::find_by_id(id).one(&core.store.db).await?.ok_or_else(unreadable)?;
    Ok(Some(Raised {
        at: time(request.ended_at.ok_or_else(unreadable)?),
        reason: request.reason.clone(),
        consent: consent(&request)?,
        approved_by: staff::approver(core, &request).await?,
    }))
}

async fn resumed_by(core: &Core, row: &impersonation::Model) -> ApiResult<Option<Uuid>> {
    use impersonation::{Column, Entity};
    let next = Entity::find().filter(Column::Resumes.eq(row.id)).filter(Column::StartedAt.is_not_null());
    Ok(next.one(&core.store.db).await?.map(|next| next.id))
}
