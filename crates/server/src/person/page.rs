//! The page itself: three files without anything of anybody else's.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse as _,
    routing::get,
};

use crate::{Core, Shared};

/// Platforms may embed it; the stage, which has another origin, may not.
pub fn router(core: &Core) -> Router<Shared> {
    let platforms: Vec<String> = core
        .config
        .platform
        .origin
        .iter()
        .map(|origin| origin.platform.origin().ascii_serialization())
        .collect();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors {}",
        platforms.join(" ")
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let file = |kind: &'static str, text: &'static str| {
        let policy = policy.clone();
        get(async move || {
            let headers: [(HeaderName, HeaderValue); 5] = [
                (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
                (header::CONTENT_SECURITY_POLICY, policy.clone()),
                (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
                (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (headers, text).into_response()
        })
    };
    Router::new()
        .route("/person", file("text/html; charset=utf-8", include_str!("page.html")))
        .route("/person.js", file("text/javascript; charset=utf-8", include_str!("page.js")))
        .route("/person.css", file("text/css; charset=utf-8", include_str!("page.css")))
}
