//! What waits for an administrator.

use axum::{Json, extract::State};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use understudy_protocol::PendingRequest;

use super::shown;
use crate::{
    Shared,
    auth::Admin,
    error::ApiResult,
    staff,
    store::entities::impersonation::{Column, Entity},
};

/// Requests of others that wait for an administrator, the oldest first.
#[utoipa::path(get, path = "/api/approvals", security(("bearer" = [])),
    responses((status = 200, body = Vec<PendingRequest>)))]
pub async fn list(State(core): State<Shared>, Admin(caller): Admin) -> ApiResult<Json<Vec<PendingRequest>>> {
    let pending = Entity::find().filter(Column::State.eq("pending")).order_by_asc(Column::CreatedAt);
    let mut entries = Vec::new();
    for row in pending.all(&core.store.db).await? {
        if !staff::is_same(&core, caller.staff.id, row.staff_id).await? {
            entries.extend(shown(&core, &row).await?);
        }
    }
    Ok(Json(entries))
}
