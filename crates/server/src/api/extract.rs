//! axum's extractors, with errors as problem details.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use memchr::memmem;
use serde::de::DeserializeOwned;
use understudy_protocol::ErrorCode;

use crate::error::ApiError;

/// Bytes that a body may have.
pub const LARGEST: usize = 64 * 1024;

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !may_be_json(request.headers()) {
            let detail = "Send the body as JSON, with the content type application/json.";
            return Err(ApiError::new(ErrorCode::UnsupportedMediaType, detail));
        }
        let body = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!("A body has {} KiB at most. Send less.", LARGEST / 1024);
                ApiError::new(ErrorCode::TooLarge, detail)
            }
            _ => ApiError::new(ErrorCode::BadRequest, error.body_text()),
        })?;
        // PostgreSQL stores no NUL.
        if memmem::find(&body, b"\\u0000").is_some() || body.contains(&0) {
            return Err(nul());
        }
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            ApiError::new(ErrorCode::BadRequest, format!("The body is not as expected: {error}."))
        })
    }
}

/// Whether it is JSON, or not said what it is.
fn may_be_json(headers: &HeaderMap) -> bool {
    let Some(said) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = said.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json")
}

/// Parameters of the query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(nul());
        }
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|query| Self(query.0))
            .map_err(|error| ApiError::new(ErrorCode::BadRequest, error.body_text()))
    }
}

fn nul() -> ApiError {
    ApiError::new(ErrorCode::BadRequest, "A value has the character U+0000 in it, which nobody types.")
}

/// Parameters of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

impl From<axum::extract::rejection::PathRejection> for ApiError {
    fn from(_: axum::extract::rejection::PathRejection) -> Self {
        Self::not_found("address")
    }
}
