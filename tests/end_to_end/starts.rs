//! How the app is started: by a link, with the computer, once more.

use anyhow::{Context as _, ensure};

use crate::harness::{ADA, APP, App, PERSON, SOON, Theme, View, World, id, until};

const MAIN: &str = "^Understudy$";
const STAGE: &str = "Signed in as";

fn link() -> String {
    format!("understudy://impersonate?person={PERSON}&ticket=HELP-77&reason=Her%20payment%20is%20stuck")
}

/// The form says where its values come from, and nothing was sent.
async fn is_filled_in(world: &World, app: &App) -> anyhow::Result<()> {
    app.reads(View::Main, &id("prefilled"), "outside").await?;
    ensure!(app.value(View::Main, "identifier").await? == PERSON, "the person is not filled in");
    ensure!(world.services.newest().await.is_err(), "something was sent");
    Ok(())
}

/// Waits until this window has the keyboard.
async fn is_in_front(world: &World, title: &str) -> anyhow::Result<()> {
    until(&format!("{title:?} is in front"), SOON, async || {
        let (window, active) =
            (world.desktop.window(title), world.desktop.run("xdotool", &["getactivewindow"])?);
        Ok((window == Some(active)).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_starts_the_app_waits_for_the_sign_in_and_then_fills_the_form_in() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start_with(&world, &[&link()]).await?;
    app.see(View::Main, &id("server-url")).await?;
    app.sign_in(&world, &ADA).await?;
    is_filled_in(&world, &app).await?;
    // Another one, while nobody is signed in.
    app.click(View::Main, &id("you")).await?;
    app.click(View::Main, &id("sign-out")).await?;
    app.see(View::Main, &id("email")).await?;
    world.desktop.run(APP, &[&link()])?;
    app.sign_in_again(&ADA).await?;
    is_filled_in(&world, &app).await?;
    app.close().await?;

    // Signed in already.
    let app = App::start_with(&world, &[&link()]).await?;
    is_filled_in(&world, &app).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_brings_the_app_forward_that_runs() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let main = world.desktop.window(MAIN).context("no main window")?;
    world.desktop.run("xdotool", &["windowminimize", "--sync", &main])?;
    world.desktop.run(APP, &[])?;
    is_in_front(&world, MAIN).await?;
    ensure!(world.desktop.windows()? == 1, "there is another one");

    app.step_in(&world, &ADA, "view").await?;
    world.desktop.bring_up(MAIN)?;
    is_in_front(&world, MAIN).await?;
    world.desktop.run(APP, &[])?;
    is_in_front(&world, STAGE).await?;
    ensure!(world.desktop.windows()? == 2, "there is another one");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn started_with_the_computer_it_waits_in_the_tray() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let panel = world.desktop.panel().await?;
    let app = App::start_with(&world, &["--hidden"]).await?;
    panel.says("Not connected").await?;
    ensure!(world.desktop.windows()? == 0, "it shows its window");
    panel.choose("Open Understudy").await?;
    is_in_front(&world, MAIN).await?;
    app.see(View::Main, &id("server-url")).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn started_with_the_computer_it_is_minimised_where_there_is_no_tray() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start_with(&world, &["--hidden"]).await?;
    ensure!(world.desktop.window(MAIN).is_none(), "it shows its window");
    until("the window is minimised", SOON, async || {
        ensure!(world.desktop.window(MAIN).is_none(), "it shows its window");
        let listed = world.desktop.run("xdotool", &["search", "--name", MAIN])?;
        let states = listed.lines().map(|window| world.desktop.run("xprop", &["-id", window, "WM_STATE"]));
        let states = states.collect::<anyhow::Result<Vec<_>>>()?;
        Ok(states.iter().any(|state| state.contains("Iconic")).then_some(()))
    })
    .await?;
    app.close().await
}
