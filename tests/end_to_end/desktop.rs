//! What people expect of an app that is open all day: the tray, links, what happens after a crash.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Local};
use rustix::process::Signal;

use crate::harness::{ADA, App, PERSON, PERSON_NAME, SOON, Theme, View, World, id, until};

const MAIN: &str = "^Understudy$";

async fn signed_in(world: &World) -> anyhow::Result<App> {
    let app = App::start(world).await?;
    app.sign_in(world, &ADA).await?;
    Ok(app)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_says_who_you_are_and_brings_everything_back() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    // The panel comes later than the app, as at the start of a session.
    let panel = world.desktop.panel().await?;
    panel.says("Not connected").await?;
    panel.looks("offline").await?;
    app.sign_in(&world, &ADA).await?;
    panel.says("You are yourself: Ada Winter").await?;
    panel.looks("yourself").await?;

    // Out of sight, it still receives codes.
    app.request_code(&world, PERSON, "view").await?;
    world.desktop.close_window(MAIN).await?;
    ensure!(!app.has_quit()?, "closing the window has ended the app");
    let code = world.mail.newest(ADA.email, 1).await?.code();
    until("the notification of the code", SOON, async || {
        let known = world.desktop.notifications()?;
        Ok(known.iter().any(|(title, _)| title == "A code has arrived").then_some(()))
    })
    .await?;
    panel.choose("Open Understudy").await?;
    until("the main window is back", SOON, async || Ok(world.desktop.window(MAIN))).await?;
    app.enter_code(&code).await?;
    app.start_session().await?;
    panel.says("You are signed in as Élise Marchand").await?;
    panel.looks("somebody-else").await?;
    panel.choose("Quit Understudy").await?;
    app.see(View::Main, &id("close-refused")).await?;
    panel.choose("Exit impersonation").await?;
    world.services.ended(world.services.newest().await?.id, "exit", SOON).await?;
    panel.says("You are yourself").await?;
    panel.looks("yourself").await?;
    app.click(View::Main, &id("note-later")).await?;
    app.click(View::Main, &id("you")).await?;
    app.click(View::Main, &id("sign-out")).await?;
    panel.says("Not signed in").await?;
    panel.looks("offline").await?;
    app.sign_in_again(&ADA).await?;
    panel.says("You are yourself").await?;
    world.services.tap.cut();
    panel.says("Not connected").await?;
    panel.looks("offline").await?;
    panel.choose("Quit Understudy").await?;
    app.quits(SOON).await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_tray_the_window_is_minimised_and_not_lost() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = signed_in(&world).await?;
    world.desktop.close_window(MAIN).await?;
    ensure!(!app.has_quit()?, "closing the window has ended the app");
    // The window manager still lists a minimised window; one that is hidden it has forgotten.
    let listed = world.desktop.run("xdotool", &["search", "--name", MAIN])?;
    let states = listed.lines().map(|window| world.desktop.run("xprop", &["-id", window, "WM_STATE"]));
    let states = states.collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(states.iter().any(|state| state.contains("Iconic")), "{states:?}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_the_next_start_says_how_the_session_ended_and_asks_for_the_note() -> anyhow::Result<()>
{
    let world = World::start(Theme::Light).await?;
    let app = signed_in(&world).await?;
    let session = app.step_in(&world, &ADA, "act").await?;
    app.signal(Signal::KILL)?;
    app.quits(SOON).await?;
    drop(app);
    let app = App::start(&world).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    let row = world.services.newest().await?;
    ensure!(row.id == session && row.state == "ended", "{} is {}", row.id, row.state);
    ensure!(row.cause.as_deref() == Some("client_lost"), "its cause is {:?}", row.cause);
    let closed = "Understudy was closed while you were signed in as Élise Marchand. The session ended on ";
    app.reads(View::Main, &id("note-sheet"), closed).await?;
    let ended = row.ended_at.context("it has no end")?;
    let ended = DateTime::from_timestamp_millis(ended).context("no time")?.with_timezone(&Local);
    app.reads(View::Main, &id("note-sheet"), &ended.format("%-d").to_string()).await?;
    app.reads(View::Main, &id("note-sheet"), "nothing more can happen in it").await?;
    world
        .step(&app, "50-after-a-crash", "The app was killed: its next start says so and asks for the note.")
        .await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helpdesks_link_fills_the_form_in_and_sends_nothing() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = signed_in(&world).await?;
    let link =
        format!("understudy://impersonate?person={PERSON}&ticket=HELP-77&reason=Her%20payment%20is%20stuck");
    // The system starts the app once more with the link; the one that runs takes it.
    world.desktop.run(crate::harness::APP, &[&link])?;
    app.reads(View::Main, &id("prefilled"), "outside").await?;
    let value = |name: &str| format!("return document.querySelector('{}')?.value", id(name));
    ensure!(
        app.script(View::Main, &value("identifier"), vec![]).await? == PERSON,
        "the person is not filled in"
    );
    world.step(&app, "51-link", "A link of the helpdesk has filled the form in, and says so.").await?;
    app.click(View::Main, &id("find-person")).await?;
    app.see(View::Main, &id("ticket")).await?;
    for (field, filled) in [("ticket", "HELP-77"), ("reason", "Her payment is stuck")] {
        ensure!(app.script(View::Main, &value(field), vec![]).await? == filled, "{field} is not filled in");
    }
    ensure!(world.services.newest().await.is_err(), "something was sent");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_administrator_has_set_stays_and_what_is_ones_own_is_kept() -> anyhow::Result<()> {
    let mut world = World::start(Theme::Light).await?;
    let file = world.folder.path().join("managed.json");
    let managed = serde_json::json!({ "server": world.services.api.as_str(), "keep_running": true });
    std::fs::write(&file, managed.to_string())?;
    world.desktop.set("UNDERSTUDY_MANAGED_SETTINGS", &file.to_string_lossy());
    let app = App::start(&world).await?;
    app.see(View::Main, &id("email")).await?;
    // It is not offered, and not done for a page that asks all the same.
    app.gone(View::Main, &id("change-server")).await?;
    let ask = "window.__TAURI_INTERNALS__.invoke('forget_server').catch((error) => {
        document.body.dataset.refused = error.message;
    })";
    app.script(View::Main, ask, vec![]).await?;
    app.see(View::Main, "[data-refused*=administrator]").await?;
    app.sign_in_again(&ADA).await?;
    app.click(View::Main, &id("nav-settings")).await?;
    app.click(View::Main, &id("set-show-codes")).await?;
    app.reads(View::Main, "main", "Set by your administrator").await?;
    world.step(&app, "52-settings", "Settings: what the administrator has set is shown and stays.").await?;
    let kept = world.folder.path().join("home/.config/dev.understudy.desktop/settings.json");
    until("the choice is kept", SOON, async || {
        let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&kept)?)?;
        Ok((kept["show_codes"] == true && kept["keep_running"].is_null()).then_some(()))
    })
    .await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notification_of_a_code_goes_when_it_is_used_and_when_its_staff_signs_out() -> anyhow::Result<()>
{
    let world = World::start(Theme::Light).await?;
    let app = signed_in(&world).await?;
    let on_screen = async |count: usize| {
        // Sooner than the daemon takes it away by itself.
        until(&format!("{count} notifications"), Duration::from_secs(5), async || {
            Ok((world.desktop.notified()? == count).then_some(()))
        })
        .await
    };
    app.request_code(&world, PERSON, "view").await?;
    on_screen(1).await?;
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    on_screen(0).await?;
    for button in ["cancel-request", "cancel-request-yes"] {
        app.press_on(&world.desktop, View::Main, &id(button)).await?;
    }
    // Back to the form, filled in as it was.
    app.click(View::Main, &id("request-code")).await?;
    on_screen(1).await?;
    app.click(View::Main, &id("nav-settings")).await?;
    // What goes with the sign-in is said before it does.
    app.click(View::Main, &id("settings-sign-out")).await?;
    app.reads(View::Main, &id("leave-confirm"), PERSON_NAME).await?;
    app.click(View::Main, &id("leave-yes")).await?;
    app.see(View::Main, &id("email")).await?;
    on_screen(0).await?;
    app.close().await
}
