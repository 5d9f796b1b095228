//! The door: a handoff, good once, becomes the gateway's cookie.

use std::sync::Arc;

use axum::{
    extract::{Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{
    Gateway, refusal,
    session::{cookie_name, cookie_values},
};
use crate::{
    config::Origin,
    error::ApiResult,
    impersonations::{entry, state},
    keys::{Keys, Secret},
    store::{
        Job, WriteError,
        entities::{gateway_cookie, impersonation},
        statement,
    },
    switch,
};

/// No platform has a path that begins like this.
pub const PATH: &str = "/.understudy/enter";

#[derive(Deserialize)]
pub struct Enter {
    /// Without one it is refused like a wrong one.
    #[serde(default)]
    pass: String,
}

/// Where a pass is taken.
pub fn enter_url(origin: &Origin, pass: &str) -> Url {
    let mut url = origin.gateway.clone();
    url.set_path(PATH);
    url.query_pairs_mut().append_pair("pass", pass);
    url
}

/// The stored form of a pass: it opens the door of one origin.
pub fn handoff_mac(keys: &Keys, place: usize, pass: &str) -> Vec<u8> {
    keys.mac(Secret::Handoff, format!("{place}/{pass}").as_bytes())
}

/// Exchanges the pass. With several origins each sets its own cookie and sends the webview on to the next;
/// the last leads to the platform's first page.
pub async fn enter(
    State(gateway): State<Arc<Gateway>>,
    query: Result<Query<Enter>, QueryRejection>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let Some(place) = gateway.origin_of(&request) else {
        return refusal::misdirected(&headers);
    };
    if !switch::is_on(&gateway.core).await {
        return refusal::switched_off(&headers);
    }
    // One that cannot be read is a wrong one.
    let pass = query.map(|query| query.0.pass).unwrap_or_default();
    match exchange(&gateway, place, &headers, &pass).await {
        Ok(Some((cookie, next))) => {
            let headers = [
                (header::SET_COOKIE, cookie),
                (header::LOCATION, next.into()),
                (header::REFERRER_POLICY, "no-referrer".to_owned()),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        Ok(None) => refusal::not_entered(&headers),
        Err(error) => refusal::failed(&headers, &error),
    }
}

async fn exchange(
    gateway: &Gateway,
    place: usize,
    headers: &HeaderMap,
    pass: &str,
) -> ApiResult<Option<(String, Url)>> {
    let core = &gateway.core;
    let db = &core.store.db;
    let origin = &gateway.origins[place];
    let name = cookie_name(&origin.gateway);
    // Whoever is in a session cannot be led into another one.
    if cookie_values(headers, name).next().is_some() {
        return Ok(None);
    }
    let now = core.store.now().await?;
    let mac = handoff_mac(&core.keys, place, pass);
    let this_pass = impersonation::Column::HandoffMac.eq(mac);
    let Some(row) = impersonation::Entity::find().filter(this_pass.clone()).one(db).await? else {
        return Ok(None);
    };
    if row.handoff_expires_at.is_none_or(|at| now >= at) || !state(&row).settled(now).is_live() {
        return Ok(None);
    }
    let next_pass = (place + 1 < gateway.origins.len()).then(Keys::new_secret);
    let set = impersonation::ActiveModel {
        handoff_mac: Set(next_pass.as_ref().map(|pass| handoff_mac(&core.keys, place + 1, pass))),
        ..Default::default()
    };
    let use_up = impersonation::Entity::update_many()
        .set(set)
        .filter(impersonation::Column::Id.eq(row.id))
        .filter(impersonation::Column::State.eq("live"))
        .filter(switch::still_on())
        .filter(this_pass);
    let value = Keys::new_secret();
    let cookie = gateway_cookie::ActiveModel {
        mac: Set(core.keys.mac(Secret::GatewayCookie, value.as_bytes())),
        session_id: Set(row.id),
        origin: Set(i32::try_from(place).unwrap_or(-1)),
    };
    let job = Job {
        guards: vec![statement(&use_up, db), statement(&gateway_cookie::Entity::insert(cookie), db)],
        entries: vec![entry(
            &row,
            "stage_entered",
            json!({ "origin": origin.gateway.origin().ascii_serialization() }),
        )],
        ..Job::default()
    };
    match core.store.write(job).await {
        Ok(_) => {}
        Err(WriteError::Conflict) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // Several gateway hosts need the cookie across sites; browsers take that by https only.
    let attributes = match (origin.gateway.scheme(), gateway.origins.len()) {
        ("https", 1) => "; Secure; SameSite=Lax",
        ("https", _) => "; Secure; SameSite=None",
        _ => "; SameSite=Lax",
    };
    let next = match &next_pass {
        Some(pass) => enter_url(&gateway.origins[place + 1], pass),
        None => gateway.origins[0].gateway.clone(),
    };
    Ok(Some((format!("{name}={value}; Path=/; HttpOnly{attributes}"), next)))
}
