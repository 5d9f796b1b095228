//! "Exit impersonation", and its emergency brake.

use axum::{Json, extract::State};
use understudy_protocol::{EndQuery, Session};
use understudy_rules::impersonation::{EndCause, Refusal};
use uuid::Uuid;

use super::{shown, visible};
use crate::{
    Shared,
    api::extract::{Path, Query},
    auth::Caller,
    error::{ApiError, ApiResult},
    impersonations::end as end_for,
};

/// Ends a session: one's own, or as an admin any. Ending one that has ended changes nothing.
#[utoipa::path(post, path = "/api/sessions/{id}/end", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("lost" = Option<bool>, Query)), responses((status = 200, body = Session)))]
pub async fn end(
    State(core): State<Shared>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(how): Query<EndQuery>,
) -> ApiResult<Json<Session>> {
    let row = visible(&core, &caller, id).await?;
    let cause = if row.staff_id == caller.staff.id {
        if how.lost { EndCause::ClientLost } else { EndCause::Exit }
    } else if caller.is_admin() {
        EndCause::StoppedByStaff
    } else {
        let why = "Only the staff member who started this session or an administrator can end it.";
        return Err(ApiError::new(understudy_protocol::ErrorCode::Forbidden, why));
    };
    let done = end_for(&core, id, cause).await?;
    match done.result {
        Ok(()) | Err(Refusal::Ended(_)) => Ok(Json(shown(&core, &done.row).await?)),
        Err(refusal) => Err(refusal.into()),
    }
}
