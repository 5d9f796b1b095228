use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::common::{ELISE, Issuer, Platform};

fn handshake(
    platform: &Platform,
    path: &str,
) -> anyhow::Result<tokio_tungstenite::tungstenite::handshake::client::Request> {
    Ok(platform
        .origin
        .replacen("http", "ws", 1)
        .parse::<url::Url>()?
        .join(path)?
        .as_str()
        .into_client_request()?)
}

#[tokio::test]
async fn a_socket_opens_with_an_identity_token_echoes_and_closes_at_the_stop() -> anyhow::Result<()> {
    let issuer = Issuer::start().await?;
    let platform = Platform::start_for(&issuer).await?;
    let mut request = handshake(&platform, "/live/echo")?;
    let token = issuer.token(&platform.origin, "GET", "/live/echo");
    request.headers_mut().insert("understudy-identity", token.parse()?);
    let (mut socket, _) = connect_async(request).await?;
    for message in [Message::text("hello"), Message::binary(vec![1, 2, 3])] {
        socket.send(message.clone()).await?;
        assert_eq!(socket.next().await.expect("an echo")?, message);
    }
    assert_eq!(platform.running.access_log()?[0].actor.as_deref(), Some("STF-7"));

    platform.running.stop().await;
    assert!(!matches!(socket.next().await, Some(Ok(Message::Text(_) | Message::Binary(_)))));
    Ok(())
}

#[tokio::test]
async fn sockets_stay_shut_to_strangers_and_to_pages_of_other_sites() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let elise = platform.signed_in(ELISE).await?;
    for path in ["/live/echo", "/offers/prices/live"] {
        let Err(Error::Http(refusal)) = connect_async(handshake(&platform, path)?).await else {
            panic!("{path} opened to a stranger")
        };
        assert_eq!(refusal.status().as_u16(), 401);

        let mut request = handshake(&platform, path)?;
        let cookie = format!("meridian_session={}", elise.cookies["meridian_session"]);
        request.headers_mut().insert("cookie", cookie.parse()?);
        request.headers_mut().insert("origin", "https://evil.example".parse()?);
        let Err(Error::Http(refusal)) = connect_async(request).await else {
            panic!("{path} opened to another site")
        };
        assert_eq!(refusal.status().as_u16(), 403);
    }
    Ok(())
}

#[tokio::test]
async fn offer_prices_come_over_a_socket_until_the_platform_stops() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    assert!(browser.text("/offers").await?.contains("href=\"/offers/prices\""));
    assert!(browser.text("/offers/prices").await?.contains("src=\"/static/prices.js\""));

    let mut request = handshake(&platform, "/offers/prices/live?interval_ms=10")?;
    let cookie = format!("meridian_session={}", browser.cookies["meridian_session"]);
    request.headers_mut().insert("cookie", cookie.parse()?);
    let (mut socket, _) = connect_async(request).await?;
    socket.send(Message::text("it listens to nothing")).await?;
    for _ in 0..3 {
        let told = socket.next().await.expect("prices")?;
        let told: serde_json::Value = serde_json::from_str(told.to_text()?)?;
        let prices = told["prices"].as_array().expect("prices");
        assert_eq!(prices.len(), 9);
        assert!(prices.iter().all(|it| it["price"].as_str().is_some_and(|price| price.starts_with('€'))));
    }
    platform.running.stop().await;
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}

#[tokio::test]
async fn prices_stream_until_the_platform_stops() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let answer = browser.get("/live/prices?interval_ms=10").await?;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut events = answer.bytes_stream();
    let first = events.next().await.expect("an event")?;
    assert!(String::from_utf8(first.to_vec())?.contains("event: price"));
    platform.running.stop().await;
    while events.next().await.is_some() {}
    Ok(())
}

#[tokio::test]
async fn a_search_reads_the_own_account_only() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let request = browser.request(Method::POST, "/search").json(&serde_json::json!({ "q": "bank transfer" }));
    let found: serde_json::Value = browser.send(request).await?.json().await?;
    let hits = found["results"].as_array().expect("results");
    assert!(!hits.is_empty());
    for hit in hits {
        let url = hit["url"].as_str().unwrap_or_default().to_owned();
        assert_eq!(browser.get(&url).await?.status(), StatusCode::OK, "{url}");
    }
    Ok(())
}
