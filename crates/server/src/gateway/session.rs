//! From the gateway's cookie to the session, judged anew at every request.

use axum::http::{HeaderMap, header};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use tokio_util::sync::CancellationToken;
use understudy_rules::{
    impersonation::{EndCause, Event, State},
    passage::Mode,
};
use url::Url;

use crate::{
    Core,
    error::ApiResult,
    impersonations::{end, may_go_on, named, state, step},
    keys::Secret,
    store::entities::{gateway_cookie, impersonation},
    switch,
};

/// A session that lives, at this moment.
pub struct GatewaySession {
    pub row: impersonation::Model,
    pub mode: Mode,
    /// Fires when the session ends; whatever is open hangs on it.
    pub ended: CancellationToken,
}

/// `Secure` only where the gateway is reached by https: WebKit refuses such cookies on plain http. By https
/// the name's prefix makes browsers refuse one that a neighbouring host plants.
pub fn cookie_name(gateway: &Url) -> &'static str {
    if gateway.scheme() == "https" { "__Host-understudy" } else { "understudy" }
}

/// All values of a cookie; a browser sends one, whoever plants another sends two.
pub fn cookie_values<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(move |(n, value)| (n == name).then_some(value))
}

/// The live session of this cookie at this origin, or none.
pub async fn find(
    core: &Core,
    headers: &HeaderMap,
    origin: usize,
    gateway: &Url,
) -> ApiResult<Option<GatewaySession>> {
    let mut values = cookie_values(headers, cookie_name(gateway));
    let (Some(value), None) = (values.next(), values.next()) else { return Ok(None) };
    let db = &core.store.db;
    let mac = core.keys.mac(Secret::GatewayCookie, value.as_bytes());
    let here = gateway_cookie::Column::Origin.eq(i32::try_from(origin).unwrap_or(-1));
    let Some(cookie) = gateway_cookie::Entity::find_by_id(mac).filter(here).one(db).await? else {
        return Ok(None);
    };
    // Before the check: an end that comes after it is not missed.
    let ended = core.hub.cancels.of(cookie.session_id);
    let live = check(core, &cookie).await?;
    if live.is_none() {
        core.hub.cancels.cancel(cookie.session_id);
    }
    Ok(live.map(|(row, mode)| GatewaySession { row, mode, ended }))
}

async fn check(
    core: &Core,
    cookie: &gateway_cookie::Model,
) -> ApiResult<Option<(impersonation::Model, Mode)>> {
    let Some(row) = impersonation::Entity::find_by_id(cookie.session_id).one(&core.store.db).await? else {
        return Ok(None);
    };
    let before = state(&row);
    if !before.settled(core.store.now().await?).is_live() {
        if matches!(before, State::Live { .. }) {
            step(core, row.id, |_| Ok(Event::TimePassed), Default::default).await?;
        }
        return Ok(None);
    }
    if !switch::read(core).await? {
        switch::end_one(core, row.id).await?;
        return Ok(None);
    }
    if !may_go_on(core, &row).await? {
        end(core, row.id, EndCause::StaffDisabled).await?;
        return Ok(None);
    }
    let mode = named(&row.mode).unwrap_or(Mode::View);
    Ok(Some((row, mode)))
}
