//! Reading one's own requests.

use axum::{Json, extract::State};
use sea_orm::{ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _};
use understudy_protocol::Request;
use uuid::Uuid;

use super::shown;
use crate::{
    Shared,
    api::extract::Path,
    auth::Impersonator,
    error::{ApiError, ApiResult},
    impersonations::OPEN,
    store::entities::impersonation::{Column, Entity},
};

/// The caller's open request of this sign-in, or null.
#[utoipa::path(get, path = "/api/requests/current", security(("bearer" = [])), responses((status = 200, body = Option<Request>)))]
pub async fn current(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
) -> ApiResult<Json<Option<Request>>> {
    let theirs = Column::StaffId.eq(caller.staff.id).and(Column::SignInId.eq(caller.sign_in_id));
    let open = Entity::find().filter(theirs).filter(Column::State.is_in(OPEN));
    // One for more in a session that runs comes before the session's own.
    match open.order_by_desc(Column::CreatedAt).one(&core.store.db).await? {
        Some(row) => Ok(Json(Some(shown(&core, &row).await?))),
        None => Ok(Json(None)),
    }
}

/// One request of the caller's.
#[utoipa::path(get, path = "/api/requests/{id}", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Request)))]
pub async fn read(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<Request>> {
    let row = Entity::find_by_id(id).filter(Column::StaffId.eq(caller.staff.id)).one(&core.store.db).await?;
    let row = row.ok_or_else(|| ApiError::not_found("request"))?;
    Ok(Json(shown(&core, &row).await?))
}
