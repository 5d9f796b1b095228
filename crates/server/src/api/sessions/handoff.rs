//! The pass with which the stage enters the gateway.

use axum::{Json as Answer, extract::State};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use understudy_protocol::{ErrorCode, Handoff, WithToken};
use uuid::Uuid;

use super::{holds_token, owned};
use crate::{
    Shared,
    api::extract::{Json, Path},
    auth::Impersonator,
    error::{ApiError, ApiResult},
    gateway::enter::{enter_url, handoff_mac},
    impersonations::{self, state},
    keys::Keys,
    store::{
        Job, WriteError,
        entities::{gateway_cookie, impersonation},
        statement,
    },
    switch,
};

/// How long a handoff is good.
const GOOD_FOR: i64 = 10_000;

/// Makes a handoff. It takes the place of an older one, and of a stage that was entered before.
#[utoipa::path(post, path = "/api/sessions/{id}/handoff", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = WithToken, responses((status = 200, body = Handoff)))]
pub async fn handoff(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Path(id): Path<Uuid>,
    Json(shown): Json<WithToken>,
) -> ApiResult<Answer<Handoff>> {
    let db = &core.store.db;
    switch::require_on(&core).await?;
    let row = owned(&core, &caller, id).await?;
    holds_token(&core, &caller, &row, &shown.token)?;
    let now = core.store.now().await?;
    if !state(&row).settled(now).is_live() {
        impersonations::step(
            &core,
            id,
            |_| Ok(understudy_rules::impersonation::Event::TimePassed),
            Default::default,
        )
        .await?;
        return Err(ApiError::new(ErrorCode::SessionEnded, "The session has ended."));
    }
    let pass = Keys::new_secret();
    let set = impersonation::ActiveModel {
        handoff_mac: Set(Some(handoff_mac(&core.keys, 0, &pass))),
        handoff_expires_at: Set(Some(now + GOOD_FOR)),
        ..Default::default()
    };
    let keep = impersonation::Entity::update_many()
        .set(set)
        .filter(impersonation::Column::Id.eq(id))
        .filter(impersonation::Column::State.eq("live"))
        .filter(switch::still_on());
    let forget = gateway_cookie::Entity::delete_many().filter(gateway_cookie::Column::SessionId.eq(id));
    let job = Job {
        guards: vec![statement(&keep, db)],
        effects: vec![statement(&forget, db)],
        entries: vec![impersonations::entry(&row, "handoff_made", serde_json::json!({}))],
        events: vec![],
    };
    match core.store.write(job).await {
        Ok(_) => Ok(Answer(Handoff { url: enter_url(&core.config.platform.origin[0], &pass).into() })),
        Err(WriteError::Conflict) => Err(ApiError::new(ErrorCode::SessionEnded, "The session has ended.")),
        Err(error) => Err(error.into()),
    }
}
