//! What keeps impersonation from being abused, as staff meet it.

use std::time::Duration;

use anyhow::ensure;

use crate::harness::{ADA, App, SOON, View, World, id, until};

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
