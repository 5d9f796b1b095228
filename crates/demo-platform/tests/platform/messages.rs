use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use reqwest::{Method, StatusCode};

use crate::common::{ELISE, Issuer, JONAS, Platform};

/// Reads on until an event contains `text`.
async fn until(
    events: &mut (impl Stream<Item = reqwest::Result<impl AsRef<[u8]>>> + Unpin),
    text: &str,
) -> anyhow::Result<()> {
    let mut seen = String::new();
    while !seen.contains(text) {
        let chunk = tokio::time::timeout(Duration::from_secs(20), events.next()).await?;
        let chunk = chunk.ok_or_else(|| anyhow::anyhow!("ended after {seen}"))??;
        seen += &String::from_utf8_lossy(chunk.as_ref());
    }
    Ok(())
}

#[tokio::test]
async fn a_message_arrives_on_the_open_page_some_time_after_an_upload() -> anyhow::Result<()> {
    let platform = Platform::start_with(|config| config.document_check = Duration::from_millis(200)).await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let mut events = browser.get("/messages/live").await?.bytes_stream();
    until(&mut events, "event: unread\nid: ").await?;
    browser.upload("lease.txt", "x").await?;
    assert!(!browser.text("/messages").await?.contains("lease.txt"));
    until(&mut events, "Your document “lease.txt” was checked").await?;
    until(&mut events, "data: 3").await?;
    assert!(browser.text("/messages").await?.contains("lease.txt"));
    assert!(browser.text("/profile").await?.contains("<span data-number>3</span>"));
    platform.running.stop().await;
    while events.next().await.is_some() {}
    Ok(())
}

#[tokio::test]
async fn a_stream_goes_on_from_where_it_broke_off() -> anyhow::Result<()> {
    let platform = Platform::start_with(|config| config.document_check = Duration::ZERO).await?;
    let mut browser = platform.signed_in(ELISE).await?;
    browser.upload("first.txt", "x").await?;
    for request in [
        browser.request(Method::GET, "/messages/live?since=2026-11-21T00:00:00Z"),
        browser.request(Method::GET, "/messages/live").header("last-event-id", "2026-11-21T00:00:00Z"),
    ] {
        until(&mut request.send().await?.bytes_stream(), "first.txt").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_message_that_was_opened_is_read_and_others_cannot_open_it() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut elise = platform.signed_in(ELISE).await?;
    let page = elise.text("/messages").await?;
    let (_, rest) = page.split_once("<li class=\"unread\">").expect("an unread message");
    let path = rest.split('"').nth(1).expect("its link").to_owned();

    let mut jonas = platform.signed_in(JONAS).await?;
    assert_eq!(jonas.get(&path).await?.status(), StatusCode::NOT_FOUND);

    let unread = "<span data-number>2</span>";
    assert!(page.contains(unread));
    assert!(!elise.text(&path).await?.contains(unread));
    elise.post("/messages/read", &[]).await?;
    assert!(!elise.text("/messages").await?.contains("class=\"unread\""));
    Ok(())
}

#[tokio::test]
async fn a_message_that_staff_opened_is_still_new_to_the_person() -> anyhow::Result<()> {
    let issuer = Issuer::start().await?;
    let platform = Platform::start_for(&issuer).await?;
    let mut elise = platform.signed_in(ELISE).await?;
    let page = elise.text("/messages").await?;
    let (_, rest) = page.split_once("<li class=\"unread\">").expect("an unread message");
    let path = rest.split('"').nth(1).expect("its link").to_owned();

    let token = issuer.token(&platform.origin, "GET", &path);
    let request = platform.browser().request(Method::GET, &path).header("Understudy-Identity", token);
    assert_eq!(request.send().await?.status(), StatusCode::OK);
    assert_eq!(elise.text("/messages").await?.matches("class=\"unread\"").count(), 2);
    Ok(())
}
