//! What goes wrong between app and server: each has its own words, and the app stays usable.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;
use understudy_protocol::PROTOCOL_VERSION;

use crate::harness::{ADA, App, PERSON, PERSON_NAME, REASON, Theme, View, World, id, vouched_for};

/// A server that says this of itself, at this time, and knows nothing else.
pub struct Odd {
    pub port: u16,
    _task: AbortOnDropHandle<()>,
}

/// Of a server that speaks this version of the contract, and older ones down to `oldest`.
pub fn info(protocol: u32, oldest: Option<u32>) -> Value {
    json!({
        "name": "Odd support", "version": "9.9.9", "protocol": protocol, "oldest_protocol": oldest, "kinds": [],
        "gateway_origins": ["http://localhost:1"], "session_minutes": 30
    })
}

pub async fn odd(info: Value, date: String, tls: Option<TlsAcceptor>) -> anyhow::Result<Odd> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let task: JoinHandle<()> = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (info, date, tls) = (info.clone(), date.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    Some(tls) => answer(tls.accept(stream).await?, &info, &date).await,
                    None => answer(stream, &info, &date).await,
                }
            });
        }
    });
    Ok(Odd { port, _task: AbortOnDropHandle::new(task) })
}

async fn answer(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    info: &Value,
    date: &str,
) -> std::io::Result<()> {
    let mut asked = [0; 4096];
    let length = stream.read(&mut asked).await?;
    let known = asked[..length].starts_with(b"GET /api/info ");
    let body = if known { info.to_string() } else { json!({ "title": "Not here" }).to_string() };
    let status = if known { "200 OK" } else { "404 Not Found" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nDate: {date}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// As HTTP writes it, so much later than now.
pub fn later(seconds: i64) -> String {
    (chrono::Utc::now() + chrono::Duration::seconds(seconds)).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

pub async fn asks_for(app: &App, url: &str) -> anyhow::Result<()> {
    app.fill(View::Main, &id("server-url"), url).await?;
    app.click(View::Main, &id("server-continue")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_version_says_which_side_to_update() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    for (protocol, words) in [(99, "Update Understudy on this computer"), (0, "update the server")] {
        let server = odd(info(protocol, None), later(0), None).await?;
        asks_for(&app, &format!("http://127.0.0.1:{}", server.port)).await?;
        app.reads(View::Main, "main", words).await?;
        app.reads(View::Main, "main", "9.9.9").await?;
    }
    // Something else answers there.
    asks_for(&app, world.services.platform.as_str()).await?;
    app.reads(View::Main, "main", "is no Understudy server").await?;
    // A newer one that still speaks the app's version is understood.
    let server = odd(info(99, Some(PROTOCOL_VERSION)), later(0), None).await?;
    asks_for(&app, &format!("http://127.0.0.1:{}", server.port)).await?;
    app.see(View::Main, &id("email")).await?;
    app.click(View::Main, &id("change-server")).await?;
    // The app is none the worse for it.
    app.sign_in(&world, &ADA).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_replaced_under_a_signed_in_app_says_which_side_to_update() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.open_form(PERSON).await?;
    app.fill_in_request("view").await?;
    let tap = &world.services.tap;
    let online = "[data-testid=connection][data-state=online]";
    let shut = |name: &str| format!("{}[aria-disabled]", id(name));

    // A newer one, in the middle of the form.
    let newer = odd(info(99, None), later(0), None).await?;
    let own = tap.lead_to(([127, 0, 0, 1], newer.port).into());
    app.reads(View::Main, &id("offline"), "Update Understudy on this computer").await?;
    app.reads(View::Main, &id("offline"), "9.9.9").await?;
    app.reads(View::Main, &id("offline"), "do not go together").await?;
    app.see(View::Main, &shut("request-code")).await?;
    world.step(&app, "68-upgraded", "The server was upgraded: the app says what to update.").await?;
    // The app itself works on.
    app.click(View::Main, &id("nav-settings")).await?;
    app.see(View::Main, &id("settings-server")).await?;
    app.click(View::Main, &id("nav-impersonation")).await?;
    tap.lead_to(own);
    app.see(View::Main, online).await?;
    app.gone(View::Main, &id("offline")).await?;
    ensure!(app.value(View::Main, "reason").await? == REASON, "the form is lost");
    app.click(View::Main, &id("request-code")).await?;
    app.see(View::Main, &id("code-time")).await?;
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    app.scan().await?;
    app.click(View::Main, &id("recovery-kept")).await?;

    // An older one, right before the start.
    app.see(View::Main, &id("start")).await?;
    let older = odd(info(0, None), later(0), None).await?;
    tap.lead_to(([127, 0, 0, 1], older.port).into());
    app.reads(View::Main, &id("offline"), "update the server").await?;
    app.see(View::Main, &shut("start")).await?;
    ensure!(!app.has(View::Bar).await?, "a session was started");
    tap.lead_to(own);
    app.see(View::Main, online).await?;
    app.gone(View::Main, &id("offline")).await?;
    app.click(View::Main, &id("start")).await?;
    app.reads(View::Bar, &id("bar-name"), PERSON_NAME).await?;
    app.reads(View::Platform, "h1", PERSON_NAME).await?;
    app.close().await
}

/// The app says this of its clock; then it is used up to the verified code.
async fn works_with_a_clock_off_by(seconds: i64, words: &str) -> anyhow::Result<()> {
    let world = World::start_off_by(seconds).await?;
    let app = App::start(&world).await?;
    asks_for(&app, world.services.api.as_str()).await?;
    app.see(View::Main, &id("email")).await?;
    app.reads(View::Main, &id("clock-off"), words).await?;
    world
        .step(&app, &format!("60-clock-{seconds}"), "This computer's clock is off: the app says so.")
        .await?;
    app.sign_in_again(&ADA).await?;
    app.reads(View::Main, &id("clock-off"), words).await?;
    app.click(View::Main, &format!("{} button", id("clock-off"))).await?;
    app.gone(View::Main, &id("clock-off")).await?;
    app.request_code(&world, PERSON, "view").await?;
    // The server gives ten minutes, and counts them for itself: the two clocks do not meet.
    let left = app.text(View::Main, &id("code-time")).await?;
    ensure!(left.starts_with("9:") || left.starts_with("10:00"), "the code has {left:?}");
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    ensure!(!app.shows(View::Main, &id("clock-off")).await?, "it is said twice");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clock_that_is_behind_the_app_says_so_and_works() -> anyhow::Result<()> {
    works_with_a_clock_off_by(300, "clock is 5 minutes behind the server’s").await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_clock_that_is_ahead_the_app_says_so_and_works() -> anyhow::Result<()> {
    works_with_a_clock_off_by(-300, "clock is 5 minutes ahead of the server’s").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_vouches_for_is_refused_in_plain_words_and_a_known_authority_is_trusted()
-> anyhow::Result<()> {
    let mut world = World::start(Theme::Light).await?;
    let (authority, tls) = vouched_for("localhost")?;
    let server = odd(info(PROTOCOL_VERSION, None), later(0), Some(tls)).await?;
    let url = format!("https://localhost:{}", server.port);

    let app = App::start(&world).await?;
    asks_for(&app, &url).await?;
    app.reads(View::Main, "main", "not trusted by this computer").await?;
    world
        .step(&app, "61-certificate", "Nobody vouches for the server's certificate: nothing is sent.")
        .await?;
    app.close().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;

    world.trust(&authority)?;
    let app = App::start(&world).await?;
    asks_for(&app, &url).await?;
    app.see(View::Main, &id("email")).await?;
    app.close().await
}

/// A proxy that leads to one place whatever it is asked for, and tells what that was.
pub async fn proxy(
    to: SocketAddr,
) -> anyhow::Result<(u16, mpsc::UnboundedReceiver<String>, AbortOnDropHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let own = listener.local_addr()?.port();
    let (told, asked) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        while let Ok((mut inside, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let mut head = [0; 4096];
                let length = inside.read(&mut head).await?;
                let line =
                    String::from_utf8_lossy(&head[..length]).lines().next().unwrap_or_default().to_owned();
                drop(told.send(line));
                inside.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
                let mut outside = TcpStream::connect(to).await?;
                copy_bidirectional(&mut inside, &mut outside).await
            });
        }
    });
    Ok((own, asked, AbortOnDropHandle::new(task)))
}

/// A server that only a proxy reaches is reached, where `tell` says which proxy that is.
async fn goes_through_a_proxy(
    tell: impl FnOnce(&mut World, u16) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut world = World::start(Theme::Light).await?;
    let (authority, tls) = vouched_for("support.bank.invalid")?;
    let server = odd(info(PROTOCOL_VERSION, None), later(0), Some(tls)).await?;
    let (port, mut asked, _proxy) = proxy(([127, 0, 0, 1], server.port).into()).await?;
    world.trust(&authority)?;
    tell(&mut world, port)?;
    let app = App::start(&world).await?;
    asks_for(&app, "https://support.bank.invalid").await?;
    app.see(View::Main, &id("email")).await?;
    let line = asked.recv().await.context("nobody asked the proxy")?;
    ensure!(line == "CONNECT support.bank.invalid:443 HTTP/1.1", "the proxy was asked {line:?}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_only_the_proxy_of_the_environment_reaches_is_reached_through_it() -> anyhow::Result<()>
{
    goes_through_a_proxy(|world, port| {
        world.desktop.set("HTTPS_PROXY", &format!("http://127.0.0.1:{port}"));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_only_the_proxy_of_the_desktops_settings_reaches_is_reached_through_it()
-> anyhow::Result<()> {
    goes_through_a_proxy(set_proxy).await
}

/// GNOME's settings, in a file in place of its database: this proxy for all that is encrypted, this computer too.
pub fn set_proxy(world: &mut World, port: u16) -> anyhow::Result<()> {
    let folder = world.folder.path().join("gnome");
    std::fs::create_dir_all(folder.join("glib-2.0/settings"))?;
    let proxy = format!(
        "[system/proxy]\nmode='manual'\nignore-hosts=@as []\n[system/proxy/https]\nhost='127.0.0.1'\nport={port}\n"
    );
    std::fs::write(folder.join("glib-2.0/settings/keyfile"), proxy)?;
    world.desktop.set("XDG_CONFIG_HOME", folder.to_str().context("a path that is no text")?);
    world.desktop.set("GSETTINGS_BACKEND", "keyfile");
    world.desktop.set("XDG_CURRENT_DESKTOP", "GNOME");
    Ok(())
}
