//! "Verify code".

use axum::{Json as Answer, extract::State};
use sea_orm::ActiveValue::{NotSet, Set};
use understudy_protocol::{Consent, Request, VerifyCode};
use understudy_rules::{code::Code, impersonation::Event};
use uuid::Uuid;

use super::{create::code_mac, is_theirs, shown};
use crate::{
    Shared,
    api::{
        extract::{Json, Path},
        sessions,
    },
    auth::Impersonator,
    consent, eligibility,
    error::ApiResult,
    impersonations::{self, step},
    letters::language_of,
    store::entities::impersonation::{ActiveModel, Model},
    switch,
};

/// Enters a code. Whatever is wrong with it, the answer is the same; a try is used up.
#[utoipa::path(post, path = "/api/requests/{id}/verify", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = VerifyCode, responses((status = 200, body = Request)))]
pub async fn verify(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
    Json(entered): Json<VerifyCode>,
) -> ApiResult<Answer<Request>> {
    switch::require_on(&core).await?;
    let row = sessions::owned(&core, &caller, id).await?;
    eligibility::require(&core, &caller, &row.person_id, &row.person_kind).await?;
    let mac = Code::parse(&entered.code).map(|code| code_mac(&core, id, &code));
    let choose = |row: &Model| {
        is_theirs(&caller, row)?;
        let stored = row.code_mac.as_deref();
        let right = mac
            .as_deref()
            .zip(stored)
            .is_some_and(|(given, stored)| subtle::ConstantTimeEq::ct_eq(given, stored).into());
        Ok(Event::CodeEntered { right })
    };
    // Whoever reads it out agrees to what stood beside it.
    let text = match impersonations::consent(&row) {
        Ok(Consent::Code) => Some(language_of(&core, &row).read(consent::wanted(&core, &row).await?)),
        _ => None,
    };
    let set = || ActiveModel {
        answered: text.clone().map_or(NotSet, |text| Set(Some(text))),
        ..Default::default()
    };
    let done = step(&core, id, choose, set).await?;
    done.result?;
    Ok(Answer(shown(&core, &done.row).await?))
}
