//! "Go on": after an app was lost, a new code for the same person, reason and consent.

use axum::{Json as Answer, extract::State, http::StatusCode};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use understudy_protocol::{Consent, ErrorCode, Mode, Request};
use understudy_rules::impersonation::{Closed, EndCause, State as Machine};
use uuid::Uuid;

use super::create::{Asked, person_of, place};
use crate::{
    Shared,
    api::{extract::Path, sessions::owned},
    auth::Impersonator,
    error::{ApiError, ApiResult},
    impersonations::{consent, named, state},
    store::entities::impersonation::{Column, Entity},
};

/// Makes the request, as long as the lost session would have lasted. What was asked of the person while it ran has
/// ended with it: one that was raised goes on as it began.
#[utoipa::path(post, path = "/api/sessions/{id}/resume", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 201, body = Request)))]
pub async fn resume(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
) -> ApiResult<(StatusCode, Answer<Request>)> {
    let lost = owned(&core, &caller, id).await?;
    let over = |why| ApiError::new(ErrorCode::ConsentUnavailable, why);
    let now = core.store.now().await?;
    let Machine::Ended { started_at, limit_at, cause: EndCause::ClientLost, .. } = state(&lost).settled(now)
    else {
        return Err(over("Only a session that was lost with its app goes on. Request a new code."));
    };
    if now >= limit_at {
        return Err(over("The time of that session is over, and its consent with it. Request a new code."));
    }
    for later in Entity::find().filter(Column::Resumes.eq(id)).all(&core.store.db).await? {
        if later.started_at.is_some() {
            return Err(over("That session went on already. Request a new code."));
        }
        // Whoever has said no to it once is not asked by doing it again.
        if matches!(state(&later), Machine::Closed { why: Closed::ConsentDeclined, .. }) {
            return Err(over("The person has taken their consent back. Request a new code."));
        }
    }
    let consent = consent(&lost)?;
    if matches!(consent, Consent::Exception(_)) {
        return Err(over("An exceptional case is decided each time. Request a new code."));
    }
    let mode = if lost.raised_by.is_some() { None } else { named(&lost.mode) };
    let asked = Asked {
        person: person_of(&core, &lost).await?,
        mode: mode.unwrap_or(Mode::View),
        reason: lost.reason,
        ticket: lost.ticket,
        consent,
        raises: None,
        resumes: Some((id, lost.consent_until.unwrap_or(started_at + core.config.limits().longest))),
    };
    place(&core, &caller, asked).await
}
