//! The gateway as the stage sees it: what is recorded, what is refused, what never gets through.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode, header};
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{self, client::IntoClientRequest as _, handshake::client::Response, http::HeaderValue},
};
use understudy_protocol::{Action, Mode, SessionDetail, Started};

use crate::world::{App, ELISE, Stage, World};

pub type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

pub async fn socket(stage: &Stage<'_>, path: &str) -> Socket {
    upgrade(stage, path, &[]).await.expect("a socket").0
}

/// Asks for a socket, and tells how the platform answered.
pub async fn upgrade(
    stage: &Stage<'_>,
    path: &str,
    more: &[(&'static str, &str)],
) -> Result<(Socket, Response), tungstenite::Error> {
    let gateway = &stage.world.gateway;
    let mut request = format!("ws://{}{path}", gateway.authority()).into_client_request().expect("a request");
    request.headers_mut().insert("cookie", HeaderValue::from_str(&stage.cookies).expect("text"));
    let origin = gateway.origin().ascii_serialization();
    request.headers_mut().insert("origin", HeaderValue::from_str(&origin).expect("text"));
    for (name, value) in more {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("text"));
    }
    // The gateway listens on 127.0.0.1; `localhost` may mean ::1 first.
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", gateway.port().expect("a port")))
        .await
        .expect("connected");
    tokio_tungstenite::client_async(request, MaybeTlsStream::Plain(stream)).await
}

async fn actions(app: &App<'_>, started: &Started) -> Vec<Action> {
    let detail: SessionDetail =
        app.get(&format!("/api/sessions/{}", started.session.id)).await.expect("the session");
    detail.actions
}

/// What `/echo` says reached the platform.
async fn echo(request: reqwest::RequestBuilder) -> Value {
    request.send().await.expect("an answer").json().await.expect("JSON")
}

fn header_of<'a>(echo: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = echo["headers"].as_array().expect("headers").iter();
    headers.filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().expect("text")).collect()
}

#[tokio::test]
async fn invariant_2_no_header_of_the_client_keeps_an_action_out_of_the_record() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let disguises = [
        ("sec-fetch-dest", "image"),
        ("sec-fetch-mode", "no-cors"),
        ("purpose", "prefetch"),
        ("accept", "text/css"),
        ("x-requested-with", "XMLHttpRequest"),
        ("upgrade-insecure-requests", "1"),
        ("x-original-url", "/static/meridian.css"),
    ];
    for (name, value) in disguises {
        let answer =
            stage.request(Method::GET, "/transactions").header(name, value).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }
    assert_eq!(actions(&app, &started).await.len(), disguises.len());
    world.stop().await;
}

#[tokio::test]
async fn invariant_2_what_is_not_recorded_goes_without_identity_and_without_cookies() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    assert_eq!(stage.status("/").await, StatusCode::OK);
    assert_eq!(stage.status("/static/meridian.css").await, StatusCode::OK);
    assert_eq!(actions(&app, &started).await.len(), 1);
    let log = world.meridian.access_log().expect("the log");
    let asset = log.iter().find(|line| line.path == "/static/meridian.css").expect("seen");
    assert_eq!((&asset.person, &asset.actor), (&None, &None));
    // Without a session there is no way to the platform at all.
    assert_eq!(world.stage().status("/static/meridian.css").await, StatusCode::UNAUTHORIZED);
    world.stop().await;
}

#[tokio::test]
async fn invariant_2_an_asset_carries_nothing_of_the_person() {
    use understudy_rules::passage::Class;
    use understudy_server::config::RouteConfig;
    let world = World::with(
        |config| {
            let echo = RouteConfig { path: "/echo".into(), class: Class::Asset, ..RouteConfig::default() };
            config.platform.route.insert(0, echo);
        },
        false,
    )
    .await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    assert_eq!(stage.status("/").await, StatusCode::OK);
    let seen =
        echo(stage.request(Method::GET, "/echo").bearer_auth("x").header("referer", world.gateway.as_str()))
            .await;
    for name in ["cookie", "understudy-identity", "authorization", "referer"] {
        assert_eq!(header_of(&seen, name), Vec::<&str>::new(), "{name}");
    }
    world.stop().await;
}

#[tokio::test]
async fn invariant_2_what_cannot_be_recorded_is_not_done() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, mut stage) = app.stage(ELISE, Mode::Act).await;
    stage.csrf().await;
    let before = world.meridian.access_log().expect("the log").len();
    let db = &world.core.store.db;
    db.execute_unprepared("UPDATE ledger_head SET id = 2").await.expect("the head is hidden");
    assert_eq!(stage.status("/").await, StatusCode::SERVICE_UNAVAILABLE);
    let change = stage
        .request(Method::POST, "/profile")
        .form(&[("display_name", "X")])
        .send()
        .await
        .expect("an answer");
    assert_eq!(change.status(), StatusCode::SERVICE_UNAVAILABLE);
    db.execute_unprepared("UPDATE ledger_head SET id = 1").await.expect("the head is back");
    assert_eq!(world.meridian.access_log().expect("the log").len(), before, "the platform saw nothing");
    assert_eq!(stage.status("/").await, StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn invariant_5_the_platforms_session_cookie_never_reaches_the_webview() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, mut stage) = app.stage(ELISE, Mode::Act).await;
    for path in ["/", "/profile", "/documents", "/settings"] {
        let answer = stage.get(path).await;
        for line in answer.headers().get_all(header::SET_COOKIE) {
            assert!(!line.to_str().expect("text").contains("meridian_session"), "{path}");
        }
        stage.keep(&answer);
    }
    assert!(stage.cookies.contains("csrf_token="), "scripts get what they must read: {}", stage.cookies);
    // One that the client makes up does not get through; the jar's does.
    let cookies = format!("{}; meridian_session=forged; other=1", stage.cookies);
    let seen =
        echo(stage.http.get(world.gateway.join("/echo").expect("a URL")).header(header::COOKIE, &cookies))
            .await;
    let sent = header_of(&seen, "cookie").join("; ");
    assert!(
        sent.contains("meridian_session=") && !sent.contains("forged") && !sent.contains("other="),
        "{sent}"
    );
    assert!(!sent.contains("understudy="), "the gateway's own cookie stays: {sent}");
    world.stop().await;
}

#[tokio::test]
async fn invariant_2_a_client_cannot_forge_an_identity_or_another_method() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let forged = stage
        .request(Method::GET, "/echo?a=1")
        .header("understudy-identity", "forged")
        .header("remote-user", "INV-000001")
        .header("x-forwarded-user", "INV-000001")
        .header("x-http-method-override", "DELETE")
        .header("origin", world.gateway.origin().ascii_serialization());
    let seen = echo(forged).await;
    for name in ["remote-user", "x-forwarded-user", "x-http-method-override"] {
        assert_eq!(header_of(&seen, name), Vec::<&str>::new(), "{name}");
    }
    assert_eq!(header_of(&seen, "origin"), [world.platform.origin().ascii_serialization()]);
    assert_eq!(header_of(&seen, "host"), [world.platform.authority()]);
    let [token] = header_of(&seen, "understudy-identity")[..] else { panic!("one token") };
    let claims = token.split('.').nth(1).expect("claims");
    let claims: Value =
        serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(claims.as_bytes()).expect("base64"))
            .expect("JSON");
    assert_eq!(claims["sub"], ELISE);
    assert_eq!(claims["act"]["sub"], started.session.staff.id.to_string());
    assert_eq!(claims["htm"], "GET");
    assert_eq!(claims["htu"], world.platform.join("/echo").expect("a URL").as_str());
    assert_eq!(claims["exp"].as_i64().expect("exp") - claims["iat"].as_i64().expect("iat"), 60);
    world.stop().await;
}

#[tokio::test]
async fn in_view_nothing_changes_and_the_refusal_says_so() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::View).await;
    let csrf = stage.csrf().await;
    let form = [("csrf_token", csrf.as_str()), ("display_name", "Changed")];
    let page = stage
        .request(Method::POST, "/profile")
        .header(header::ACCEPT, "text/html")
        .header(header::REFERER, world.gateway.join("/profile?a=1&b=2").expect("a URL").as_str())
        .form(&form)
        .send()
        .await
        .expect("an answer");
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    let text = page.text().await.expect("a page");
    assert!(
        text.contains("This session is view only") && text.contains("<a href=\"/profile?a=1&amp;b=2\">"),
        "{text}"
    );
    // A form that is sent leaves its page as it is: the app's bar says why.
    let sent = stage.request(Method::POST, "/profile").header("sec-fetch-mode", "navigate").form(&form);
    let sent = sent.send().await.expect("an answer");
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    for method in
        [Method::PUT, Method::PATCH, Method::DELETE, Method::from_bytes(b"QUERY").expect("a method")]
    {
        let answer = stage.request(method.clone(), "/profile").send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method}");
        let problem: Value = answer.json().await.expect("problem details");
        assert_eq!(problem["code"], "view_only");
    }
    let page: understudy_protocol::SessionsPage = app.get("/api/sessions").await.expect("history");
    assert_eq!(page.sessions[0].refused, 6, "the history says how often something was refused");
    // A search by POST only reads, as the configuration says.
    let search =
        stage.request(Method::POST, "/search").json(&json!({ "q": "fund" })).send().await.expect("an answer");
    assert_eq!(search.status(), StatusCode::OK);
    for path in ["/sign-in", "/sign-out"] {
        assert_eq!(stage.status(path).await, StatusCode::FORBIDDEN);
    }
    let log = world.meridian.access_log().expect("the log");
    assert!(log.iter().all(|line| line.actor.is_none() || line.method == "GET" || line.path == "/search"));
    let refused = actions(&app, &started).await.into_iter().filter(|a| a.refused.is_some()).count();
    assert_eq!(refused, 8);
    let events = app.request(Method::GET, "/api/events?cursor=0").send().await.expect("a stream");
    let mut events = Box::pin(events.bytes_stream());
    let mut told = String::new();
    while !told.contains("action_refused") {
        let chunk = tokio::time::timeout(Duration::from_secs(5), events.next()).await.expect("in time");
        told.push_str(&String::from_utf8_lossy(&chunk.expect("an event").expect("bytes")));
    }
    world.stop().await;
}

#[tokio::test]
async fn a_socket_is_recorded_in_act_and_mute_in_view() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::Act).await;
    let mut live = socket(&stage, "/live/echo").await;
    for said in ["one", "two"] {
        live.send(said.into()).await.expect("sent");
        assert_eq!(live.next().await.expect("an echo").expect("text").to_text().expect("text"), said);
    }
    live.close(None).await.expect("closed");
    let frames: Vec<Value> =
        world.ledger().await.into_iter().filter(|(k, _)| k == "frame").map(|(_, d)| d).collect();
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0]["bytes"], 3);
    assert_eq!(frames[0]["sha256"], "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
    app.end(&started).await.expect("ended");

    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let mut live = socket(&stage, "/live/echo").await;
    live.send("three".into()).await.expect("sent");
    let answer = live.next().await.expect("an answer").expect("a frame");
    assert!(answer.is_close(), "{answer:?}");
    assert!(world.kinds().await.iter().any(|kind| kind == "frame_refused"));
    world.stop().await;
}

#[tokio::test]
async fn what_is_said_over_a_socket_stands_with_its_handshake_and_counts_as_one_action() {
    use understudy_protocol::{Frames, SessionsPage};
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::Act).await;
    let say = async |live: &mut WebSocketStream<_>, said: &'static str| {
        live.send(said.into()).await.expect("sent");
        live.next().await.expect("an answer").expect("a frame")
    };
    // Two at once, so that what is said over the one does not count for the other.
    let (mut one, mut other) = (socket(&stage, "/live/echo").await, socket(&stage, "/live/echo").await);
    for said in ["first", "second", "third"] {
        say(&mut one, said).await;
    }
    say(&mut other, "é").await;
    let _silent = socket(&stage, "/live/echo").await;
    assert_eq!(stage.status("/").await, StatusCode::OK);
    let done = actions(&app, &started).await;
    let said = |sent, sent_bytes| Some(Frames { sent, sent_bytes, ..Frames::default() });
    assert_eq!(
        done.iter().map(|a| (a.frames, a.changes)).collect::<Vec<_>>(),
        [(said(3, 16), true), (said(1, 2), true), (None, false), (None, false)]
    );
    assert_eq!(app.end(&started).await.expect("ended").actions, 4, "a socket is one action");

    let (started, stage) = app.stage(ELISE, Mode::View).await;
    assert!(say(&mut socket(&stage, "/live/echo").await, "may I?").await.is_close());
    let done = actions(&app, &started).await;
    let refused = Some(Frames { refused: 1, refused_bytes: 6, ..Frames::default() });
    assert_eq!(done.iter().map(|a| (a.frames, a.changes)).collect::<Vec<_>>(), [(refused, false)]);
    app.end(&started).await.expect("ended");
    let page: SessionsPage = app.get("/api/sessions").await.expect("history");
    assert_eq!(page.sessions.iter().map(|s| s.actions).collect::<Vec<_>>(), [1, 4]);
    world.stop().await;
}

#[tokio::test]
async fn over_a_socket_that_only_reads_the_page_may_speak_in_view_and_changes_nothing() {
    use understudy_rules::passage::Class;
    use understudy_server::config::RouteConfig;
    let reads = |config: &mut understudy_server::config::Config| {
        let path = "/live/echo".into();
        config.platform.route.insert(0, RouteConfig { path, class: Class::Reads, ..RouteConfig::default() });
    };
    let world = World::with(reads, false).await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let mut live = socket(&stage, "/live/echo").await;
    live.send("subscribe".into()).await.expect("sent");
    assert_eq!(live.next().await.expect("an echo").expect("a frame").to_text().expect("text"), "subscribe");
    let done = actions(&app, &started).await;
    let frames = done[0].frames.expect("frames");
    assert_eq!((frames.sent, frames.refused, done[0].changes), (1, 0, false));
    world.stop().await;
}

/// Sends bytes as they are, which no client library would.
async fn raw(stage: &Stage<'_>, request_line: &str, extra: &str) -> String {
    let gateway = &stage.world.gateway;
    let port = gateway.port().expect("a port");
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
    let request = format!(
        "{request_line} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n{extra}Connection: close\r\n\r\n",
        gateway.authority(),
        stage.cookies
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn paths_with_two_readings_are_refused_and_reach_nobody() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    for path in [
        "//settings",
        "/./settings",
        "/static/../settings",
        "/static/%2e%2e/settings",
        "/settings%2fbank",
        "/settings%5cbank",
        "/settings;x=1",
        "/%73ettings",
        "/settings%00",
        "/settings.",
        "/settings%",
    ] {
        let answer = raw(&stage, &format!("GET {path}"), "").await;
        let status = answer.lines().next().unwrap_or_default();
        assert!(status.contains(" 400 "), "{path}: {status}");
    }
    assert!(world.meridian.access_log().expect("the log").iter().all(|line| line.actor.is_none()));
    world.stop().await;
}

#[tokio::test]
async fn requests_that_servers_read_differently_reach_nobody() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let smuggle = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n";
    raw(&stage, "POST /echo", &format!("{smuggle}\r\n0\r\n\r\nGET /settings HTTP/1.1\r\nHost: x\r\n")).await;
    raw(&stage, "POST /echo", "Content-Length: 4\r\nContent-Length: 5\r\n").await;
    raw(&stage, "POST /echo", "Transfer-Encoding: xchunked\r\n").await;
    let twice = raw(&stage, "GET /", "Host: evil.example\r\n").await;
    assert!(twice.contains(" 421 ") || twice.contains(" 400 "), "{twice}");
    assert!(!world.meridian.access_log().expect("the log").iter().any(|line| line.path == "/settings"));
    let absolute = format!("GET {}/", world.platform.origin().ascii_serialization());
    assert!(raw(&stage, &absolute, "").await.contains(" 421 "), "another authority on the request line");
    world.stop().await;
}

#[tokio::test]
async fn two_gateway_cookies_are_nobody() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let planted = format!("understudy=planted; {}", stage.cookies);
    let answer = stage
        .http
        .get(world.gateway.clone())
        .header(header::COOKIE, planted)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    world.stop().await;
}

#[tokio::test]
async fn an_upgrade_that_brings_a_body_is_none_and_the_body_stays_with_its_request() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let gateway = &world.gateway;
    let smuggled = "POST /profile HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    let request = format!(
        "GET /echo HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Content-Length: {}\r\n\r\n{smuggled}",
        gateway.authority(),
        stage.cookies,
        smuggled.len()
    );
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", gateway.port().expect("a port")))
        .await
        .expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = vec![0; 8_192];
    let size = stream.read(&mut answer).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer[..size]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(stage.status("/").await, StatusCode::OK);
    let log = world.meridian.access_log().expect("the log");
    assert!(log.iter().all(|line| line.method == "GET"), "{log:?}");
    world.stop().await;
}

#[tokio::test]
async fn invariant_2_whoever_hangs_up_does_not_keep_the_answer_out_of_the_record() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    let csrf = stage.csrf().await;
    let gateway = &world.gateway;
    let form = format!("csrf_token={csrf}&display_name=Gone&phone=1&address=x");
    let request = format!(
        "POST /profile HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        gateway.authority(),
        stage.cookies,
        form.len()
    );
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", gateway.port().expect("a port")))
        .await
        .expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    crate::world::eventually("it is on its way", async || {
        actions(&app, &started).await.iter().any(|action| action.method == "POST").then_some(())
    })
    .await;
    drop(stream);
    let fields = crate::world::eventually("the answer is on record", async || {
        let done = actions(&app, &started).await.into_iter().find(|action| action.method == "POST")?;
        done.status.map(|_| done.fields)
    })
    .await;
    assert_eq!(fields, ["display_name", "phone", "address"]);
    world.stop().await;
}

#[tokio::test]
async fn invariant_2_a_field_that_reports_leave_out_is_on_record_all_the_same() {
    let world = World::with(
        |config| config.platform.unlisted_fields = vec!["csrf_token".into(), "phone".into()],
        false,
    )
    .await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    assert_eq!(stage.change_profile("Élise").await.status(), StatusCode::SEE_OTHER);
    let done = actions(&app, &started).await;
    assert_eq!(done[1].fields, ["display_name", "address"]);
    let recorded = world.ledger().await.into_iter().rfind(|(kind, _)| kind == "action_answered");
    assert_eq!(
        recorded.expect("the answer").1["fields"],
        json!(["csrf_token", "display_name", "phone", "address"])
    );
    world.stop().await;
}
