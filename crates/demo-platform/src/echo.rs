//! `/echo`: answers with what reached the platform, with the status of `?status=` where one is asked for, or with
//! the `Content-Disposition` of `?save=`. Served only with `Config::test_routes`.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
};
use data_encoding::HEXLOWER;
use futures_util::TryStreamExt as _;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::error::Error;

pub(crate) async fn echo(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, HeaderMap, Json<Value>), Error> {
    let mut answered = HeaderMap::new();
    if let Some(saved) = uri.query().and_then(|query| query.strip_prefix("save=")) {
        let saved: Vec<u8> = percent_decode_str(saved).collect();
        answered.insert(header::CONTENT_DISPOSITION, HeaderValue::from_bytes(&saved)?);
    }
    let wanted = uri.query().and_then(|query| query.strip_prefix("status=")?.parse().ok());
    let status = wanted.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
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
    let echoed = json!({
        "method": method.as_str(),
        "uri": uri.to_string(),
        "headers": headers,
        "body": { "size": size, "sha256": HEXLOWER.encode(&hash.finalize()) },
    });
    Ok((status, answered, Json(echoed)))
}
