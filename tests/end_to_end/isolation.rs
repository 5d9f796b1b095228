//! The page on the stage can reach neither the app nor the bar.
//!
//! The app runs as it is released, without the feature that lets WebDriver in. Its pages are asked through
//! WebKit's own inspector, which reaches every webview and changes nothing about them.

use anyhow::{Context as _, ensure};
use memchr::memmem;
use serde_json::json;
use understudy_protocol::Permission;
use understudy_server::config::Config;

use crate::harness::{ADA, SOON, Stage, WORKSPACE, invocation, until};

const COOKIE: &str = "understudy";

/// Some of the toolkit's own.
pub const PLUGINS: [&str; 7] = [
    "plugin:event|listen",
    "plugin:event|emit",
    "plugin:webview|get_all_webviews",
    "plugin:window|close",
    "plugin:notification|notify",
    "plugin:opener|open_url",
    "plugin:log|log",
];

/// Every command of the app, from the list that the build makes the permissions from.
pub fn commands() -> Vec<&'static str> {
    let list = include_str!("../../src-tauri/build.rs").split("&[&str] = &[").nth(1).unwrap_or_default();
    let list = list.split("];").next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_the_page_on_the_stage_can_call_nothing_of_the_app() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let commands = commands();
    ensure!(commands.contains(&"exit_impersonation") && commands.len() > 20, "the commands are not found");
    // The way itself works, so what follows is refused and not just broken.
    let state = stage.invoke("get_app_state", json!({})).await?;
    ensure!(state["staff"]["email"] == ADA.email, "the main window is refused too: {state}");
    for command in commands.iter().chain(&PLUGINS) {
        let arguments = json!({ "id": "0", "url": "http://127.0.0.1", "height": 300, "event": "app-state" });
        let refused = stage.on_page(&invocation(command, &arguments)).await;
        let error = match refused {
            Ok(answer) => anyhow::bail!("the page may call {command}: {answer}"),
            Err(error) => format!("{error:#}"),
        };
        ensure!(error.contains("not allowed"), "{command} failed for another reason: {error}");
    }
    // Around the door: the scheme itself, and a forged message without an invoke key.
    for fetch in [
        "fetch('ipc://localhost/get_app_state', { method: 'POST', body: '{}' })",
        "fetch('tauri://localhost/')",
    ] {
        ensure!(
            stage.on_page(&format!("{fetch}.then((answer) => answer.text())")).await.is_err(),
            "{fetch} answers"
        );
    }
    let forged = "(() => { const message = { cmd: 'exit_impersonation', callback: 1, error: 2, payload: {}, options: {} };
        window.webkit?.messageHandlers?.ipc?.postMessage(JSON.stringify(message));
        window.ipc?.postMessage(JSON.stringify(message)); })()";
    let _ = stage.on_page(forged).await;
    // Nor is there anything to reach the bar or the main window by.
    let around = stage.on_page("[parent === self, top === self, opener, frames.length]").await?;
    ensure!(around == json!([true, true, null, 0]), "the page is not alone: {around}");
    let row = stage.world.services.newest().await?;
    ensure!(row.state == "live", "the page has ended the session");
    ensure!(stage.invoke("get_app_state", json!({})).await?["stage"].is_object(), "the stage is gone");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_the_stage_has_a_cookie_store_of_its_own_that_dies_with_the_session() -> anyhow::Result<()>
{
    let stage = Stage::open().await?;
    let cookies = stage.on_page("document.cookie").await?;
    let cookies = cookies.as_str().context("no cookies")?;
    ensure!(!cookies.contains(COOKIE) && !cookies.contains("session"), "the page sees {cookies}");
    // A mark in everything that a page can keep.
    stage.on_page("(document.cookie = 'mark=left-behind; max-age=9999', localStorage.setItem('mark', 'left-behind'), true)").await?;
    ensure!(stage.on_page("document.cookie").await?.as_str().unwrap_or_default().contains("left-behind"));
    ensure!(stage.app.evaluate(WORKSPACE, "document.cookie").await? == "", "the main window has cookies");
    not_on_disk(&stage)?;

    stage.step_out().await?;
    // A handoff is refused where the gateway's cookie is still there, so stepping in proves that it is gone.
    stage.step_in(2).await?;
    let left = stage.on_page("document.cookie + ' ' + localStorage.getItem('mark')").await?;
    ensure!(
        !left.as_str().unwrap_or_default().contains("left-behind"),
        "the store has outlived its session: {left}"
    );
    not_on_disk(&stage)
}

/// Nothing of the stage's pages is in the app's folders.
fn not_on_disk(stage: &Stage) -> anyhow::Result<()> {
    // The server's address is saved, so the search must find that.
    let (left, known) =
        (memmem::Finder::new("left-behind"), memmem::Finder::new(stage.world.services.api.authority()));
    let mut folders = vec![stage.world.folder.path().join("home")];
    let mut searched = false;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)?.flatten() {
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if let Ok(bytes) = std::fs::read(entry.path()) {
                ensure!(left.find(&bytes).is_none(), "the stage's storage is in {}", entry.path().display());
                searched |= known.find(&bytes).is_some();
            }
        }
    }
    ensure!(searched, "the app's folders could not be searched");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_the_page_opens_nothing_leaves_nowhere_and_gets_no_permission() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let windows = stage.world.desktop.windows()?;
    let api = stage.world.services.api.as_str().to_owned();
    let away = [
        "tauri://localhost/index.html".to_owned(),
        "file:///etc/passwd".to_owned(),
        format!("{api}api/info"),
        "https://example.com/".to_owned(),
    ];
    for address in &away {
        stage.on_page(&format!("(setTimeout(() => {{ location.href = {address:?}; }}), true)")).await?;
        stage.on_page(&format!("(window.open({address:?}), true)")).await?;
    }
    // The bar asks about those that staff may want in their own browser.
    let sheet = until("the bar asks", SOON, async || {
        let state = stage.invoke("get_app_state", json!({})).await?;
        Ok(state["stage"]["sheet"]["url"].as_str().map(str::to_owned))
    });
    let asked = sheet.await?;
    ensure!(asked.starts_with("http"), "the bar asks about {asked}");
    ensure!(stage.on_page("location.origin + '/'").await? == stage.platform, "the page has left the stage");
    ensure!(stage.world.desktop.windows()? == windows, "a window was opened");

    // A new window of the platform itself opens in the stage.
    let profile = format!("{}profile", stage.platform);
    // The page that asked may be gone before it answers.
    let _ = stage.on_page(&format!("(window.open({profile:?}), true)")).await;
    until("the new window opens in the stage", SOON, async || {
        Ok((stage.on_page("location.pathname").await? == "/profile").then_some(()))
    })
    .await?;
    ensure!(stage.world.desktop.windows()? == windows, "a window was opened");

    // What is not refused by name may only be out of order. Without a microphone or a camera nobody is asked;
    // `capture.rs` has some.
    const CAPTURE: &str = "NotAllowedError or OverconstrainedError";
    for (wish, refusal) in [
        ("navigator.mediaDevices.getUserMedia({ audio: true })", CAPTURE),
        ("navigator.mediaDevices.getUserMedia({ video: true })", CAPTURE),
        ("new Promise((yes, no) => navigator.geolocation.getCurrentPosition(yes, no))", "1"),
        ("navigator.clipboard.readText()", "NotAllowedError"),
        // The app's own, which would ask the app.
        ("Notification.requestPermission()", "not allowed"),
    ] {
        let asked = format!(
            "Promise.race([{wish}, new Promise((_, no) => setTimeout(no, 5000, {{ name: 'no answer' }}))])
                .then(() => 'granted', (error) => String(error.code === 1 ? 1 : error.name ?? error))"
        );
        let answer = stage.on_page(&asked).await?;
        let refused = |word| answer.as_str().is_some_and(|answer| answer.contains(word));
        ensure!(refusal.split(" or ").any(refused), "the page asked for {wish}: {answer}");
    }
    let fetched = stage.on_page(&format!("fetch('{api}api/info').then((answer) => answer.text())")).await;
    ensure!(fetched.is_err(), "the page has reached the API: {fetched:?}");
    // The toolkit grants the wish for full screen and the app does not carry it out.
    let size = "[innerWidth, innerHeight]";
    let before = stage.on_page(size).await?;
    let _ = stage.on_page("document.documentElement.requestFullscreen()").await;
    let stays = until("the page stays under the bar", SOON, async || {
        Ok((stage.on_page(size).await? == before).then_some(()))
    });
    stays.await?;
    ensure!(stage.invoke("get_app_state", json!({})).await?["stage"].is_object(), "the stage is gone");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_granted_what_the_installation_names() -> anyhow::Result<()> {
    let grant = |config: &mut Config| config.platform.permissions = vec![Permission::Geolocation];
    let stage = Stage::configured(grant).await?;
    // PERMISSION_DENIED (W3C Geolocation) is 1; here nobody knows the place, which is 2, or says nothing in time.
    let place = "new Promise((yes) => { setTimeout(yes, 2000, 2);
        navigator.geolocation.getCurrentPosition(() => yes(0), (error) => yes(error.code)); })";
    let answer = stage.on_page(place).await?;
    ensure!(answer != 1, "the place is refused");
    Ok(())
}
