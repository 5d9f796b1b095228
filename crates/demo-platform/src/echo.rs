//! `/echo`: answers with what reached the platform. Served only with `Config::test_routes`.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, Method, Uri},
};
use data_encoding::HEXLOWER;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::Error;

pub(crate) async fn echo(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Error> {
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.try_next().await? {
        size += chunk.len();
        hash.update(&chunk);
    }
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    Ok(Json(json!({
        "method": method.as_str(),
        "uri": uri.to_string(),
        "headers": headers,
        "body": { "size": size, "sha256": HEXLOWER.encode(&hash.finalize()) },
    })))
}
