//! "Take it".

use axum::{Json, extract::State};
use understudy_protocol::PendingRequest;
use understudy_rules::impersonation::Event;
use uuid::Uuid;

use super::{answer, shown};
use crate::{
    Shared,
    api::extract::Path,
    auth::Admin,
    error::{ApiError, ApiResult},
};

/// Takes a request: the first who does has it, for ten minutes.
#[utoipa::path(post, path = "/api/approvals/{id}/take", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = PendingRequest)))]
pub async fn take(
    State(core): State<Shared>,
    Admin(caller): Admin,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<PendingRequest>> {
    let row = answer(&core, &caller, id, Event::Taken, Default::default).await?;
    shown(&core, &row).await?.map(Json).ok_or_else(ApiError::request_answered)
}
