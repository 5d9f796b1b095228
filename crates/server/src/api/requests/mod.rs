//! Requests and their codes.

pub mod cancel;
pub mod create;
pub mod list;
pub mod raise;
pub mod read;
pub mod resume;
pub mod start;
pub mod verify;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use understudy_protocol::{Approval, Delivery, Recipient, Request, RequestState};
use understudy_rules::impersonation::{Closed, State};

use crate::{
    Core,
    auth::Caller,
    clock::time,
    error::{ApiError, ApiResult},
    impersonations::{consent, named, person, state},
    staff,
    store::entities::{delivery, impersonation},
};

/// Whether this caller may go on with a request: the staff member and the sign-in that asked.
fn is_theirs(caller: &Caller, row: &impersonation::Model) -> ApiResult<()> {
    if row.staff_id != caller.staff.id {
        return Err(ApiError::not_found("request"));
    }
    if row.sign_in_id != caller.sign_in_id {
        return Err(ApiError::new(
            understudy_protocol::ErrorCode::OtherSignIn,
            "This code was asked for in another sign-in of yours and works only there. Request a new code here.",
        ));
    }
    Ok(())
}

/// What a request is that came to nothing for this reason.
fn closed(why: Closed) -> RequestState {
    match why {
        Closed::Expired => RequestState::Expired,
        Closed::Replaced => RequestState::Replaced,
        Closed::TooManyTries => RequestState::TooManyTries,
        Closed::Cancelled => RequestState::Cancelled,
        Closed::Undeliverable => RequestState::Undeliverable,
        Closed::SwitchedOff => RequestState::SwitchedOff,
        Closed::Denied => RequestState::Denied,
        Closed::Unanswered => RequestState::Unanswered,
        Closed::ConsentDeclined => RequestState::ConsentDeclined,
        Closed::ConsentUnanswered => RequestState::ConsentUnanswered,
        Closed::Raised => RequestState::Raised,
    }
}

/// A row as its owner sees it.
pub async fn shown(core: &Core, row: &impersonation::Model) -> ApiResult<Request> {
    let now = core.store.now().await?;
    let limits = core.config.limits();
    let (state, due, after) = match state(row).settled(now) {
        State::Asked { until } => (RequestState::Asked, Some(until), Some(limits.answer)),
        State::Pending { give_up_at, .. } => (RequestState::Pending, Some(give_up_at), Some(limits.pending)),
        State::Waiting { .. } => (RequestState::Waiting, None, None),
        State::CodeSent { expires_at, .. } => (RequestState::CodeSent, Some(expires_at), Some(limits.code)),
        State::Verified { start_by } => (RequestState::Verified, Some(start_by), Some(limits.start)),
        State::Live { .. } | State::Ended { .. } => (RequestState::Started, None, None),
        State::Closed { why, .. } => (closed(why), None, None),
    };
    let deliveries = delivery::Entity::find()
        .filter(delivery::Column::RequestId.eq(row.id))
        .order_by_asc(delivery::Column::Id)
        .all(&core.store.db)
        .await?;
    let recipient = row.recipient.as_deref().and_then(named).unwrap_or_default();
    let unreadable = || ApiError::internal(&format!("request {} cannot be read", row.id));
    Ok(Request {
        id: row.id,
        raises: row.raises,
        person: person(row),
        reason: row.reason.clone(),
        ticket: row.ticket.clone(),
        mode: named(&row.mode).ok_or_else(unreadable)?,
        consent: consent(row)?,
        state,
        created_at: time(row.created_at),
        expires_at: due.map(time),
        expires_in_ms: due.map(|due| (due - now).max(0).unsigned_abs()),
        expires_after_ms: after.map(i64::unsigned_abs),
        tries_left: u8::try_from(row.tries_left).unwrap_or(0),
        deliveries: deliveries
            .into_iter()
            .filter_map(|row| {
                Some(Delivery {
                    channel: named(&row.channel)?,
                    to: row.address,
                    state: named(&row.state)?,
                    tries: row.tries.unsigned_abs(),
                })
            })
            .collect(),
        session_minutes: core.config.session.minutes,
        recipient,
        approval: if recipient == Recipient::Approver { Some(approval(core, row).await?) } else { None },
    })
}

async fn approval(core: &Core, row: &impersonation::Model) -> ApiResult<Approval> {
    let by = staff::approver(core, row).await?;
    let on_duty = staff::admins_on_duty(core, row.staff_id).await?;
    Ok(Approval { by, reason: row.denial.clone(), on_duty })
}
