//! A webview's process ends: nobody stays in an account without a bar that works, and nothing else is lost.
//!
//! WebDriver ends its own session with the first page that crashes, so the app runs as it is released.

use std::time::{Duration, Instant};

use anyhow::ensure;
use rustix::process::Signal;
use serde_json::json;
use tokio::time::timeout;

use crate::harness::{BAR, PERSON_NAME, SOON, Stage, WORKSPACE, pid, signal, until};

const STAGE: &str = "Signed in as";

impl Stage {
    async fn kill(&self, address: &str) -> anyhow::Result<()> {
        signal(self.app.process_of(address).await?, Signal::KILL)
    }

    /// Waits until the webview at this address says so.
    async fn reads(&self, address: &str, part: &str) -> anyhow::Result<()> {
        until(&format!("{address} says {part:?}"), SOON, async || {
            // The inspector may still be waiting for the process that has gone.
            let asked = self.app.evaluate(address, "document.body.innerText");
            let text = timeout(Duration::from_secs(2), asked).await??;
            ensure!(text.as_str().unwrap_or_default().contains(part), "it says {text}");
            Ok(Some(()))
        })
        .await
    }

    async fn press(&self, address: &str, name: &str) -> anyhow::Result<()> {
        let click = format!("(document.querySelector('[data-testid=\"{name}\"]').click(), true)");
        self.app.evaluate(address, &click).await.map(drop)
    }

    async fn is_live(&self) -> anyhow::Result<()> {
        ensure!(self.world.desktop.window(STAGE).is_some(), "the stage is gone");
        ensure!(self.world.services.newest().await?.state == "live", "the session has ended");
        Ok(())
    }

    async fn exit_works(&self) -> anyhow::Result<()> {
        let session = self.world.services.newest().await?.id;
        // The bar goes before it can answer.
        let _ = self.press(BAR, "exit").await;
        self.world.services.ended(session, "exit", SOON).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_crashes_is_said_on_the_bar_and_comes_back() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let platform = stage.world.services.gateway.as_str().to_owned();
    stage.kill(&platform).await?;
    stage.reads(BAR, "The platform’s page has crashed").await?;
    stage.is_live().await?;
    stage.press(BAR, "reload").await?;
    stage.reads(&platform, PERSON_NAME).await?;
    stage.is_live().await?;
    stage.exit_works().await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_a_bar_that_crashes_is_back_at_once() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    stage.kill(BAR).await?;
    let begun = Instant::now();
    stage.reads(BAR, PERSON_NAME).await?;
    ensure!(begun.elapsed() < Duration::from_secs(10), "it took {:?}", begun.elapsed());
    stage.is_live().await?;
    ensure!(stage.on_page("location.pathname").await? == "/", "the page is another one");
    stage.exit_works().await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_a_bar_that_does_not_come_back_ends_the_session() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let known = stage.app.web_processes()?;
    stage.kill(BAR).await?;
    // Whatever takes its place hangs, and never says that it is there.
    until("the session ends", SOON, async || {
        for id in stage.app.web_processes()?.into_iter().filter(|id| !known.contains(id)) {
            signal(pid(id)?, Signal::STOP)?;
        }
        let session = stage.world.services.newest().await?;
        ensure!(session.cause.as_deref().is_none_or(|cause| cause == "exit"), "{:?}", session.cause);
        Ok((session.state == "ended").then_some(()))
    })
    .await?;
    ensure!(stage.world.desktop.window(STAGE).is_none(), "the stage has stayed");
    stage.reads(WORKSPACE, "You are no longer signed in as").await
}

/// It raises no event: nothing has crashed.
#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_under_a_bar_that_hangs_nobody_stays_signed_in() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let session = stage.world.services.newest().await?.id;
    signal(stage.app.process_of(BAR).await?, Signal::STOP)?;
    stage.world.services.ended(session, "exit", SOON).await?;
    ensure!(stage.world.desktop.window(STAGE).is_none(), "the stage has stayed");
    stage.reads(WORKSPACE, "You are no longer signed in as").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_main_window_that_crashes_is_back_and_the_session_goes_on() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    stage.kill(WORKSPACE).await?;
    stage.reads(WORKSPACE, PERSON_NAME).await?;
    stage.is_live().await?;
    ensure!(stage.invoke("get_app_state", json!({})).await?["stage"].is_object(), "it knows of no stage");
    stage.exit_works().await?;
    stage.reads(WORKSPACE, "You are no longer signed in as").await
}
