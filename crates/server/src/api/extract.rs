//! axum's extractors, with errors as problem details.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
};
use memchr::memmem;
use serde::de::DeserializeOwned;
use understudy_protocol::ErrorCode;

use crate::error::ApiError;

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|error| ApiError::new(ErrorCode::BadRequest, error.body_text()))?;
        // PostgreSQL stores no NUL.
        if memmem::find(&body, b"\\u0000").is_some() || body.contains(&0) {
            return Err(nul());
        }
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            ApiError::new(ErrorCode::BadRequest, format!("The body is not as expected: {error}."))
        })
    }
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
