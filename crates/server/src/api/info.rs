//! What may be known without a sign-in.

use std::time::Duration;

use axum::{Json, extract::State};
use serde_json::{Value, json};
use understudy_protocol::{PROTOCOL_VERSION, ServerInfo};

use crate::{
    Shared,
    error::{ApiError, ApiResult},
    gateway::identity,
    store::Job,
};

const HEALTH_PATIENCE: Duration = Duration::from_secs(2);

/// What a client must know before anybody has signed in.
#[utoipa::path(get, path = "/api/info", responses((status = 200, body = ServerInfo)))]
pub async fn info(State(core): State<Shared>) -> Json<ServerInfo> {
    let config = &core.config;
    Json(ServerInfo {
        name: config.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL_VERSION,
        kinds: config.platform.kind.clone(),
        gateway_origins: config
            .platform
            .origin
            .iter()
            .map(|o| o.gateway.origin().ascii_serialization())
            .collect(),
        session_minutes: config.session.minutes,
    })
}

/// Whether the server can do its work: the record can be written, which the database alone does not promise.
#[utoipa::path(get, path = "/healthz", responses((status = 200), (status = 500)))]
pub async fn health(State(core): State<Shared>) -> ApiResult<Json<Value>> {
    match tokio::time::timeout(HEALTH_PATIENCE, core.store.write(Job::default())).await {
        Ok(Ok(_)) => Ok(Json(json!({ "status": "ok" }))),
        Ok(Err(error)) => Err(error.into()),
        Err(late) => Err(ApiError::internal(&format!("the record cannot be written: {late}"))),
    }
}

/// The public keys of the identity tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200)))]
pub async fn jwks(State(core): State<Shared>) -> Json<Value> {
    Json(identity::jwks(&core.keys))
}
