//! All routes, and what holds for each of them.
//!
//! | layer | holds for |
//! |---|---|
//! | access log, security headers | everything |
//! | sessions and identity tokens | everything but static files and the directory |
//! | bearer token | `/scim/v2` |

use axum::{
    Router,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    middleware::{from_fn_with_state, map_response_with_state},
    response::Response,
    routing::{any, get, post},
};

use crate::{App, access_log, auth, echo, error::Error, live, pages, scim, search, statics};

pub(crate) fn router(app: App, test_routes: bool) -> Router {
    let mut people = pages::router()
        .route("/search", post(search::search))
        .route("/live/echo", any(live::echo))
        .route("/live/prices", get(live::prices));
    if test_routes {
        people = people.route("/echo", any(echo::echo)).route("/echo/{*rest}", any(echo::echo));
    }
    let people =
        people.fallback(async || Error::NotFound).layer(from_fn_with_state(app.clone(), auth::authenticate));
    Router::new()
        .merge(people)
        .nest("/scim/v2", scim::router(&app))
        .nest("/static", statics::router())
        .layer(map_response_with_state(app.clone(), security_headers))
        .layer(from_fn_with_state(app.clone(), access_log::record))
        .with_state(app)
}

pub(crate) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

async fn security_headers(State(app): State<App>, mut response: Response) -> Response {
    const FIXED: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    if app.secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    // Accounts must not linger in a shared cache; what may be kept says so itself.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
