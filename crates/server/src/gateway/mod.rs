//! The gateway: a reverse proxy with its own listener and host, through which an impersonated platform is
//! reached. For each request: cookie → session → allowed by the rules → recorded → forwarded as the person →
//! answer recorded → released.

mod body;
pub mod enter;
mod headers;
pub mod identity;
mod jar;
mod origins;
mod proxy;
mod refusal;
mod session;
mod websocket;

pub use proxy::TRIED;

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, http::HeaderMap, middleware};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use understudy_rules::passage::Route;

use crate::{
    Shared,
    api::{Hosts, only_hosts},
    config::Origin,
    log, tls,
};

/// What the gateway needs beyond the core.
pub struct Gateway {
    core: Shared,
    origins: Vec<Origin>,
    routes: Vec<Route>,
    client: Client<HttpsConnector<HttpConnector>, Body>,
    identity: identity::Signer,
}

pub fn router(core: Shared) -> anyhow::Result<Router> {
    let origins = core.config.platform.origin.clone();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(Duration::from_secs(10)));
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(tls::client(&core.config)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    let gateway = Arc::new(Gateway {
        routes: core.config.platform.routes()?,
        client: Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector),
        identity: identity::Signer::new(&core)?,
        core,
        origins,
    });
    let hosts = Hosts {
        origins: gateway.origins.iter().map(|origin| origin.gateway.clone()).collect(),
        refuse: refusal::misdirected,
    };
    Ok(Router::new()
        .route(
            enter::PATH,
            axum::routing::get(enter::enter).head(async |headers: HeaderMap| refusal::not_entered(&headers)),
        )
        .fallback(proxy::handle)
        .method_not_allowed_fallback(async |headers: HeaderMap| refusal::not_this_way(&headers))
        .layer(middleware::from_fn_with_state(hosts, only_hosts))
        .layer(log::requests("gateway"))
        .with_state(gateway))
}
