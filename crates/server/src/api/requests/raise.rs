//! "Ask for permission to act": changes, in a session that runs as `view`. A request like any other, with a code of
//! its own; what it brings is the session's mode.

use axum::{Json as Answer, extract::State, http::StatusCode};
use understudy_protocol::{ErrorCode, Mode, NewRaise, Request, Session, WithToken};
use understudy_rules::impersonation::Event;
use uuid::Uuid;

use super::{
    create::{Asked, person_of, place},
    is_theirs,
};
use crate::{
    Shared,
    api::{
        checked_reason,
        extract::{Json, Path},
        second_factor::require_fresh,
        sessions::{self, holds_token, owned},
    },
    auth::Impersonator,
    eligibility,
    error::{ApiError, ApiResult},
    impersonations::{state, step},
};

/// Makes the request.
#[utoipa::path(post, path = "/api/sessions/{id}/raise", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = NewRaise, responses((status = 201, body = Request)))]
pub async fn ask(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
    Json(new): Json<NewRaise>,
) -> ApiResult<(StatusCode, Answer<Request>)> {
    let session = owned(&core, &caller, id).await?;
    holds_token(&core, &caller, &session, &new.token)?;
    if !state(&session).settled(core.store.now().await?).is_live() {
        return Err(ApiError::new(ErrorCode::SessionEnded, "The session has ended."));
    }
    if session.mode != "view" {
        return Err(ApiError::new(ErrorCode::Invalid, "This session allows changes already."));
    }
    let reason = checked_reason("reason", &new.wanted.reason)?;
    let person = person_of(&core, &session).await?;
    let (ticket, consent) = (session.ticket, new.wanted.consent);
    place(
        &core,
        &caller,
        Asked { person, mode: Mode::Act, reason, ticket, consent, raises: Some(id), resumes: None },
    )
    .await
}

/// Lets the session do what was asked for; its code was entered.
#[utoipa::path(post, path = "/api/requests/{id}/raise", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = WithToken, responses((status = 200, body = Session)))]
pub async fn raise(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
    Json(shown): Json<WithToken>,
) -> ApiResult<Answer<Session>> {
    require_fresh(&core, &caller).await?;
    let request = owned(&core, &caller, id).await?;
    let session = request.raises.ok_or_else(|| ApiError::not_found("request"))?;
    holds_token(&core, &caller, &owned(&core, &caller, session).await?, &shown.token)?;
    eligibility::require(&core, &caller, &request.person_id, &request.person_kind).await?;
    let choose = |row: &_| is_theirs(&caller, row).map(|()| Event::Raised);
    step(&core, id, choose, Default::default).await?.result?;
    Ok(Answer(sessions::shown(&core, &owned(&core, &caller, session).await?).await?))
}
