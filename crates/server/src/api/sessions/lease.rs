//! Keeping a session alive.

use axum::{Json as Answer, extract::State};
use understudy_protocol::{Lease, Renew};
use understudy_rules::impersonation::Event;
use uuid::Uuid;

use super::{holds_token, lease};
use crate::{
    Shared,
    api::extract::{Json, Path},
    auth::Impersonator,
    error::ApiResult,
    impersonations::step,
    switch,
};

/// Renews the lease. Whoever may no longer impersonate cannot.
#[utoipa::path(post, path = "/api/sessions/{id}/lease", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = Renew, responses((status = 200, body = Lease)))]
pub async fn renew(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
    Json(shown): Json<Renew>,
) -> ApiResult<Answer<Lease>> {
    switch::require_on(&core).await?;
    let idle = i64::try_from(shown.idle_ms).unwrap_or(i64::MAX);
    let choose =
        |row: &_| holds_token(&core, &caller, row, &shown.token).map(|()| Event::LeaseRenewed { idle });
    let done = step(&core, id, choose, Default::default).await?;
    done.result?;
    Ok(Answer(lease(&core, &done.row).await?))
}
