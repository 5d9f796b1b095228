//! Newer versions of the app: only from the feed that the managed settings name, only with its signature.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use minisign::KeyPair;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::Notify,
};
use tokio_util::task::AbortOnDropHandle;

use crate::harness::{ADA, APP, App, SOON, Theme, View, World, id, until};

const WORDS: &str = "Codes are found faster.\nThe history can be searched.";

/// A feed of one version, and its package.
pub struct Feed {
    url: String,
    asked: Arc<AtomicUsize>,
    /// The second half of the package waits for it.
    pub rest: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

impl Feed {
    /// The package is signed by this key.
    async fn start(key: &KeyPair, package: Vec<u8>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let comment = Some("timestamp:1\tfile:understudy\tversion:9.9.9");
        let signature = minisign::sign(None, &key.sk, package.as_slice(), comment, None)?.into_string();
        let entry = json!({ "url": format!("{base}/package"), "signature": STANDARD.encode(signature) });
        let feed = json!({ "version": "9.9.9", "notes": WORDS, "platforms": { "linux-x86_64": entry } });
        let feed = feed.to_string().into_bytes();
        let asked = Arc::new(AtomicUsize::new(0));
        let rest = Arc::new(Notify::new());
        let (count, whole) = (Arc::clone(&asked), Arc::clone(&rest));
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let mut asked = [0; 4096];
                let length = stream.read(&mut asked).await.unwrap_or(0);
                let body = if asked[..length].starts_with(b"GET /package ") { &package } else { &feed };
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                // Whoever goes away early has said enough.
                let _ = stream.write_all(head.as_bytes()).await;
                let (begin, end) = body.split_at(body.len().div_ceil(2));
                let _ = stream.write_all(begin).await;
                if body == &package {
                    whole.notified().await;
                }
                let _ = stream.write_all(end).await;
                let _ = stream.shutdown().await;
            }
        });
        Ok(Self { url: format!("{base}/latest.json"), asked, rest, _task: AbortOnDropHandle::new(task) })
    }
}

/// The public key, as the managed settings have it.
fn public(key: &KeyPair) -> anyhow::Result<String> {
    Ok(STANDARD.encode(key.pk.to_box()?.into_string()))
}

fn manage(world: &mut World, feed: &Feed, key: &KeyPair) -> anyhow::Result<()> {
    let file = world.folder.path().join("managed.json");
    let updates = json!({ "updates": { "url": feed.url, "public_key": public(key)? } });
    fs::write(&file, updates.to_string())?;
    world.desktop.set("UNDERSTUDY_MANAGED_SETTINGS", &file.to_string_lossy());
    Ok(())
}

/// The managed settings name a feed whose package another key has signed.
pub async fn announce_wrongly_signed(world: &mut World) -> anyhow::Result<Feed> {
    let feed = Feed::start(&KeyPair::generate_unencrypted_keypair()?, fs::read("/bin/true")?).await?;
    manage(world, &feed, &KeyPair::generate_unencrypted_keypair()?)?;
    Ok(feed)
}

/// A copy of the app, which an update may replace.
pub fn copy(world: &World) -> anyhow::Result<String> {
    let path = world.folder.path().join("understudy");
    fs::copy(APP, &path)?;
    Ok(path.to_str().context("a path that is no text")?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_version_is_announced_in_its_words_and_installed_if_the_key_has_signed_it()
-> anyhow::Result<()> {
    let mut world = World::start(Theme::Light).await?;
    let key = KeyPair::generate_unencrypted_keypair()?;
    let package = fs::read("/bin/true")?;
    let feed = Feed::start(&key, package.clone()).await?;
    manage(&mut world, &feed, &key)?;
    let program = copy(&world)?;
    let app = App::start_program(&world, &program).await?;
    app.sign_in(&world, &ADA).await?;
    app.reads(View::Main, &id("new-version"), "9.9.9").await?;
    app.click(View::Main, &id("new-version-notes")).await?;
    for words in WORDS.lines() {
        app.reads(View::Main, &id("version-notes"), words).await?;
    }
    world.step(&app, "77-update", "A newer version is announced, in its own words.").await?;
    app.click(View::Main, &format!("{} button", id("version-notes"))).await?;
    app.gone(View::Main, &id("version-notes")).await?;
    ensure!(fs::read(&program)? != package, "it was installed before anybody asked for it");
    app.click(View::Main, &id("install-update")).await?;
    app.reads(View::Main, &id("install-update"), "50 %").await?;
    feed.rest.notify_one();
    until("the new version is in place", SOON, async || Ok((fs::read(&program)? == package).then_some(())))
        .await?;
    app.quits(SOON).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_another_key_has_signed_is_refused_and_everything_stays() -> anyhow::Result<()> {
    let mut world = World::start(Theme::Dark).await?;
    let feed = announce_wrongly_signed(&mut world).await?;
    let program = copy(&world)?;
    let before = fs::read(&program)?;
    let app = App::start_program(&world, &program).await?;
    app.sign_in(&world, &ADA).await?;
    feed.rest.notify_one();
    app.click(View::Main, &id("install-update")).await?;
    app.reads(View::Main, &id("update-error"), "not signed with the key that this computer trusts").await?;
    world.step(&app, "78-update-refused", "The signature is not the key's: nothing is installed.").await?;
    ensure!(fs::read(&program)? == before, "something was installed");
    ensure!(!app.has_quit()?, "the app is gone");
    app.click(View::Main, &id("nav-history")).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_the_managed_settings_do_not_name_is_never_asked() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let key = KeyPair::generate_unencrypted_keypair()?;
    let feed = Feed::start(&key, fs::read("/bin/true")?).await?;
    // Whoever can write to a person's own settings still cannot give them a program.
    let own = world.folder.path().join("home/.config/dev.understudy.desktop");
    fs::create_dir_all(&own)?;
    let updates = json!({ "updates": { "url": feed.url, "public_key": public(&key)? } });
    fs::write(own.join("settings.json"), updates.to_string())?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    ensure!(!app.shows(View::Main, &id("new-version")).await?, "a newer version is announced");
    ensure!(feed.asked.load(Ordering::Relaxed) == 0, "the feed was asked");
    app.close().await
}
