//! What the person's page asks for. No sign-in of ours: a link, or the platform's word.

use axum::{Json as Answer, extract::State};
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use understudy_protocol::{
    AnswerQuestion, EndAsPerson, ErrorCode, OpenPersonPage, PersonKey, PersonPage, Said,
};
use understudy_rules::impersonation::{EndCause, Event, Refusal};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{VOUCHED, asks_its_person, holder, impersonated_at, link, may_answer, shown};
use crate::{
    Core, Shared,
    api::{extract::Json, requests::create::put_code},
    consent,
    error::{ApiError, ApiResult},
    impersonations::{end, step},
    language::Language,
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
                consent::signed_in_late(&core, &vouched.person).await?;
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
    // To say no takes nothing but the link.
    if given.allow && !may_answer(&core, &link).await? {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "From here an answer does not count. Sign in to your account and answer there.",
        ));
    }
    let db = &core.store.db;
    let theirs = |row: &impersonation::Model| row.person_id == link.person_id;
    let said = |text: Said| {
        let text = Language::wanted(&given.language).unwrap_or(Language::English).read(text);
        if !given.allow || text == given.text {
            return Ok(text);
        }
        let why = "The question is another one now. Read it again, then answer.";
        Err(ApiError::new(ErrorCode::ConsentUnavailable, why))
    };
    let asked = consents::Entity::find_by_id(given.question).one(db).await?;
    let about = asked.as_ref().map_or(given.question, |row| row.session_id);
    let about = impersonation::Entity::find_by_id(about).one(db).await?.filter(theirs);
    match (asked, about) {
        (Some(question), Some(session)) => {
            let staff = staff::reference(&core, session.staff_id).await?.name;
            let text = said(consent::text(&core, &session, &staff, &question.scope))?;
            consent::answer(&core, &session, &question, given.allow, &text).await?;
        }
        (None, Some(request)) if asks_its_person(&request) => {
            let text = said(consent::wanted(&core, &request).await?)?;
            answer_request(&core, &request, given.allow, &text).await?;
        }
        _ => return Err(ApiError::not_found("question")),
    }
    Ok(Answer(shown(&core, given.link, &link).await?))
}

/// The person lets somebody in, or into more; or does not.
async fn answer_request(
    core: &Core,
    request: &impersonation::Model,
    allow: bool,
    text: &str,
) -> ApiResult<()> {
    let approver = request.recipient.as_deref() == Some("approver");
    let event = if allow { Event::Agreed { approver } } else { Event::Declined };
    let mut set = impersonation::ActiveModel { answered: Set(Some(text.to_owned())), ..Default::default() };
    if allow && !approver {
        put_code(core, request.id, &mut set);
    }
    let done = step(core, request.id, |_| Ok(event), || set.clone()).await?;
    done.result.map_err(|refusal| match refusal {
        // Why it is over is told to the one who asked.
        Refusal::Closed(_) | Refusal::Ended(_) | Refusal::AlreadyStarted => Refusal::NotAsked.into(),
        refusal => refusal.into(),
    })
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
