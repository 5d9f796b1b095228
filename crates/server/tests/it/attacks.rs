//! Attacks on the gateway, each by its name. What reaches a platform is read from the platform's own side.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, body::to_bytes, extract::Request, extract::State};
use futures_util::{SinkExt as _, StreamExt as _, future::join_all};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Mutex,
};
use understudy_protocol::Mode;
use understudy_rules::passage::Class;
use understudy_server::config::{Config, Origin, RouteConfig};
use url::Url;

use crate::{
    gateway::served,
    stage::socket,
    world::{ELISE, Stage, World, client},
};

/// All that has reached the platform.
type Seen = Arc<Mutex<Vec<Value>>>;

/// A platform that writes down whatever reaches it, before a gateway with these routes.
async fn watched(routes: Vec<RouteConfig>) -> (World, Seen) {
    async fn watch(State(seen): State<Seen>, request: Request) -> Json<Value> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
        let headers: Vec<_> = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let said = json!({
            "method": parts.method.as_str(), "uri": parts.uri.to_string(), "headers": headers,
            "body": String::from_utf8_lossy(&body),
        });
        seen.lock().await.push(said.clone());
        Json(said)
    }
    let seen = Seen::default();
    let platform = served(Router::new().fallback(watch).with_state(Arc::clone(&seen))).await;
    let change = move |config: &mut Config| {
        let gateway = config.platform.origin[0].gateway.clone();
        config.platform.origin = vec![Origin { platform, gateway }];
        config.platform.route = routes;
    };
    (World::with(change, false).await, seen)
}

fn route(method: Option<&str>, path: &str, class: Class) -> RouteConfig {
    RouteConfig { method: method.map(str::to_owned), path: path.to_owned(), class, ..RouteConfig::default() }
}

fn names(seen: &Value) -> Vec<&str> {
    seen["headers"].as_array().expect("headers").iter().filter_map(|pair| pair[0].as_str()).collect()
}

fn values<'a>(seen: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = seen["headers"].as_array().expect("headers").iter();
    headers.filter(|pair| pair[0] == name).filter_map(|pair| pair[1].as_str()).collect()
}

/// Sends bytes as they are, and answers with the first status line and all of the answer.
async fn raw(stage: &Stage<'_>, bytes: &str) -> String {
    let port = stage.world.gateway.port().expect("a port");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
    // Whoever is refused early may find the line closed.
    let _ = stream.write_all(bytes.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The head that a stage would send, without the empty line at its end.
fn head(stage: &Stage<'_>, line: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n", stage.world.gateway.authority(), stage.cookies)
}

#[tokio::test]
async fn an_identity_header_in_any_spelling_and_however_often_is_replaced_by_ours() {
    let (world, seen) = watched(vec![]).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let lines = "Understudy-Identity: forged-1\r\nUNDERSTUDY-IDENTITY: forged-2\r\nunderstudy_identity: forged-3\r\n\
                 Understudy_Identity: forged-4\r\nConnection: close, Understudy-Identity\r\n\r\n";
    let answer = raw(&stage, &format!("{}{lines}", head(&stage, "GET /"))).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = seen.lock().await;
    let [token] = values(&seen[0], "understudy-identity")[..] else { panic!("one token: {:?}", seen[0]) };
    assert_eq!(token.split('.').count(), 3, "{token}");
    assert!(!seen[0].to_string().contains("forged"), "{}", seen[0]);
    world.stop().await;
}

#[tokio::test]
async fn no_header_turns_a_view_into_a_change() {
    let (world, seen) = watched(vec![]).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let overrides = [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
        "x_http_method_override",
        "x_method_override",
        "x-original-url",
        "x-original-method",
        "x-rewrite-url",
    ];
    for name in overrides {
        let answer = stage.request(Method::GET, "/profile").header(name, "DELETE").send().await;
        assert_eq!(answer.expect("an answer").status(), StatusCode::OK, "{name}");
    }
    let seen = seen.lock().await;
    assert_eq!(seen.len(), overrides.len());
    for request in seen.iter() {
        let arrived = names(request);
        assert!(!overrides.iter().any(|name| arrived.contains(name)), "{arrived:?}");
        assert_eq!(request["method"], "GET");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_method_in_the_query_does_not_turn_a_view_into_a_change() {
    let (world, seen) = watched(vec![]).await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    for query in
        ["_method=DELETE", "a=1&_method=put", "_METHOD=patch", "%5fmethod=POST", "_method=DELETE&_method=GET"]
    {
        let answer = stage.get(&format!("/profile?{query}")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{query}");
        assert!(answer.text().await.expect("a page").contains("view only"), "{query}");
    }
    // Who names no change, or is another parameter, passes.
    for query in ["_method=GET", "_method=head", "method=DELETE", "q=_method"] {
        assert_eq!(stage.status(&format!("/profile?{query}")).await, StatusCode::OK, "{query}");
    }
    // A form is a POST anyway.
    let form = stage.request(Method::POST, "/profile").form(&[("_method", "GET")]).send().await;
    assert_eq!(form.expect("an answer").status(), StatusCode::FORBIDDEN);
    assert_eq!(seen.lock().await.len(), 4);
    app.end(&started).await.expect("ended");
    // In `act` it is what it says it is: a change.
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    assert_eq!(stage.status("/profile?_method=DELETE").await, StatusCode::OK);
    let (_, action) = world.ledger().await.into_iter().rfind(|(kind, _)| kind == "action").expect("recorded");
    assert_eq!(action["changes"], true);
    world.stop().await;
}

#[tokio::test]
async fn a_get_that_changes_something_is_refused_in_view_in_every_spelling() {
    let (world, seen) = watched(vec![route(Some("GET"), "/orders/{id}/cancel", Class::Changes)]).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let spellings = [
        "/orders/7/cancel",
        "/orders/7/cancel/",
        "/Orders/7/CANCEL",
        "/orders/7/cancel?x=1",
        "/orders/%40/cancel",
    ];
    for path in spellings {
        for method in ["GET", "HEAD", "get", "OPTIONS"] {
            let head = head(&stage, &format!("{method} {path}"));
            let status = raw(&stage, &format!("{head}Connection: close\r\n\r\n")).await;
            // OPTIONS is not the route's method, and only asks.
            let expected = if method == "OPTIONS" { " 200 " } else { " 403 " };
            assert!(
                status.lines().next().unwrap_or_default().contains(expected),
                "{method} {path}: {status}"
            );
        }
    }
    assert!(seen.lock().await.iter().all(|request| request["method"] == "OPTIONS"));
    world.stop().await;
}

#[tokio::test]
async fn a_route_that_is_shut_has_no_other_way_in() {
    let (world, seen) = watched(vec![route(None, "/settings/keys", Class::Shut)]).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    for path in [
        "/settings/keys",
        "/settings/keys/",
        "/SETTINGS/Keys",
        "/settings//keys",
        "//settings/keys",
        "/settings/./keys",
        "/settings/x/../keys",
        "/settings/%2e/keys",
        "/x/%2e%2e/settings/keys",
        "/x/%2E%2E/settings/keys",
        "/x/..%2fsettings/keys",
        "/settings%2fkeys",
        "/settings%2Fkeys",
        "/settings%5ckeys",
        "/settings\\keys",
        "/settings%252fkeys",
        "/%73ettings/keys",
        "/settings/key%73",
        "/settings/keys.",
        "/settings/keys...",
        "/settings/keys%2e",
        "/settings/keys%20",
        "/settings/keys%00",
        "/settings/keys%0a",
        "/settings/keys;a=b",
        "/settings;a=b/keys",
        "/settings/keys%3ba=b",
        "/settings/keys?x=1",
        "/settings/keys#x",
    ] {
        let answer =
            raw(&stage, &format!("{}Connection: close\r\n\r\n", head(&stage, &format!("GET {path}")))).await;
        let status = answer.lines().next().unwrap_or_default();
        assert!(status.contains(" 403 ") || status.contains(" 400 "), "{path}: {status}");
    }
    assert_eq!(*seen.lock().await, Vec::<Value>::new(), "nothing has reached the platform");
    world.stop().await;
}

#[tokio::test]
async fn in_view_no_frame_of_any_kind_reaches_the_platform() {
    use tokio_tungstenite::tungstenite::Message;
    let world = World::new().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    for frame in
        [Message::text("buy"), Message::binary(vec![1, 2]), Message::text(""), Message::binary(vec![])]
    {
        let mut live = socket(&stage, "/live/echo").await;
        live.send(frame.clone()).await.expect("sent");
        let answer = live.next().await.expect("an answer").expect("a frame");
        assert!(answer.is_close(), "{frame:?}: {answer:?}");
    }
    let kinds = world.kinds().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "frame_refused").count(), 4);
    assert!(kinds.iter().all(|kind| kind != "frame"));
    world.stop().await;
}

#[tokio::test]
async fn no_request_is_smuggled_inside_another() {
    let (world, seen) = watched(vec![]).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let inner = format!("GET /smuggled HTTP/1.1\r\nHost: {}\r\n\r\n", world.gateway.authority());
    let post = head(&stage, "POST /outer");
    let chunked = "Transfer-Encoding: chunked\r\n";
    let length = inner.len();
    let attempts = [
        ("length and chunks", format!("{post}Content-Length: 4\r\n{chunked}\r\n0\r\n\r\n{inner}")),
        (
            "chunks and length",
            format!("{post}{chunked}Content-Length: {}\r\n\r\n0\r\n\r\n{inner}", length + 5),
        ),
        ("two lengths", format!("{post}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{inner}")),
        ("lengths in a list", format!("{post}Content-Length: 0, {length}\r\n\r\n{inner}")),
        ("a signed length", format!("{post}Content-Length: +{length}\r\n\r\n{inner}")),
        (
            "a coding nobody knows",
            format!("{post}Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n{inner}"),
        ),
        (
            "chunks that are not last",
            format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{inner}"),
        ),
        (
            "a space before the colon",
            format!("{post}Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{inner}"),
        ),
        (
            "a folded line",
            format!("{post}X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{inner}"),
        ),
        (
            "a folded coding",
            format!("{post}Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{inner}"),
        ),
        (
            "bare line feeds",
            format!("{}Content-Length: 0\n{chunked}\n0\n\n{inner}", post.replace("\r\n", "\n")),
        ),
        (
            "a bare line feed in a value",
            format!("{post}X: y\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{inner}"),
        ),
        (
            "a bare carriage return",
            format!("{post}X: y\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{inner}"),
        ),
        ("an extended chunk", format!("{post}{chunked}\r\n0;\n\r\n\r\n{inner}")),
        ("a chunk that is too long", format!("{post}{chunked}\r\nfffffffffffffffff\r\n{inner}")),
    ];
    for (what, bytes) in attempts {
        let answer = raw(&stage, &bytes).await;
        // What was inside has no cookie of the session: read as a request of its own it is nobody's.
        assert!(!answer.contains("/smuggled"), "{what}: {answer}");
        for said in seen.lock().await.drain(..) {
            assert_eq!(said["uri"], "/outer", "{what}: {said}");
            let framed = usize::from(!values(&said, "content-length").is_empty())
                + usize::from(!values(&said, "transfer-encoding").is_empty());
            assert!(framed <= 1, "{what}: one way only to find its end: {said}");
        }
    }
    assert_eq!(stage.status("/").await, StatusCode::OK, "the session goes on");
    world.stop().await;
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_the_server_lives_on() {
    let (world, seen) = watched(vec![]).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let large = "x".repeat(1 << 20);
    let many: String = (0..2_000).map(|n| format!("X-{n}: y\r\n")).collect();
    let get = head(&stage, "GET /");
    for (what, bytes) in [
        ("one header", format!("{get}X-Large: {large}\r\n\r\n")),
        ("many headers", format!("{get}{many}\r\n")),
        ("a cookie", format!("{get}Cookie: {large}\r\n\r\n")),
        ("the path", format!("{}\r\n", head(&stage, &format!("GET /{large}")))),
        ("a method", format!("{}\r\n", head(&stage, &format!("{large} /")))),
    ] {
        let answer = raw(&stage, &bytes).await;
        let status = answer.lines().next().unwrap_or_default();
        let refused = [" 400 ", " 403 ", " 414 ", " 431 "].iter().any(|code| status.contains(code));
        // One who hangs up in the middle of it has refused it, too.
        assert!(refused || answer.is_empty(), "{what}: {status}");
        assert!(seen.lock().await.is_empty(), "{what}");
        assert_eq!(stage.status("/").await, StatusCode::OK, "after {what}");
        seen.lock().await.clear();
    }
    // A body that the API does not want; what the gateway passes on is streamed.
    let body = json!({ "email": "a".repeat(1 << 20), "password": "x" });
    let answer = client().post(world.api.join("/api/sign-in").expect("a URL")).json(&body).send().await;
    assert_eq!(answer.expect("an answer").status(), StatusCode::PAYLOAD_TOO_LARGE);
    world.stop().await;
}

#[tokio::test]
async fn a_planted_cookie_opens_nothing_and_is_never_taken_over() {
    let (world, seen) = watched(vec![]).await;
    let app = world.agent().await;
    // Somebody plants a value of their own before the stage enters, and waits for it to become good.
    let planted = "understudy=planted-by-somebody-else-0123456789abcdefg";
    let started = app.session(ELISE, Mode::Act).await;
    let door = app.handoff(&started).await.expect("a handoff");
    let fixed = client().get(door.clone()).header(header::COOKIE, planted).send().await.expect("an answer");
    assert_eq!(fixed.status(), StatusCode::FORBIDDEN);
    assert!(!fixed.headers().contains_key(header::SET_COOKIE));
    let mut stage = world.stage();
    stage.enter(door).await;
    assert!(!stage.cookies.contains("planted"));
    let with = async |cookies: String| {
        client()
            .get(world.gateway.clone())
            .header(header::COOKIE, cookies)
            .send()
            .await
            .expect("an answer")
            .status()
    };
    assert_eq!(with(planted.to_owned()).await, StatusCode::UNAUTHORIZED);
    // Beside the right one, in either order, it is nobody's request.
    assert_eq!(with(format!("{planted}; {}", stage.cookies)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(with(format!("{}; {planted}", stage.cookies)).await, StatusCode::UNAUTHORIZED);
    // Nor can the platform's own page set one: it goes into the jar, not to the webview, and not to the gateway.
    assert_eq!(seen.lock().await.len(), 0);
    assert_eq!(with(stage.cookies.clone()).await, StatusCode::OK);
    assert!(!seen.lock().await[0].to_string().contains("understudy="), "ours stays here");
    world.stop().await;
}

#[tokio::test]
async fn of_50_who_replay_a_handoff_at_once_over_two_servers_one_enters() {
    let world = World::new().await;
    let app = world.agent().await;
    let started = app.session(ELISE, Mode::View).await;
    let door = app.handoff(&started).await.expect("a handoff");
    let second = world.second().await;
    let path = format!("{}?{}", door.path(), door.query().expect("a pass"));
    let first = format!("127.0.0.1:{}", world.gateway.port().expect("a port"));
    let there = second.gateway.to_string();
    let tries = join_all((0..50).map(|n| {
        let host = if n % 2 == 0 { &first } else { &there };
        let url = Url::parse(&format!("http://{host}{path}")).expect("a URL");
        client().get(url).header(header::HOST, world.gateway.authority().to_owned()).send()
    }))
    .await;
    let statuses: Vec<StatusCode> =
        tries.into_iter().map(|answer| answer.expect("an answer").status()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::FORBIDDEN).count(), 49);
    assert_eq!(world.kinds().await.iter().filter(|kind| *kind == "stage_entered").count(), 1);
    second.stop().await;
    world.stop().await;
}

/// A path, what a browser says beside it, and whether there is an answer.
type Asked<'a> = (&'a str, &'a [(&'a str, &'a str)], bool);

#[tokio::test]
async fn invariant_7_a_page_of_another_site_gets_nothing_out_of_the_api() {
    let world = World::new().await;
    let own = world.api.origin().ascii_serialization();
    let gateway = world.gateway.origin().ascii_serialization();
    let (site, mode, origin) = ("sec-fetch-site", "sec-fetch-mode", "origin");
    let cases: [Asked<'_>; 11] = [
        ("/api/info", &[], true),
        ("/api/info", &[(site, "same-origin"), (mode, "cors")], true),
        ("/api/info", &[(site, "none"), (mode, "navigate")], true),
        ("/api/info", &[(origin, &own)], true),
        ("/person", &[(site, "cross-site"), (mode, "navigate")], true),
        ("/api/info", &[(site, "cross-site"), (mode, "no-cors")], false),
        ("/api/info", &[(site, "same-site"), (mode, "cors")], false),
        ("/api/info", &[(site, "cross-site")], false),
        ("/api/info", &[(origin, &gateway)], false),
        ("/api/info", &[(origin, "null")], false),
        ("/person", &[(site, "cross-site"), (mode, "navigate"), (origin, &gateway)], false),
    ];
    for (path, headers, answered) in cases {
        let mut request = client().get(world.api.join(path).expect("a URL"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let status = request.send().await.expect("an answer").status();
        assert_eq!(
            status,
            if answered { StatusCode::OK } else { StatusCode::FORBIDDEN },
            "{path} {headers:?}"
        );
    }
    let post = client().post(world.api.join("/person").expect("a URL"));
    let post = post.header(site, "cross-site").header(mode, "navigate").send().await.expect("an answer");
    assert_eq!(post.status(), StatusCode::FORBIDDEN, "a form of another site's");
    world.stop().await;
}
