//! What the person's page asks for. No sign-in of ours: a link, or the platform's word.

use axum::{Json as Answer, extract::State};
use sea_orm::EntityTrait as _;
use understudy_protocol::{AnswerQuestion, EndAsPerson, ErrorCode, OpenPersonPage, PersonKey, PersonPage};
use understudy_rules::impersonation::{EndCause, Refusal};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{VOUCHED, holder, impersonated_at, link, may_answer, shown};
use crate::{
    Shared,
    api::extract::Json,
    consent,
    error::{ApiError, ApiResult},
    impersonations::end,
    staff,
    store::entities::{consent as consents, impersonation},
};

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(open)).routes(routes!(answer)).routes(routes!(stop))
}

/// The page. Opening it only shows.
#[utoipa::path(post, path = "/api/person", request_body = OpenPersonPage,
    responses((status = 200, body = PersonPage)))]
pub async fn open(
    State(core): State<Shared>,
    Json(opened): Json<OpenPersonPage>,
) -> ApiResult<Answer<PersonPage>> {
    let secret = match opened.key {
        PersonKey::Link(secret) => secret,
        PersonKey::Assertion(assertion) => {
            let now = core.store.now().await?;
            let vouched = core.vouching.verify(&assertion, now).await?;
            if impersonated_at(&core, &vouched.person, vouched.auth_time).await? {
                return Err(ApiError::new(
                    ErrorCode::Forbidden,
                    "This sign-in began while support was in your account. Sign out, and sign in again once they have left.",
                ));
            }
            link(&core, &vouched.person, VOUCHED, Some(vouched.auth_time)).await?
        }
    };
    let row = holder(&core, &secret).await?;
    Ok(Answer(shown(&core, secret, &row).await?))
}

/// "Allow" or "Decline", once.
#[utoipa::path(post, path = "/api/person/answer", request_body = AnswerQuestion,
    responses((status = 200, body = PersonPage)))]
pub async fn answer(
    State(core): State<Shared>,
    Json(given): Json<AnswerQuestion>,
) -> ApiResult<Answer<PersonPage>> {
    let link = holder(&core, &given.link).await?;
    let missing = || ApiError::not_found("question");
    let db = &core.store.db;
    let row = consents::Entity::find_by_id(given.question).one(db).await?.ok_or_else(missing)?;
    let session = impersonation::Entity::find_by_id(row.session_id).one(db).await?;
    let session = session.filter(|session| session.person_id == link.person_id).ok_or_else(missing)?;
    // To say no takes nothing but the link.
    if given.allow && !may_answer(&core, &link).await? {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "From here an answer does not count. Sign in to your account and answer there.",
        ));
    }
    let staff = staff::reference(&core, session.staff_id).await?.name;
    let text = consent::text(&core, &session, &staff, &row.scope);
    let text = if given.language == "fr" { text.fr } else { text.en };
    consent::answer(&core, &session, &row, given.allow, &text).await?;
    Ok(Answer(shown(&core, given.link, &link).await?))
}

/// "End now": whoever takes their consent back is alone in their account within a second.
#[utoipa::path(post, path = "/api/person/end", request_body = EndAsPerson,
    responses((status = 200, body = PersonPage)))]
pub async fn stop(
    State(core): State<Shared>,
    Json(given): Json<EndAsPerson>,
) -> ApiResult<Answer<PersonPage>> {
    let link = holder(&core, &given.link).await?;
    let session = impersonation::Entity::find_by_id(given.session).one(&core.store.db).await?;
    let session = session
        .filter(|session| session.person_id == link.person_id)
        .ok_or_else(|| ApiError::not_found("session"))?;
    match end(&core, session.id, EndCause::ConsentWithdrawn).await?.result {
        Ok(()) | Err(Refusal::Ended(_)) => Ok(Answer(shown(&core, given.link, &link).await?)),
        Err(refusal) => Err(refusal.into()),
    }
}
