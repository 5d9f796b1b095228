//! What keeps impersonation from being abused, as staff meet it.

use std::time::Duration;

use anyhow::ensure;

use sea_orm::ConnectionTrait as _;

use crate::harness::{ADA, App, PERSON, SOON, Theme, View, World, authenticator, id, until};

const STAGE: &str = "Signed in as";
/// Half of the shortest time that can be configured, and what it takes to notice.
const QUIET: Duration = Duration::from_secs(45);

/// What a page can do to look as if somebody were there.
const RESTLESS: &str = "setInterval(() => {
    fetch('/');
    for (const kind of ['mousemove', 'mousedown', 'keydown', 'wheel', 'pointermove', 'touchstart'])
        document.dispatchEvent(new Event(kind, { bubbles: true }));
    scrollBy(0, document.body.dataset.turn ? -50 : 50);
    document.body.dataset.turn = document.body.dataset.turn ? '' : 'up';
}, 500)";

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_a_session_that_nobody_touches_asks_and_then_ends() -> anyhow::Result<()> {
    let world = World::configured(|config| config.session.idle_minutes = 1).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "act").await?;
    app.script(View::Platform, RESTLESS, vec![]).await?;
    let still_there = id("still-there");
    let asks = async || {
        until("the bar asks", QUIET, async || Ok(app.shows(View::Bar, &still_there).await?.then_some(())))
            .await
    };
    asks().await?;
    world.step(&app, "90-still-there", "Nobody has touched the stage: the bar asks.").await?;
    let told = world.desktop.notifications()?;
    ensure!(told.iter().any(|(title, _)| title == "Are you still there?"), "{told:?}");

    // A hand on the mouse is enough.
    world.desktop.bring_up(STAGE)?;
    world.desktop.run("xdotool", &["mousemove_relative", "--sync", "30", "40"])?;
    world.desktop.run("xdotool", &["mousemove_relative", "--sync", "10", "10"])?;
    app.gone(View::Bar, &still_there).await?;
    ensure!(world.services.newest().await?.state == "live", "the session has ended");

    // So is the bar's button.
    asks().await?;
    app.click(View::Bar, &id("still-here")).await?;
    app.gone(View::Bar, &still_there).await?;

    world.services.ended(session, "idle", QUIET * 2).await?;
    until("the stage goes", SOON, async || Ok(world.desktop.window(STAGE).is_none().then_some(()))).await?;
    app.reads(View::Main, "body", "Nothing was done for too long").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_older_than_an_hour_is_shown_again_before_the_start() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.click(View::Main, &id("nav-impersonation")).await?;
    app.click(View::Main, &id("set-up-now")).await?;
    let secret = app.scan().await?;
    let used = authenticator(&secret)?;
    app.click(View::Main, &id("recovery-kept")).await?;
    let back = "UPDATE sign_in SET second_factor_at = second_factor_at - 3600000";
    world.services.server.core.store.db.execute_unprepared(back).await?;

    let session = app.request_code(&world, PERSON, "view").await?;
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    app.see(View::Main, &id("second-factor-code")).await?;
    world.step(&app, "91-factor-again", "The second factor is an hour old: it is asked for again.").await?;
    for wrong in ["12", "000000"] {
        app.fill(View::Main, &id("second-factor-code"), wrong).await?;
        app.click(View::Main, &id("start")).await?;
        app.see(View::Main, &format!("{}[aria-invalid]", id("second-factor-code"))).await?;
        ensure!(world.services.newest().await?.state == "verified", "it has started all the same");
    }
    // Each code counts once, and the first one was used when it was set up.
    until("the code of the next half minute", Duration::from_secs(40), async || {
        Ok((authenticator(&secret)? != used).then_some(()))
    })
    .await?;
    app.fill(View::Main, &id("second-factor-code"), &authenticator(&secret)?).await?;
    app.click(View::Main, &id("start")).await?;
    app.see(View::Bar, &id("bar-name")).await?;
    let row = world.services.newest().await?;
    ensure!(row.id == session && row.state == "live", "{} is {}", row.id, row.state);
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_minutes_before_the_end_the_bar_says_so_and_leads_to_more_time() -> anyhow::Result<()> {
    let world = World::configured(|config| config.session.minutes = 3).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.step_in(&world, &ADA, "view").await?;
    let soon = id("soon");
    ensure!(!app.shows(View::Bar, &soon).await?, "it warns too early");
    until("the bar warns", SOON * 2, async || Ok(app.shows(View::Bar, &soon).await?.then_some(()))).await?;
    let left = app.text(View::Bar, &id("bar-time")).await?;
    ensure!(left == "2:00" || left.starts_with("1:5"), "it warns at {left}");
    app.reads(View::Bar, &format!("{soon} [role=status]"), "Less than two minutes left").await?;
    world.step(&app, "92-soon", "Two minutes are left: the bar says so.").await?;
    app.press_on(&world.desktop, View::Bar, &id("want-time")).await?;
    app.reads(View::Main, &id("more"), "More time").await?;
    app.see(View::Main, &id("extend")).await?;
    ensure!(world.services.newest().await?.state == "live", "the session has ended");
    app.close().await
}
