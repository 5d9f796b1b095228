//! Pages of other sites get nothing from the API, not even an answer that they cannot read. It knows no cookies, so
//! they would ask as nobody; but the page on the stage asks from inside staff's network, and may be anybody's.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use understudy_protocol::ErrorCode;
use url::Url;

use crate::error::ApiError;

pub async fn only_own_pages(State(own): State<Url>, request: Request, next: Next) -> Response {
    if is_from_elsewhere(&own, request.method(), request.headers()) {
        let why = "Pages of other sites are not answered here. Open this address itself.";
        return ApiError::new(ErrorCode::Forbidden, why).into_response();
    }
    next.run(request).await
}

/// By what a browser says of itself and no page can change (Fetch, "Origin"; Fetch Metadata). The app sends neither.
/// Whoever only opens a page, in a frame as well, is let in: such is the person's.
fn is_from_elsewhere(own: &Url, method: &Method, headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.as_bytes());
    if let Some(origin) = said(header::ORIGIN.as_str()) {
        return origin != own.origin().ascii_serialization().as_bytes();
    }
    let opens = method == Method::GET && said("sec-fetch-mode") == Some(b"navigate");
    matches!(said("sec-fetch-site"), Some(b"cross-site" | b"same-site")) && !opens
}
