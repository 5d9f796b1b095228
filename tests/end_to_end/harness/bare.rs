//! Pages behind the gateway without any policy of their own: whatever is refused there, the app or the gateway
//! refuses it. Served beside Meridian's own pages, which all have one.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    extract::RawQuery,
    http::{HeaderName, StatusCode, header},
    response::Html,
    routing::get,
};
use tokio::{net::TcpListener, task::JoinHandle};

const PAGE: &str = "<!doctype html><title>Bare</title><h1>Bare</h1><script src=/bare.js></script>";
/// What such a page knows how to try.
const SCRIPT: &str = include_str!("bare.js");

pub fn router() -> Router {
    Router::new()
        .route("/bare", get(async || Html(PAGE)))
        .route("/bare.js", get(async || ([(header::CONTENT_TYPE, "text/javascript")], SCRIPT)))
        .route("/bare/redirect", get(redirect))
        .route("/bare/refresh", get(refresh))
}

/// Leads to whatever address the query is.
async fn redirect(RawQuery(to): RawQuery) -> (StatusCode, [(HeaderName, String); 1]) {
    (StatusCode::FOUND, [(header::LOCATION, to.unwrap_or_default())])
}

async fn refresh(RawQuery(to): RawQuery) -> ([(HeaderName, String); 1], Html<&'static str>) {
    ([(header::REFRESH, format!("0; url={}", to.unwrap_or_default()))], Html(PAGE))
}

/// Somebody else's site, where every answer is for everybody.
pub struct Elsewhere {
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Elsewhere {
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}/", listener.local_addr()?);
        let asked = Arc::new(Mutex::new(vec![]));
        let hears = Arc::clone(&asked);
        let answer = async move |uri: axum::http::Uri| {
            hears.lock().unwrap_or_else(PoisonError::into_inner).push(uri.to_string());
            ([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Html(PAGE))
        };
        let router = Router::new().fallback(answer);
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, asked, task })
    }

    /// What was asked for here so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
