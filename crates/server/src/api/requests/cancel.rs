//! Giving up a request.

use axum::{Json, extract::State};
use understudy_protocol::Request;
use understudy_rules::impersonation::Event;
use uuid::Uuid;

use super::{is_theirs, shown};
use crate::{Shared, api::extract::Path, auth::Impersonator, error::ApiResult, impersonations::step};

/// Cancels the caller's request; its code no longer works.
#[utoipa::path(post, path = "/api/requests/{id}/cancel", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Request)))]
pub async fn cancel(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<Request>> {
    let choose = |row: &_| is_theirs(&caller, row).map(|()| Event::Cancelled);
    let done = step(&core, id, choose, Default::default).await?;
    done.result?;
    Ok(Json(shown(&core, &done.row).await?))
}
