//! What may be known without a sign-in.

use std::time::{Duration, Instant};

use axum::{Json, extract::State};
use serde_json::{Value, json};
use understudy_protocol::{OLDEST_PROTOCOL, PROTOCOL_VERSION, ServerInfo};

use crate::{
    Shared,
    error::{ApiError, ApiResult},
    gateway::identity,
    store::Job,
    switch,
};

const HEALTH_PATIENCE: Duration = Duration::from_secs(2);
/// How long a good answer counts: whoever asks more often costs the record nothing.
const HEALTHY_FOR: Duration = Duration::from_secs(1);

/// What a client must know before anybody has signed in.
#[utoipa::path(get, path = "/api/info", responses((status = 200, body = ServerInfo)))]
pub async fn info(State(core): State<Shared>) -> Json<ServerInfo> {
    let config = &core.config;
    Json(ServerInfo {
        name: config.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL_VERSION,
        oldest_protocol: Some(OLDEST_PROTOCOL),
        kinds: config.platform.kind.clone(),
        gateway_origins: config
            .platform
            .origin
            .iter()
            .map(|o| o.gateway.origin().ascii_serialization())
            .collect(),
        permissions: config.platform.permissions.clone(),
        session_minutes: config.session.minutes,
        asks_people: config.platform.person.is_some(),
        exception_categories: config.exception.categories.clone(),
        switched_off: !switch::is_on(&core).await,
    })
}

/// Whether the server can do its work: the record can be written, which the database alone does not promise.
#[utoipa::path(get, path = "/healthz", responses((status = 200), (status = 500)))]
pub async fn health(State(core): State<Shared>) -> ApiResult<Json<Value>> {
    let ok = || Ok(Json(json!({ "status": "ok" })));
    // Those who ask meanwhile wait for the same answer.
    let mut healthy = core.healthy_at.lock().await;
    if healthy.is_some_and(|at| at.elapsed() < HEALTHY_FOR) {
        return ok();
    }
    match tokio::time::timeout(HEALTH_PATIENCE, core.store.write(Job::default())).await {
        Ok(Ok(_)) => {
            *healthy = Some(Instant::now());
            ok()
        }
        Ok(Err(error)) => Err(error.into()),
        Err(late) => Err(ApiError::internal(&format!("the record cannot be written: {late}"))),
    }
}

/// The public keys of the identity tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200)))]
pub async fn jwks(State(core): State<Shared>) -> Json<Value> {
    Json(identity::jwks(&core.keys))
}
