//! The gateway as a proxy: what comes out is what went in.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::IntoResponse as _,
};
use futures_util::StreamExt as _;
use reqwest::Method;
use sha2::{Digest as _, Sha256};
use understudy_protocol::Mode;
use understudy_server::config::Origin;
use url::Url;

use crate::world::{ELISE, Stage, World, client};

/// A platform that answers with whatever is hard to pass on.
async fn awkward() -> Url {
    async fn answer(request: Request) -> axum::response::Response {
        let path = request.uri().path().to_owned();
        let gzip: &[u8] =
            &[31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 203, 72, 205, 201, 201, 7, 0, 134, 166, 16, 54, 5, 0, 0, 0];
        match path.as_str() {
            "/gzip" => ([(header::CONTENT_ENCODING, "gzip"), (header::ETAG, "\"g\"")], gzip).into_response(),
            "/empty" => StatusCode::NO_CONTENT.into_response(),
            "/not-modified" => (StatusCode::NOT_MODIFIED, [(header::ETAG, "\"n\"")]).into_response(),
            "/chunked" => {
                let chunks = futures_util::stream::iter(
                    (0..50u32).map(|n| Ok::<_, std::io::Error>(Bytes::from(vec![n.to_le_bytes()[0]; 1_000]))),
                );
                Body::from_stream(chunks).into_response()
            }
            "/partial" => {
                let range = [(header::CONTENT_RANGE, "bytes 2-4/10")];
                (StatusCode::PARTIAL_CONTENT, range, "cde").into_response()
            }
            "/many" => {
                let mut headers = HeaderMap::new();
                for value in ["a", "b", "c"] {
                    headers.append("x-many", HeaderValue::from_static(value));
                }
                headers.insert("x-odd", HeaderValue::from_bytes(b"caf\xe9").expect("a value"));
                (StatusCode::IM_A_TEAPOT, headers, vec![0u8, 255, 13, 10]).into_response()
            }
            "/moved" => (StatusCode::FOUND, [(header::LOCATION, "/gzip")]).into_response(),
            _ => {
                let (parts, body) = request.into_parts();
                let mut hash = Sha256::new();
                let mut size = 0u64;
                let mut body = body.into_data_stream();
                while let Some(Ok(chunk)) = body.next().await {
                    size += chunk.len() as u64;
                    hash.update(&chunk);
                }
                let length = parts
                    .headers
                    .get(header::CONTENT_LENGTH)
                    .and_then(|v| v.to_str().ok())
                    .unwrap_or("none")
                    .to_owned();
                let hash = data_encoding::HEXLOWER.encode(&hash.finalize());
                format!("{} {} {size} {length} {hash}", parts.method, parts.uri).into_response()
            }
        }
    }
    served(Router::new().fallback(answer)).await
}

/// Serves a platform of a test's own.
pub async fn served(platform: Router) -> Url {
    let listener = crate::world::listener().await;
    let url = Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("a URL");
    tokio::spawn(async move { axum::serve(listener, platform).await });
    url
}

pub async fn world_with(platform: &Url) -> World {
    let platform = platform.clone();
    let change = move |config: &mut understudy_server::config::Config| {
        let gateway = config.platform.origin[0].gateway.clone();
        config.platform.origin = vec![Origin { platform, gateway }];
        config.platform.route.clear();
    };
    World::with(change, false).await
}

type Answer = (StatusCode, BTreeMap<String, Vec<Vec<u8>>>, Vec<u8>);

async fn taken(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.expect("an answer");
    let mut headers: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, value) in answer.headers() {
        if *name != header::DATE {
            headers.entry(name.to_string()).or_default().push(value.as_bytes().to_vec());
        }
    }
    (answer.status(), headers, answer.bytes().await.expect("a body").to_vec())
}

#[tokio::test]
async fn answers_come_through_byte_for_byte() {
    let platform = awkward().await;
    let world = world_with(&platform).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let direct = |method: Method, path: &str| client().request(method, platform.join(path).expect("a URL"));
    for method in
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
    {
        for path in
            ["/gzip", "/empty", "/not-modified", "/chunked", "/partial", "/many", "/moved", "/x?a=b&a=%20c&d"]
        {
            let through = taken(stage.request(method.clone(), path)).await;
            assert_eq!(through, taken(direct(method.clone(), path)).await, "{method} {path}");
        }
    }
    let bodies: [(&str, Vec<u8>); 4] = [
        ("application/x-www-form-urlencoded", b"a=1&b=%C3%A9".to_vec()),
        ("application/json", b"{\"a\": [1, 2]}".to_vec()),
        ("application/octet-stream", (0..=255u8).cycle().take(300_000).collect()),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n".to_vec(),
        ),
    ];
    for (content_type, body) in bodies {
        for chunked in [false, true] {
            let with_body = |request: reqwest::RequestBuilder| {
                let request = request.header(header::CONTENT_TYPE, content_type);
                if !chunked {
                    return request.body(body.clone());
                }
                let chunks: Vec<_> =
                    body.chunks(1_000).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect();
                request.body(reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)))
            };
            let through = taken(with_body(stage.request(Method::POST, "/body"))).await;
            let straight = taken(with_body(direct(Method::POST, "/body"))).await;
            assert_eq!(through, straight, "{content_type}, chunked: {chunked}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn ranges_of_a_document_come_through() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, mut stage) = app.stage(ELISE, Mode::Act).await;
    let csrf = stage.csrf().await;
    let content: Vec<u8> = (0..=255u8).cycle().take(5_000).collect();
    let part = reqwest::multipart::Part::bytes(content.clone()).file_name("data.bin");
    let form = reqwest::multipart::Form::new().text("csrf_token", csrf).part("file", part);
    stage.request(Method::POST, "/documents").multipart(form).send().await.expect("uploaded");
    let page = stage.get("/documents").await.text().await.expect("a page");
    let links = page
        .match_indices("/documents/")
        .map(|(at, _)| page[at..].split(['"', '?', '<']).next().expect("a path"));
    let mut found = None;
    for link in links.filter(|link| !link.ends_with("/delete") && !link.contains("statement")) {
        if taken(stage.request(Method::GET, link)).await.2 == content {
            found = Some(link.to_owned());
        }
    }
    let path = found.expect("the document that was uploaded");
    let (status, headers, bytes) =
        taken(stage.request(Method::GET, &path).header(header::RANGE, "bytes=10-19")).await;
    assert_eq!((status, bytes.as_slice()), (StatusCode::PARTIAL_CONTENT, &content[10..20]));
    assert_eq!(headers["content-range"][0], b"bytes 10-19/5000");
    world.stop().await;
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    status.split(' ').nth(1).expect("pages").parse::<u64>().expect("a number") * 4_096
}

#[tokio::test]
async fn a_200_mb_upload_streams_in_constant_memory() {
    const MEGABYTES: usize = 200;
    let platform = awkward().await;
    let world = world_with(&platform).await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let chunk = Bytes::from(vec![7u8; 1 << 20]);
    // A form that never shows its boundary must not be kept in the hope of one.
    for content_type in ["application/octet-stream", "multipart/form-data; boundary=never"] {
        let highest = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let seen = Arc::clone(&highest);
        let before = resident();
        let chunk = chunk.clone();
        let chunks = futures_util::stream::iter(0..MEGABYTES).map(move |_| {
            seen.fetch_max(resident(), std::sync::atomic::Ordering::Relaxed);
            Ok::<_, std::io::Error>(chunk.clone())
        });
        let length = (MEGABYTES << 20).to_string();
        let upload = stage
            .request(Method::PUT, "/upload")
            .header(header::CONTENT_LENGTH, &length)
            .header(header::CONTENT_TYPE, content_type)
            .body(reqwest::Body::wrap_stream(chunks));
        let (status, _, body) = taken(upload).await;
        assert_eq!(status, StatusCode::OK);
        let said = String::from_utf8(body).expect("text");
        assert!(said.starts_with(&format!("PUT /upload {length} {length} ")), "{said}");
        let grown = highest.load(std::sync::atomic::Ordering::Relaxed).saturating_sub(before);
        assert!(grown < 32 << 20, "{content_type}: memory grew by {} MB", grown >> 20);
    }
    world.stop().await;
}

#[tokio::test]
async fn several_origins_are_entered_one_after_the_other_and_each_keeps_its_own_cookie() {
    let (first, second) = (awkward().await, awkward().await);
    let (a, b) = (first.clone(), second.clone());
    let change = move |config: &mut understudy_server::config::Config| {
        let gateway = config.platform.origin[0].gateway.clone();
        let mut other = gateway.clone();
        other.set_host(Some("api.localhost")).expect("a host");
        config.platform.origin =
            vec![Origin { platform: a, gateway }, Origin { platform: b, gateway: other }];
        config.platform.route.clear();
    };
    let world = World::with(change, false).await;
    let app = world.agent().await;
    let started = app.session(ELISE, Mode::Act).await;
    let handoff = app.handoff(&started).await.expect("a handoff");
    let port = world.gateway.port().expect("a port");
    let to = |url: &Url| {
        // Whatever the name resolves to, the gateway is here.
        let mut there = url.clone();
        there.set_host(Some("127.0.0.1")).expect("a host");
        client().get(there).header(header::HOST, format!("{}:{port}", url.host_str().expect("a host")))
    };
    let cookie = |answer: &reqwest::Response| {
        answer.headers()[header::SET_COOKIE]
            .to_str()
            .expect("text")
            .split(';')
            .next()
            .expect("a pair")
            .to_owned()
    };
    let one = to(&handoff).send().await.expect("an answer");
    let next = Url::parse(one.headers()[header::LOCATION].to_str().expect("text")).expect("a URL");
    assert_eq!(next.host_str(), Some("api.localhost"));
    // The second pass opens the second door only.
    let mut wrong_door = next.clone();
    wrong_door.set_host(Some("localhost")).expect("a host");
    assert_eq!(to(&wrong_door).send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    let two = to(&next).send().await.expect("an answer");
    assert_eq!(two.headers()[header::LOCATION], world.gateway.as_str());
    let api = next.join("/x").expect("a URL");
    for (url, cookies, expected) in [
        (&world.gateway, cookie(&one), StatusCode::OK),
        (&api, cookie(&two), StatusCode::OK),
        (&world.gateway, cookie(&two), StatusCode::UNAUTHORIZED),
        (&api, cookie(&one), StatusCode::UNAUTHORIZED),
    ] {
        let answer = to(url).header(header::COOKIE, &cookies).send().await.expect("an answer");
        assert_eq!(answer.status(), expected, "{url}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_platform_that_is_gone_is_said_plainly_and_is_on_record() {
    let closed = Url::parse("http://127.0.0.1:9").expect("a URL");
    let world = world_with(&closed).await;
    let app = world.agent().await;
    let (_, stage): (_, Stage<'_>) = app.stage(ELISE, Mode::Act).await;
    let answer = stage.get("/").await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert!(answer.text().await.expect("a page").contains("The platform does not answer"));
    let (_, details) =
        world.ledger().await.into_iter().rfind(|(kind, _)| kind == "action_answered").expect("recorded");
    assert!(details["status"].is_null());
    world.stop().await;
}
