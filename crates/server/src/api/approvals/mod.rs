//! Requests whose codes another administrator hands over.

pub mod deny;
pub mod hand_over;
pub mod list;
pub mod take;

use sea_orm::EntityTrait as _;
use understudy_protocol::PendingRequest;
use understudy_rules::impersonation::{Approver, Event, Refusal, State};
use uuid::Uuid;

use crate::{
    Core,
    auth::Caller,
    clock::time,
    error::{ApiError, ApiResult},
    impersonations::{consent, named, person, state, step},
    staff,
    store::entities::impersonation::{ActiveModel, Entity, Model},
};

/// Applies what the caller does with a request of somebody else's; `set` adds columns of the row.
async fn answer(
    core: &Core,
    caller: &Caller,
    id: Uuid,
    event: impl Fn(Approver) -> Event,
    set: impl Fn() -> ActiveModel,
) -> ApiResult<Model> {
    let row = asked(core, id).await?;
    let is_requester = staff::is_same(core, caller.staff.id, row.staff_id).await?;
    let event = event(Approver { id: caller.staff.id.as_u128(), is_requester });
    let done = step(core, id, |_| Ok(event), set).await?;
    match done.result {
        Ok(()) => Ok(done.row),
        Err(Refusal::TakenBy(by)) => {
            Err(ApiError::request_taken(&staff::reference(core, Uuid::from_u128(by)).await?.name))
        }
        // Why it is over is told to the one who asked.
        Err(Refusal::Closed(_) | Refusal::Ended(_)) => Err(ApiError::request_answered()),
        Err(refusal) => Err(refusal.into()),
    }
}

/// A request that administrators were asked about.
async fn asked(core: &Core, id: Uuid) -> ApiResult<Model> {
    let row = Entity::find_by_id(id).one(&core.store.db).await?;
    row.filter(|row| row.recipient.as_deref() == Some("approver"))
        .ok_or_else(|| ApiError::not_found("request"))
}

/// A row as the administrators see it, as long as it waits for one of them.
async fn shown(core: &Core, row: &Model) -> ApiResult<Option<PendingRequest>> {
    let now = core.store.now().await?;
    let State::Pending { give_up_at, taken } = state(row).settled(now) else { return Ok(None) };
    let unreadable = || ApiError::internal(&format!("request {} cannot be read", row.id));
    Ok(Some(PendingRequest {
        request_id: row.id,
        raises: row.raises.is_some(),
        staff: staff::reference(core, row.staff_id).await?,
        person: person(row),
        reason: row.reason.clone(),
        ticket: row.ticket.clone(),
        mode: named(&row.mode).ok_or_else(unreadable)?,
        consent: consent(row)?,
        session_minutes: core.config.session.minutes,
        longest_minutes: core.config.session.longest(),
        asked_at: time(row.created_at),
        expires_in_ms: (give_up_at - now).max(0).unsigned_abs(),
        taken_by: match taken {
            Some(taken) => Some(staff::reference(core, Uuid::from_u128(taken.by)).await?),
            None => None,
        },
        held_for_ms: taken.map_or(0, |taken| (taken.until - now).max(0).unsigned_abs()),
    }))
}
