//! WebSockets come through unharmed: what was agreed, every kind of frame, how they close.

use axum::{
    Router,
    extract::{State, WebSocketUpgrade, ws},
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
    routing::get,
};
use futures_util::{SinkExt as _, StreamExt as _};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{
        CloseFrame,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};
use understudy_protocol::Mode;
use understudy_rules::{consent::Scope, passage::Class};
use understudy_server::config::RouteConfig;
use url::Url;

use crate::{
    gateway::{served, world_with},
    stage::{socket, upgrade},
    world::{ELISE, World, eventually, listener},
};

type Closed = mpsc::UnboundedSender<Option<(u16, String)>>;

/// Sends everything back, closes when it is told to, and tells how it was closed itself.
async fn answer(mut socket: ws::WebSocket, closed: Closed) {
    if let Some(protocol) = socket.protocol().and_then(|p| p.to_str().ok()).map(str::to_owned) {
        let _ = socket.send(ws::Message::text(protocol)).await;
    }
    while let Some(Ok(message)) = socket.recv().await {
        match message {
            ws::Message::Text(text) if text.as_str() == "close" => {
                let frame = ws::CloseFrame { code: 4_002, reason: "enough".into() };
                let _ = socket.send(ws::Message::Close(Some(frame))).await;
            }
            ws::Message::Close(frame) => {
                let _ = closed.send(frame.map(|frame| (frame.code, frame.reason.to_string())));
            }
            ws::Message::Text(_) | ws::Message::Binary(_) => {
                let _ = socket.send(message).await;
            }
            _ => {}
        }
    }
}

async fn platform() -> (Url, mpsc::UnboundedReceiver<Option<(u16, String)>>) {
    let (told, closed) = mpsc::unbounded_channel();
    let open = async |State(closed): State<Closed>, upgrade: WebSocketUpgrade| {
        upgrade.protocols(["v2.prices", "v1.prices"]).on_upgrade(|socket| answer(socket, closed))
    };
    let no = async || {
        let headers = [("x-why", "not you"), ("set-cookie", "meridian_session=secret; HttpOnly")];
        (StatusCode::FORBIDDEN, headers, "You may not listen.").into_response()
    };
    let router = Router::new()
        .route("/live", get(open))
        .route("/no", get(no))
        .route("/elsewhere", get(async || Redirect::temporary("/live?again=1")))
        .route("/page", get(async || "just a page"))
        .with_state(told);
    (served(router).await, closed)
}

#[tokio::test]
async fn the_subprotocol_is_agreed_on_by_page_and_platform() {
    let (platform, _closed) = platform().await;
    let world = world_with(&platform).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let protocol = |list| [("sec-websocket-protocol", list)];
    for (asked, agreed) in [("v1.prices", "v1.prices"), ("v3.prices, v2.prices, v1.prices", "v2.prices")] {
        let (mut live, answer) = upgrade(&stage, "/live", &protocol(asked)).await.expect("a socket");
        assert_eq!(answer.headers()["sec-websocket-protocol"], agreed);
        assert_eq!(live.next().await.expect("a word").expect("text").to_text().expect("text"), agreed);
    }
    // A client that asked for some and is given none gives up itself (RFC 6455, 4.1); it must be told.
    let none = upgrade(&stage, "/live", &protocol("v9.prices")).await;
    assert!(matches!(none, Err(Error::Protocol(_))), "{none:?}");
    let (mut live, answer) = upgrade(&stage, "/live", &[]).await.expect("a socket");
    assert!(!answer.headers().contains_key("sec-websocket-protocol"));
    live.send("hello".into()).await.expect("sent");
    assert_eq!(live.next().await.expect("an echo").expect("text").to_text().expect("text"), "hello");
    world.stop().await;
}

#[tokio::test]
async fn an_upgrade_that_the_platform_declines_is_answered_in_its_own_words() {
    let (platform, _closed) = platform().await;
    let world = world_with(&platform).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let declined = async |path: &str| match upgrade(&stage, path, &[]).await {
        Err(Error::Http(answer)) => *answer,
        other => panic!("{path}: {other:?}"),
    };
    let no = declined("/no").await;
    assert_eq!((no.status().as_u16(), no.headers()["x-why"].as_bytes()), (403, &b"not you"[..]));
    assert_eq!(no.body().as_deref(), Some(&b"You may not listen."[..]));
    assert!(!no.headers().contains_key("set-cookie"), "the platform's cookie stays on the gateway");
    let moved = declined("/elsewhere").await;
    assert_eq!(
        (moved.status().as_u16(), moved.headers()["location"].as_bytes()),
        (307, &b"/live?again=1"[..])
    );
    let page = declined("/page").await;
    assert_eq!((page.status().as_u16(), page.body().as_deref()), (200, Some(&b"just a page"[..])));
    assert_eq!(declined("/nowhere").await.status().as_u16(), 404);
    let statuses = world.ledger().await.into_iter().filter(|(kind, _)| kind == "action_answered");
    assert_eq!(
        statuses.map(|(_, details)| details["status"].as_u64().expect("a status")).collect::<Vec<_>>(),
        [403, 307, 200, 404]
    );
    world.stop().await;
}

fn hashes(world_ledger: Vec<(String, serde_json::Value)>) -> Vec<(u64, String)> {
    let frames = world_ledger.into_iter().filter(|(kind, _)| kind == "frame");
    let told = |details: serde_json::Value| {
        (details["bytes"].as_u64().expect("bytes"), details["sha256"].as_str().expect("a hash").to_owned())
    };
    frames.map(|(_, details)| told(details)).collect()
}

fn recorded(bytes: &[u8]) -> (u64, String) {
    (bytes.len() as u64, data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)))
}

#[tokio::test]
async fn invariant_9_a_socket_carries_no_consent_so_nothing_is_said_over_one_that_needs_it() {
    let (platform, _closed) = platform().await;
    let sensitive = RouteConfig {
        method: Some("POST".to_owned()),
        path: "/live".to_owned(),
        class: Class::ByMethod,
        needs: Some(Scope::BankDetails),
        ..RouteConfig::default()
    };
    let world = World::with(
        move |config| {
            config.platform.origin[0].platform = platform;
            config.platform.route = vec![sensitive];
        },
        false,
    )
    .await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let mut live = socket(&stage, "/live").await;
    live.send("iban=DE89".into()).await.expect("sent");
    let Some(Ok(Message::Close(Some(frame)))) = live.next().await else { panic!("it went through") };
    assert!(frame.reason.contains("consent"), "{frame:?}");
    assert!(hashes(world.ledger().await).is_empty());
    assert!(world.kinds().await.contains(&"frame_refused".to_owned()));
    world.stop().await;
}

#[tokio::test]
async fn invariant_2_binary_large_and_empty_frames_come_through_as_they_are_recorded() {
    let (platform, _closed) = platform().await;
    let world = world_with(&platform).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let mut live = socket(&stage, "/live").await;
    let bytes: Vec<u8> = (0..=255u8).cycle().take(5_000_001).collect();
    let text = "é€😀".repeat(200_000);
    let messages = [
        Message::binary(bytes.clone()),
        Message::text(text.clone()),
        Message::binary(vec![]),
        Message::text(""),
        Message::binary(vec![0, 255, 0]),
        Message::text("last"),
    ];
    for message in &messages {
        live.send(message.clone()).await.expect("sent");
        assert!(live.next().await.expect("an echo").expect("a frame") == *message, "{} bytes", message.len());
    }
    let expected: Vec<_> = messages.iter().map(|message| recorded(&message.clone().into_data())).collect();
    assert_eq!(hashes(world.ledger().await), expected);
    world.stop().await;
}

fn fragments(kind: Data, bytes: &[u8]) -> Vec<Frame> {
    let chunks: Vec<&[u8]> = bytes.chunks(bytes.len().div_ceil(3)).collect();
    let frame = |(place, chunk): (usize, &&[u8])| {
        let opcode = OpCode::Data(if place == 0 { kind } else { Data::Continue });
        Frame::message(chunk.to_vec(), opcode, place + 1 == chunks.len())
    };
    chunks.iter().enumerate().map(frame).collect()
}

#[tokio::test]
async fn fragmented_messages_come_through_whole_both_ways_with_pings_among_them() {
    let listener = listener().await;
    let url = Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("a URL");
    let platform = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a socket");
        let mut got = Vec::new();
        while got.len() < 2 {
            let message = socket.next().await.expect("a message").expect("a message");
            let kind = match message {
                Message::Text(_) => Data::Text,
                Message::Binary(_) => Data::Binary,
                _ => continue,
            };
            for frame in fragments(kind, &message.clone().into_data()) {
                socket.send(Message::Frame(frame)).await.expect("sent");
                socket.send(Message::Ping(vec![1].into())).await.expect("sent");
            }
            got.push(message);
        }
        while let Some(Ok(_)) = socket.next().await {}
        got
    });
    let world = world_with(&url).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let mut live = socket(&stage, "/live").await;
    let (text, bytes) = ("é€😀".repeat(1_000), (0..=255u8).cycle().take(1_500_000).collect::<Vec<u8>>());
    let whole = [Message::text(text.clone()), Message::binary(bytes.clone())];
    for (kind, message) in [(Data::Text, &whole[0]), (Data::Binary, &whole[1])] {
        for frame in fragments(kind, &message.clone().into_data()) {
            live.send(Message::Frame(frame)).await.expect("sent");
            live.send(Message::Ping(vec![2].into())).await.expect("sent");
        }
        let back = loop {
            match live.next().await.expect("an echo").expect("a frame") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => break message,
            }
        };
        assert!(back == *message, "{} bytes", back.len());
    }
    live.close(None).await.expect("closed");
    while let Some(Ok(_)) = live.next().await {}
    assert!(platform.await.expect("the platform") == whole);
    assert_eq!(hashes(world.ledger().await), [recorded(text.as_bytes()), recorded(&bytes)]);
    world.stop().await;
}

#[tokio::test]
async fn close_codes_and_reasons_come_through_both_ways() {
    let (platform, mut closed) = platform().await;
    let world: World = world_with(&platform).await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::Act).await;

    let mut live = socket(&stage, "/live").await;
    live.send("close".into()).await.expect("sent");
    let Some(Ok(Message::Close(Some(frame)))) = live.next().await else { panic!("a close") };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4_002, "enough"));
    assert!(!matches!(live.next().await, Some(Ok(_))), "and then nothing");

    let codes = [(1_000, "done"), (1_001, ""), (3_000, "registered"), (4_999, "été")];
    for (code, reason) in codes {
        let mut live = socket(&stage, "/live").await;
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        live.close(Some(frame)).await.expect("closed");
        while let Some(Ok(_)) = live.next().await {}
    }
    let mut live = socket(&stage, "/live").await;
    live.close(None).await.expect("closed");
    while let Some(Ok(_)) = live.next().await {}

    let mut told = Vec::new();
    eventually("every close has reached the platform", async || {
        while let Ok(close) = closed.try_recv() {
            told.push(close);
        }
        (told.len() >= 6).then_some(())
    })
    .await;
    // The first is the platform's own, which the page has echoed.
    let said = codes.map(|(code, reason)| Some((code, reason.to_owned())));
    assert_eq!(told[1..], [&said[..], &[None]].concat());

    // An end is not the platform's doing, and says so.
    let mut live = socket(&stage, "/live").await;
    app.end(&started).await.expect("ended");
    let Some(Ok(Message::Close(Some(frame)))) = live.next().await else { panic!("a close") };
    assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::Policy, "The session has ended."));
    world.stop().await;
}
