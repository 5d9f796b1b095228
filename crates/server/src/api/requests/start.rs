//! From the verified code to the session.

use axum::{Json, extract::State};
use sea_orm::ActiveValue::Set;
use understudy_protocol::Started;
use understudy_rules::impersonation::Event;
use uuid::Uuid;

use super::is_theirs;
use crate::{
    Shared,
    api::{extract::Path, second_factor::require_fresh, sessions},
    auth::Impersonator,
    eligibility,
    error::{ApiError, ApiResult},
    impersonations::step,
    keys::{Keys, Secret},
    store::entities::impersonation::ActiveModel,
    sweeper, switch,
};

/// Starts the session. The person's kind is looked up anew: what was allowed at the request may not be now.
#[utoipa::path(post, path = "/api/requests/{id}/start", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Started)))]
pub async fn start(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<Started>> {
    switch::require_on(&core).await?;
    require_fresh(&core, &caller).await?;
    let row = sessions::owned(&core, &caller, id).await?;
    if row.raises.is_some() {
        return Err(ApiError::not_found("request"));
    }
    let person = core.directory.find(&row.person_id).await?;
    eligibility::require(&core, &caller, &person.id, &person.kind).await?;
    // A session that has run out must not keep its person.
    sweeper::sweep(&core).await?;
    let token = Keys::new_secret();
    let set = || ActiveModel {
        token_mac: Set(Some(core.keys.mac(Secret::Impersonation, token.as_bytes()))),
        ..Default::default()
    };
    let choose = |row: &_| is_theirs(&caller, row).map(|()| Event::Started);
    let done = step(&core, id, choose, set).await?;
    done.result?;
    let session = sessions::shown(&core, &done.row).await?;
    Ok(Json(Started { lease: sessions::lease(&core, &done.row).await?, session, token }))
}
