//! More time for a session: in the same mode, on the same consent, for somebody who has just shown their second
//! factor.

use axum::{Json as Answer, extract::State};
use understudy_protocol::{Lease, WithToken};
use understudy_rules::impersonation::Event;
use uuid::Uuid;

use super::{holds_token, lease, owned};
use crate::{
    Shared,
    api::{
        extract::{Json, Path},
        second_factor::require_just_shown,
    },
    auth::Impersonator,
    error::ApiResult,
    impersonations::step,
};

/// Gives it another term, counted from now, up to the longest that a session may last. The second factor was
/// shown just now, and not for the term that runs.
#[utoipa::path(post, path = "/api/sessions/{id}/extend", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = WithToken, responses((status = 200, body = Lease)))]
pub async fn extend(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
    Json(shown): Json<WithToken>,
) -> ApiResult<Answer<Lease>> {
    let row = owned(&core, &caller, id).await?;
    require_just_shown(&core, &caller, row.extended_at.or(row.started_at).unwrap_or(row.created_at)).await?;
    let choose = |row: &_| holds_token(&core, &caller, row, &shown.token).map(|()| Event::Extended);
    let done = step(&core, id, choose, Default::default).await?;
    done.result?;
    Ok(Answer(lease(&core, &done.row).await?))
}
