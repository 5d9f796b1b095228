//! An end cuts what is open also where somebody has stopped to read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::SinkExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use understudy_protocol::Mode;
use understudy_rules::passage::Class;
use understudy_server::config::{Config, Origin, RouteConfig};
use url::Url;

use crate::{
    stage::socket,
    world::{ELISE, Stage, World, listener},
};

/// A platform that sends without end to the first who connects, until it is cut off.
struct Flood {
    url: Url,
    sent: Arc<AtomicU64>,
    cut: oneshot::Receiver<Instant>,
}

async fn flood<F: Future<Output = ()> + Send>(
    pour: impl FnOnce(TcpStream, Arc<AtomicU64>) -> F + Send + 'static,
) -> Flood {
    let listener: TcpListener = listener().await;
    let url = Url::parse(&format!("http://{}", listener.local_addr().expect("an address"))).expect("a URL");
    let (sent, (told, cut)) = (Arc::new(AtomicU64::new(0)), oneshot::channel());
    let count = Arc::clone(&sent);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        pour(stream, count).await;
        let _ = told.send(Instant::now());
    });
    Flood { url, sent, cut }
}

const SIZE: u64 = 1 << 40;

async fn pour_http(mut stream: TcpStream, sent: Arc<AtomicU64>) {
    let mut request = [0; 8_192];
    let _ = stream.read(&mut request).await;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    while stream.write_all(&[b'x'; 65_536]).await.is_ok() {
        sent.fetch_add(65_536, Ordering::Relaxed);
    }
}

async fn pour_frames(stream: TcpStream, sent: Arc<AtomicU64>) {
    let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a socket");
    while socket.send(vec![b'x'; 65_536].into()).await.is_ok() {
        sent.fetch_add(65_536, Ordering::Relaxed);
    }
}

async fn world_before(flood: &Flood) -> World {
    let platform = flood.url.clone();
    let change = move |config: &mut Config| {
        let gateway = config.platform.origin[0].gateway.clone();
        config.platform.origin = vec![Origin { platform, gateway }];
        let asset = RouteConfig {
            method: None,
            path: "/static/{*rest}".into(),
            class: Class::Asset,
            ..RouteConfig::default()
        };
        config.platform.route = vec![asset];
    };
    World::with(change, false).await
}

/// Until every buffer on the way is full.
async fn stands_still(flood: &Flood) {
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = flood.sent.load(Ordering::Relaxed);
        if now > 0 && now == before {
            return;
        }
        before = now;
    }
}

/// Asks for a download, and reads its beginning.
async fn begin(stage: &Stage<'_>, path: &str) -> TcpStream {
    let gateway = &stage.world.gateway;
    let mut stream =
        TcpStream::connect(("127.0.0.1", gateway.port().expect("a port"))).await.expect("connected");
    let (host, cookies) = (gateway.authority(), &stage.cookies);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookies}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut first = [0; 1_024];
    let size = stream.read(&mut first).await.expect("a beginning");
    assert!(first[..size].starts_with(b"HTTP/1.1 200"));
    stream
}

#[tokio::test]
async fn invariant_3_an_end_cuts_the_platform_off_from_a_reader_that_has_stalled() {
    for path in ["/report", "/static/film"] {
        let mut flood = flood(pour_http).await;
        let world = world_before(&flood).await;
        let app = world.agent().await;
        let (started, stage) = app.stage(ELISE, Mode::View).await;
        let mut stalled = begin(&stage, path).await;
        stands_still(&flood).await;

        let begun = Instant::now();
        app.end(&started).await.expect("ended");
        let cut = tokio::time::timeout(Duration::from_secs(5), &mut flood.cut).await;
        let took = cut.expect("it is cut").expect("told") - begun;
        assert!(took < Duration::from_secs(1), "{path}: {took:?}");
        // The part that is on its way must not pass for the whole when the reader wakes up.
        let rest = async {
            let (mut size, mut some) = (0, vec![0; 1 << 20]);
            while let Ok(more @ 1..) = stalled.read(&mut some).await {
                size += more as u64;
            }
            size
        };
        let rest = tokio::time::timeout(Duration::from_secs(5), rest).await.expect("nothing hangs");
        assert!(rest <= flood.sent.load(Ordering::Relaxed) + 65_536 && rest < SIZE);
        tokio::time::timeout(Duration::from_secs(5), world.stop()).await.expect("the server stops");
    }
}

#[tokio::test]
async fn invariant_3_a_reader_that_never_wakes_up_holds_up_nobody() {
    let flood = flood(pour_http).await;
    let world = world_before(&flood).await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let stalled = begin(&stage, "/report").await;
    stands_still(&flood).await;
    app.end(&started).await.expect("ended");
    let (started, _) = app.stage(ELISE, Mode::View).await;
    app.end(&started).await.expect("ended");
    tokio::time::timeout(Duration::from_secs(5), world.stop()).await.expect("the server stops");
    drop(stalled);
}

#[tokio::test]
async fn invariant_3_an_end_cuts_a_socket_whose_page_has_stopped_to_read() {
    let mut flood = flood(pour_frames).await;
    let world = world_before(&flood).await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let stalled = socket(&stage, "/live").await;
    stands_still(&flood).await;
    let begun = Instant::now();
    app.end(&started).await.expect("ended");
    let cut = tokio::time::timeout(Duration::from_secs(5), &mut flood.cut).await;
    let took = cut.expect("it is cut").expect("told") - begun;
    assert!(took < Duration::from_secs(1), "{took:?}");
    tokio::time::timeout(Duration::from_secs(5), world.stop()).await.expect("the server stops");
    drop(stalled);
}

#[tokio::test]
async fn invariant_3_an_end_cuts_off_a_platform_that_has_not_answered_yet() {
    for path in ["/report", "/static/film"] {
        let mut silent = flood(async |mut stream: TcpStream, sent: Arc<AtomicU64>| {
            let mut request = [0; 8_192];
            while let Ok(1..) = stream.read(&mut request).await {
                sent.fetch_add(1, Ordering::Relaxed);
            }
        })
        .await;
        let world = world_before(&silent).await;
        let app = world.agent().await;
        let (started, stage) = app.stage(ELISE, Mode::View).await;
        let waits = stage.request(reqwest::Method::GET, path).send();
        let ends = async {
            stands_still(&silent).await;
            app.end(&started).await.expect("ended");
            Instant::now()
        };
        let both = async { tokio::join!(waits, ends) };
        let (answer, begun) =
            tokio::time::timeout(Duration::from_secs(5), both).await.expect("nothing hangs");
        assert_eq!(answer.expect("an answer").status(), reqwest::StatusCode::UNAUTHORIZED, "{path}");
        let cut = tokio::time::timeout(Duration::from_secs(1), &mut silent.cut).await;
        assert!(
            cut.expect("it is cut").expect("told").saturating_duration_since(begun) < Duration::from_secs(1)
        );
        world.stop().await;
    }
}
