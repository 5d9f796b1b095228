//! The style sheet, the scripts and the mark: the only things served without knowing who asks.

use axum::{Router, http::header, routing::get};

use crate::App;

pub(crate) fn router() -> Router<App> {
    let file = |content_type: &'static str, body: &'static str| {
        get(async move || {
            ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "max-age=300")], body)
        })
    };
    Router::new()
        .route("/meridian.css", file("text/css; charset=utf-8", include_str!("../static/meridian.css")))
        .route("/meridian.js", file("text/javascript; charset=utf-8", include_str!("../static/meridian.js")))
        .route("/prices.js", file("text/javascript; charset=utf-8", include_str!("../static/prices.js")))
        .route("/messages.js", file("text/javascript; charset=utf-8", include_str!("../static/messages.js")))
        .route("/meridian.svg", file("image/svg+xml", include_str!("../static/meridian.svg")))
}
