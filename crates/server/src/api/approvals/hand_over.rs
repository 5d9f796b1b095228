//! "Hand over code".

use axum::{extract::State, http::StatusCode};
use understudy_protocol::ErrorCode;
use understudy_rules::impersonation::Event;
use uuid::Uuid;

use super::{answer, asked};
use crate::{
    Shared,
    api::{extract::Path, requests::create::put_code, second_factor::require_fresh},
    auth::Admin,
    error::{ApiError, ApiResult},
    impersonations::may_go_on,
    store::entities::impersonation::ActiveModel,
    switch,
};

/// Makes the code of a request that the caller has taken; it goes to the one who asked.
#[utoipa::path(post, path = "/api/approvals/{id}/hand-over", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204)))]
pub async fn hand_over(
    State(core): State<Shared>,
    Admin(caller): Admin,
    Path(id): Path<Uuid>,
) -> ApiResult<StatusCode> {
    switch::require_on(&core).await?;
    require_fresh(&core, &caller).await?;
    if !may_go_on(&core, &asked(&core, id).await?).await? {
        let why =
            "Whoever asked may no longer be signed in as this person, so there is no code to hand over.";
        return Err(ApiError::new(ErrorCode::RequestAnswered, why));
    }
    let mut code = ActiveModel::default();
    put_code(&core, id, &mut code);
    answer(&core, &caller, id, Event::HandedOver, || code.clone()).await?;
    Ok(StatusCode::NO_CONTENT)
}
