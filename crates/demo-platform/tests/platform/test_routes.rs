use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::Platform;

#[tokio::test]
async fn echo_shows_what_arrived() -> anyhow::Result<()> {
    let platform = Platform::start_with(|config| config.test_routes = true).await?;
    let request =
        platform.browser().request(Method::PATCH, "/echo/a%20b?q=1").header("x-one", "1").body("abc");
    let seen: Value = request.send().await?.json().await?;
    assert_eq!(seen["method"], "PATCH");
    assert_eq!(seen["uri"], "/echo/a%20b?q=1");
    assert!(seen["headers"].as_array().is_some_and(|headers| headers.contains(&json!(["x-one", "1"]))));
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(seen["body"], json!({ "size": 3, "sha256": sha256 }));
    Ok(())
}

#[tokio::test]
async fn echo_is_not_there_unless_asked_for() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    assert_eq!(platform.browser().get("/echo").await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}
