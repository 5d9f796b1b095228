//! "Deny".

use axum::{extract::State, http::StatusCode};
use sea_orm::ActiveValue::Set;
use understudy_protocol::Deny;
use understudy_rules::impersonation::Event;
use uuid::Uuid;

use super::answer;
use crate::{
    Shared,
    api::{
        checked_reason,
        extract::{Json, Path},
    },
    auth::Admin,
    error::ApiResult,
    store::entities::impersonation::ActiveModel,
};

/// Ends a request that the caller has taken, with a reason that the one who asked reads.
#[utoipa::path(post, path = "/api/approvals/{id}/deny", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = Deny, responses((status = 204)))]
pub async fn deny(
    State(core): State<Shared>,
    Admin(caller): Admin,
    Path(id): Path<Uuid>,
    Json(given): Json<Deny>,
) -> ApiResult<StatusCode> {
    let reason = checked_reason("reason", &given.reason)?;
    let set = || ActiveModel { denial: Set(Some(reason.clone())), ..Default::default() };
    answer(&core, &caller, id, Event::Denied, set).await?;
    Ok(StatusCode::NO_CONTENT)
}
