//! Every session ends on the server, whatever becomes of the app; and nothing closes by accident before.

use std::time::{Duration, Instant};

use anyhow::ensure;
use rustix::process::Signal;

use crate::harness::{ADA, App, SOON, Theme, View, World, id, until};

/// The lease, and what it takes to notice.
const LEASE: Duration = Duration::from_secs(31);
const PATIENCE: Duration = Duration::from_secs(2);
/// Less than the lease.
const NAP: Duration = Duration::from_secs(10);

/// Titles of the windows.
const STAGE: &str = "Signed in as";
const MAIN: &str = "^Understudy$";

async fn stepped_in() -> anyhow::Result<(World, App, uuid::Uuid)> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "act").await?;
    Ok((world, app, session))
}

/// Presses Alt+F4 until it shows, as people do: a key that comes while the focus moves goes nowhere.
async fn close_until(
    world: &World,
    title: &str,
    mut shows: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    until("an answer to Alt+F4", SOON, async || {
        if let Some(window) = world.desktop.window(title) {
            world.desktop.ask_to_close(&window)?;
        }
        until("an answer to this one", PATIENCE, async || Ok(shows().await?.then_some(()))).await.map(Some)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_no_window_closes_while_impersonating_and_each_says_why() -> anyhow::Result<()> {
    let (world, app, session) = stepped_in().await?;
    close_until(&world, STAGE, async || app.shows(View::Bar, &id("sheet-close_refused")).await).await?;
    world.step(&app, "30-stage-stays", "Alt+F4 on the stage: it stays and says why.").await?;
    ensure!(!app.shows(View::Main, &id("close-refused")).await?, "it is asked twice");
    app.press_on(&world.desktop, View::Bar, &id("dismiss")).await?;
    app.gone(View::Bar, &id("sheet-close_refused")).await?;

    close_until(&world, MAIN, async || app.shows(View::Main, &id("close-refused")).await).await?;
    ensure!(!app.shows(View::Bar, &id("sheet-close_refused")).await?, "it is asked twice");
    world.step(&app, "31-main-stays", "Alt+F4 on the main window: it stays and offers the exit.").await?;
    world.desktop.bring_up(MAIN)?;
    world.desktop.press(&["Escape"])?;
    app.gone(View::Main, &id("close-refused")).await?;

    // The key that quits elsewhere, on either window.
    for (title, view, sheet) in
        [(STAGE, View::Bar, "sheet-close_refused"), (MAIN, View::Main, "close-refused")]
    {
        until(&format!("an answer to Ctrl+Q on {title}"), SOON, async || {
            world.desktop.bring_up(title)?;
            world.desktop.press(&["ctrl+q"])?;
            until("an answer", PATIENCE, async || Ok(app.shows(view, &id(sheet)).await?.then_some(())))
                .await
                .map(Some)
        })
        .await?;
    }
    ensure!(
        world.desktop.window(STAGE).is_some() && world.desktop.window(MAIN).is_some(),
        "a window is gone"
    );
    ensure!(world.services.newest().await?.state == "live", "the session has ended");

    let exit = format!("{} {}", id("close-refused"), id("exit"));
    app.press_on(&world.desktop, View::Main, &exit).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    app.click(View::Main, &id("note-later")).await?;
    // Nobody is impersonated any more, so the window goes; the app stays for the codes, and quits when it is told.
    close_until(&world, MAIN, async || Ok(world.desktop.window(MAIN).is_none())).await?;
    ensure!(!app.has_quit()?, "the app has quit");
    app.signal(Signal::TERM)?;
    app.quits(SOON).await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_an_app_that_is_told_to_go_ends_its_session_within_2_s() -> anyhow::Result<()> {
    let (world, app, session) = stepped_in().await?;
    app.signal(Signal::TERM)?;
    world.services.ended(session, "exit", Duration::from_secs(2)).await?;
    app.quits(SOON).await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_the_session_of_a_killed_app_is_lost_within_30_s() -> anyhow::Result<()> {
    let (world, app, session) = stepped_in().await?;
    app.signal(Signal::KILL)?;
    let start = Instant::now();
    world.services.ended(session, "client_lost", LEASE).await?;
    // The promise counts from the last renewal, and those come every 10 s.
    ensure!(start.elapsed() > Duration::from_secs(15), "it ended without waiting for the lease");
    world.services.verify_ledger().await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_an_app_without_a_network_closes_the_stage_by_itself() -> anyhow::Result<()> {
    let (world, app, session) = stepped_in().await?;
    world.services.tap.cut();
    let start = Instant::now();
    app.see(View::Bar, &id("connection-lost")).await?;
    world.step(&app, "32-connection-lost", "The network is gone: the bar says what will happen.").await?;
    until("the stage closes", LEASE, async || Ok(world.desktop.window(STAGE).is_none().then_some(())))
        .await?;
    ensure!(start.elapsed() > Duration::from_secs(15), "it gave up without waiting for the lease");
    app.see(View::Main, &id("note-sheet")).await?;
    world.step(&app, "33-lease-lost", "The stage has closed by itself.").await?;
    world.services.ended(session, "client_lost", LEASE).await?;
    // One click sends a new code; the consent is still good, and one note serves both.
    world.services.tap.mend();
    app.gone(View::Main, &id("offline")).await?;
    app.click(View::Main, &id("resume")).await?;
    app.enter_code(&world.mail.newest(ADA.email, 2).await?.code()).await?;
    app.click(View::Main, &id("start")).await?;
    app.see(View::Bar, &id("bar-name")).await?;
    let second = world.services.newest().await?;
    ensure!(second.resumes == Some(session), "a session of its own");
    app.click(View::Bar, &id("exit")).await?;
    world.services.ended(second.id, "exit", SOON).await?;
    app.click(View::Main, &id("note-later")).await?;
    app.click(View::Main, &id("nav-history")).await?;
    app.click(View::Main, &format!("[data-session='{session}'] a")).await?;
    app.see(View::Main, &id("report-resumed")).await?;
    app.close().await
}

/// As a computer that sleeps: nothing of the app runs, and its clock goes on.
async fn doze(app: &App, time: Duration) -> anyhow::Result<()> {
    app.signal_all(Signal::STOP)?;
    tokio::time::sleep(time).await;
    app.signal_all(Signal::CONT)
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_a_nap_leaves_the_session_as_it_is_and_a_long_sleep_has_ended_it() -> anyhow::Result<()> {
    let (world, app, session) = stepped_in().await?;
    doze(&app, NAP).await?;
    // The lease is renewed after the nap.
    app.click(View::Platform, "a[href='/profile']").await?;
    app.see(View::Platform, "input[name=phone]").await?;
    ensure!(world.services.newest().await?.state == "live", "a nap has ended the session");

    doze(&app, LEASE).await?;
    let begun = Instant::now();
    until("the stage goes", SOON, async || Ok(world.desktop.window(STAGE).is_none().then_some(()))).await?;
    ensure!(begun.elapsed() < Duration::from_secs(2), "after {:?} it is still there", begun.elapsed());
    world.services.ended(session, "client_lost", SOON).await?;
    app.reads(View::Main, &id("note-sheet"), "this computer slept").await?;
    world.step(&app, "78-slept", "The computer has slept: the stage is gone, and the app says why.").await?;
    app.click(View::Main, &id("note-later")).await?;
    app.see(View::Main, &id("note-reminder")).await?;
    app.close().await
}
