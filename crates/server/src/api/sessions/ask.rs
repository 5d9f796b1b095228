//! Asking the person for consent to one sensitive change, from a session that runs.

use axum::{Json as Answer, extract::State, http::StatusCode};
use understudy_protocol::{AskPerson, Question};
use uuid::Uuid;

use super::{holds_token, owned};
use crate::{
    Shared,
    api::extract::{Json, Path},
    auth::Impersonator,
    consent,
    error::{ApiError, ApiResult},
    impersonations::{name_of, named},
};

/// Sends the person a mail; their answer comes as an event.
#[utoipa::path(post, path = "/api/sessions/{id}/ask", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = AskPerson, responses((status = 201, body = Question)))]
pub async fn ask(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
    Json(asked): Json<AskPerson>,
) -> ApiResult<(StatusCode, Answer<Question>)> {
    let row = owned(&core, &caller, id).await?;
    holds_token(&core, &caller, &row, &asked.token)?;
    let scope = named(&name_of(asked.scope)).ok_or_else(|| ApiError::internal(&"an unknown scope"))?;
    Ok((StatusCode::CREATED, Answer(consent::ask(&core, &row, scope).await?)))
}
