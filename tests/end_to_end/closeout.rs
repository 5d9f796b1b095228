//! The switch for everybody, the note that is drafted on the bar, and the note that is owed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use rustix::process::Signal;
use sea_orm::ConnectionTrait as _;
use understudy_protocol::Role;
use understudy_server::{staff, switch};
use uuid::Uuid;

use crate::harness::{ADA, App, PASSWORD, PERSON, SOON, Staff, Theme, View, World, authenticator, id, until};

const STAGE: &str = "Signed in as";
const MAX: Staff = Staff { email: "max@example.com", name: "Max Brandt" };
const WHY: &str = "A laptop was stolen on the train";
const WHAT: &str = "Changed the telephone number on her profile";
const CAUSE: &str = "She has a new one since March";

/// An admin, in this app.
async fn max_in(app: App, world: &World) -> anyhow::Result<App> {
    let store = &world.services.server.core.store;
    staff::add(store, MAX.email, MAX.name, &[Role::Admin], PASSWORD.to_owned().into()).await?;
    app.sign_in(world, &MAX).await?;
    Ok(app)
}

async fn stepped_in(theme: Theme) -> anyhow::Result<(World, App, Uuid)> {
    let world = World::start(theme).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "act").await?;
    Ok((world, app, session))
}

/// A session that ended an hour ago, and nobody has written its note.
async fn owing(world: &World, app: &App) -> anyhow::Result<Uuid> {
    app.sign_in(world, &ADA).await?;
    let session = app.step_in(world, &ADA, "view").await?;
    app.click(View::Bar, &id("exit")).await?;
    app.click(View::Main, &id("note-later")).await?;
    app.gone(View::Main, &id("note-sheet")).await?;
    let back = "UPDATE impersonation SET ended_at = ended_at - 3600000";
    world.services.server.core.store.db.execute_unprepared(back).await?;
    Ok(session)
}

async fn ask_again(app: &App) -> anyhow::Result<()> {
    app.click(View::Main, &id("nav-impersonation")).await?;
    app.fill(View::Main, &id("identifier"), PERSON).await?;
    app.click(View::Main, &id("find-person")).await?;
    app.fill_in_request("view").await?;
    app.click(View::Main, &id("request-code")).await
}

async fn value(app: &App, view: View, name: &str) -> anyhow::Result<String> {
    let script = format!("return document.querySelector('{}').value", id(name));
    Ok(app.script(view, &script, vec![]).await?.as_str().unwrap_or_default().to_owned())
}

/// Waits until the draft on the disk has this in it.
async fn kept(world: &World, part: &str) -> anyhow::Result<()> {
    let file = world.folder.path().join("home/.local/share/dev.understudy.desktop/notes.json");
    until("the draft is on the disk", SOON, async || {
        Ok(std::fs::read_to_string(&file)?.contains(part).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_6_the_switch_that_one_admin_throws_closes_the_stage_of_another_computer()
-> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let office = world.colleague("max").await?;
    let ada = App::start(&world).await?;
    ada.sign_in(&world, &ADA).await?;
    // Nobody but admins has it.
    ada.click(View::Main, &id("nav-settings")).await?;
    ada.see(View::Main, &id("settings-server")).await?;
    ensure!(!ada.shows(View::Main, &id("set-switch")).await?, "support staff have the switch");
    let session = ada.step_in(&world, &ADA, "act").await?;

    let max = max_in(App::start_for(&office).await?, &world).await?;
    max.click(View::Main, &id("nav-settings")).await?;
    max.reads(View::Main, &id("switch-state"), "On").await?;
    max.click(View::Main, &id("set-switch")).await?;
    max.reads(View::Main, &id("switch"), "Every live session ends at once").await?;
    // He has no second factor yet, so he sets it up right there.
    let secret = max.scan().await?;
    max.click(View::Main, &id("recovery-kept")).await?;
    ensure!(!secret.is_empty());
    max.fill(View::Main, &id("switch-reason"), "why").await?;
    max.click(View::Main, &id("switch-yes")).await?;
    max.reads(View::Main, &id("switch"), "at least 10 characters").await?;
    ensure!(world.services.newest().await?.state == "live", "it was switched off without a reason");
    max.fill(View::Main, &id("switch-reason"), WHY).await?;
    world
        .step_on(
            &office.desktop,
            &max,
            "91-switch-dialog",
            "Max says why before he switches impersonation off.",
        )
        .await?;
    max.click(View::Main, &id("switch-yes")).await?;
    let begun = Instant::now();
    until("the stage goes", SOON, async || Ok(world.desktop.window(STAGE).is_none().then_some(()))).await?;
    ensure!(begun.elapsed() < Duration::from_secs(2), "it took {:?}", begun.elapsed());
    world.services.ended(session, "switched_off", SOON).await?;
    max.reads(View::Main, &id("switch-state"), "Switched off").await?;
    max.see(View::Main, &id("switched-off")).await?;
    for part in [MAX.name, WHY] {
        max.reads(View::Main, &id("who-turned"), part).await?;
    }
    world
        .step_on(&office.desktop, &max, "92-switched-off-admin", "It is off, and can be switched on again.")
        .await?;

    ada.reads(View::Main, &id("note-sheet"), "Impersonation was switched off").await?;
    world.step(&ada, "93-switched-off", "Max has switched impersonation off: Ada's stage is gone.").await?;
    ada.click(View::Main, &id("note-later")).await?;
    ada.gone(View::Main, &id("note-sheet")).await?;
    ada.reads(View::Main, &id("switched-off"), "Impersonation is switched off").await?;
    ensure!(!ada.shows(View::Main, &id("who-turned")).await?, "why is for administrators");
    ensure!(!ada.shows(View::Main, &id("switch-open")).await?, "support staff can switch it on");
    ask_again(&ada).await?;
    let shut = format!("{}[aria-disabled]", id("request-code"));
    ada.see(View::Main, &shut).await?;
    ada.reads(View::Main, &format!("{} form", id("step-2")), "Impersonation is switched off").await?;
    world.step(&ada, "94-no-request", "\"Request code\" says that it is off.").await?;
    ensure!(world.services.newest().await?.id == session, "something was requested");

    // Who starts the app meanwhile knows it too.
    ada.look_again().await?;
    ada.see(View::Main, &id("switched-off")).await?;

    // By keyboard alone, as below.
    let desk = &office.desktop;
    max.press_on(desk, View::Main, &id("switch-open")).await?;
    max.type_into(desk, View::Main, &id("switch-reason"), "The laptop was found and wiped").await?;
    max.press_on(desk, View::Main, &id("switch-yes")).await?;
    ada.gone(View::Main, &id("switched-off")).await?;
    max.gone(View::Main, &id("switched-off")).await?;
    ada.click(View::Main, &id("nav-impersonation")).await?;
    ada.click(View::Main, &id("find-person")).await?;
    ada.click(View::Main, &id("request-code")).await?;
    ada.see(View::Main, &id("code-time")).await?;
    max.close().await?;
    ada.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_who_has_shown_no_second_factor_lately_shows_it_to_switch_off() -> anyhow::Result<()> {
    let world = World::start(Theme::Dark).await?;
    let max = max_in(App::start(&world).await?, &world).await?;
    // Set up, and then signed in anew: what was shown counted for that sign-in.
    max.click(View::Main, &id("nav-settings")).await?;
    max.click(View::Main, &id("factor-again")).await?;
    let secret = max.scan().await?;
    let used = authenticator(&secret)?;
    max.click(View::Main, &id("recovery-kept")).await?;
    max.click(View::Main, &id("you")).await?;
    max.click(View::Main, &id("sign-out")).await?;
    max.sign_in_again(&MAX).await?;
    let desk = &world.desktop;
    max.take_keyboard(desk, View::Main).await?;
    max.press_until(desk, &["ctrl+k"], &id("palette-input")).await?;
    desk.type_text("switch impersonation")?;
    max.see(View::Main, "[data-command=switch][data-selected]").await?;
    desk.press(&["Return"])?;
    max.type_into(desk, View::Main, &id("switch-reason"), WHY).await?;
    max.type_into(desk, View::Main, &id("second-factor-code"), "000000").await?;
    max.press_on(desk, View::Main, &id("switch-yes")).await?;
    max.see(View::Main, &format!("{}[aria-invalid]", id("second-factor-code"))).await?;
    world.step(&max, "95-switch-factor", "The second factor is asked for, and a wrong one refused.").await?;
    // Each code counts once, and the first one was used when it was set up.
    until("the code of the next half minute", Duration::from_secs(40), async || {
        Ok((authenticator(&secret)? != used).then_some(()))
    })
    .await?;
    max.take_keyboard(desk, View::Main).await?;
    max.tab_to(desk, View::Main, &id("second-factor-code")).await?;
    desk.press(&["ctrl+a"])?;
    desk.type_text(&authenticator(&secret)?)?;
    max.press_on(desk, View::Main, &id("switch-yes")).await?;
    max.see(View::Main, &id("switched-off")).await?;
    max.gone(View::Main, &id("switch")).await?;
    world.step(&max, "96-switched-off", "Impersonation is switched off.").await?;

    // Whoever starts the app meanwhile knows it, and whoever was out of reach learns of it.
    max.close().await?;
    let max = App::start(&world).await?;
    max.see(View::Main, &id("switched-off")).await?;
    world.services.tap.cut();
    max.see(View::Main, &id("offline")).await?;
    switch::turn(&world.services.server.core, true, None, None)
        .await
        .map_err(|error| anyhow!("{error:?}"))?;
    world.services.tap.mend();
    max.gone(View::Main, &id("offline")).await?;
    max.gone(View::Main, &id("switched-off")).await?;
    max.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_drafted_on_the_bar_is_in_the_note_after_the_exit() -> anyhow::Result<()> {
    let (world, app, session) = stepped_in(Theme::Light).await?;
    app.click(View::Bar, &id("bar-note")).await?;
    app.fill(View::Bar, &id("note-what"), WHAT).await?;
    app.fill(View::Bar, &id("note-why"), CAUSE).await?;
    app.click(View::Bar, &id("solved-no")).await?;
    ensure!(!app.shows(View::Bar, &id("exit-solved")).await?, "it offers to exit what is not solved");
    world.step(&app, "97-draft", "The note is drafted on the bar; the platform has moved down.").await?;
    for (width, height) in [(560, 400), (1200, 800)] {
        world.desktop.resize(STAGE, (width, height)).await?;
        world.step(&app, &format!("97-draft-{width}"), "The same in another size.").await?;
    }
    // Away and back: it is as it was.
    app.click(View::Bar, &id("note-draft-close")).await?;
    app.gone(View::Bar, &id("note-draft")).await?;
    app.click(View::Bar, &id("bar-note")).await?;
    app.see(View::Bar, &id("note-what")).await?;
    ensure!(value(&app, View::Bar, "note-what").await? == WHAT, "the draft is gone");
    app.click(View::Bar, &id("exit")).await?;
    app.see(View::Main, &id("note-what")).await?;
    ensure!(value(&app, View::Main, "note-what").await? == WHAT, "what was done is not in the note");
    ensure!(value(&app, View::Main, "note-why").await? == CAUSE, "the reason is not in the note");
    app.see(View::Main, &format!("{}[data-state=checked]", id("solved-no"))).await?;
    world.step(&app, "98-draft-in-note", "What was drafted is in the note.").await?;
    ensure!(!world.services.kinds(session).await?.contains(&"note_written".to_owned()), "it was filed");
    app.click(View::Main, &id("note-save")).await?;
    app.gone(View::Main, &id("note-sheet")).await?;

    // A correction begins with what is filed, and the report says that there was one.
    app.click(View::Main, &id("nav-history")).await?;
    app.click(View::Main, &format!("{} a", id("session-row"))).await?;
    app.click(View::Main, &id("note-correct")).await?;
    app.see(View::Main, &id("note-what")).await?;
    ensure!(value(&app, View::Main, "note-what").await? == WHAT, "the correction begins with nothing");
    app.click(View::Main, &id("solved-yes")).await?;
    app.click(View::Main, &id("note-save")).await?;
    app.reads(View::Main, &id("note-corrected"), "Corrected on").await?;
    app.click(View::Main, &format!("{} summary", id("note-earlier"))).await?;
    app.reads(View::Main, &id("note-earlier"), "Not solved").await?;
    world.step(&app, "99-corrected", "The report shows that the note was corrected.").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_drafted_on_the_bar_outlives_a_crash_of_the_app() -> anyhow::Result<()> {
    let (world, app, _) = stepped_in(Theme::Light).await?;
    app.click(View::Bar, &id("bar-note")).await?;
    app.fill(View::Bar, &id("note-what"), WHAT).await?;
    kept(&world, WHAT).await?;
    app.signal(Signal::KILL)?;
    app.quits(SOON).await?;
    drop(app);
    let app = App::start(&world).await?;
    app.see(View::Main, &id("note-what")).await?;
    ensure!(value(&app, View::Main, "note-what").await? == WHAT, "the draft is gone");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn solved_on_the_bar_exits_and_files_the_note() -> anyhow::Result<()> {
    let (world, app, session) = stepped_in(Theme::Dark).await?;
    // By keyboard alone: F6 goes from the page to the bar.
    app.take_keyboard(&world.desktop, View::Bar).await?;
    app.tab_to(&world.desktop, View::Bar, &id("bar-note")).await?;
    world.desktop.press(&["Return"])?;
    app.see(View::Bar, &id("note-what")).await?;
    world.desktop.type_text(WHAT)?;
    app.tab_to(&world.desktop, View::Bar, &id("solved-yes")).await?;
    world.desktop.press(&["space"])?;
    app.reads(View::Bar, &id("note-draft"), "is asked for right after").await?;
    app.tab_to(&world.desktop, View::Bar, &id("exit-solved")).await?;
    world.desktop.press(&["shift+Tab", "shift+Tab", "shift+Tab"])?;
    app.tab_to(&world.desktop, View::Bar, &id("note-why")).await?;
    world.desktop.type_text(CAUSE)?;
    app.reads(View::Bar, &id("note-draft"), "is filed as it stands here").await?;
    world.step(&app, "100-solved", "\"Solved\" offers to exit.").await?;
    app.tab_to(&world.desktop, View::Bar, &id("exit-solved")).await?;
    world.desktop.press(&["Return"])?;
    world.services.ended(session, "exit", SOON).await?;
    app.reads(View::Main, &id("toasts"), "The note is filed").await?;
    ensure!(!app.shows(View::Main, &id("note-sheet")).await?, "the note is asked for again");
    let kinds = world.services.kinds(session).await?;
    ensure!(kinds.iter().filter(|kind| *kind == "note_written").count() == 1, "{kinds:?}");
    app.click(View::Main, &id("nav-history")).await?;
    app.reads(View::Main, &id("session-row"), "Solved").await?;
    world.step(&app, "101-filed", "The note is filed, and the history has it.").await?;

    // Where something is missing, it is asked for.
    let session = app.step_in(&world, &ADA, "view").await?;
    app.click(View::Bar, &id("bar-note")).await?;
    app.see(View::Bar, &id("note-what")).await?;
    ensure!(value(&app, View::Bar, "note-what").await?.is_empty(), "it has the note of another session");
    app.click(View::Bar, &id("solved-yes")).await?;
    app.click(View::Bar, &id("exit-solved")).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.see(View::Main, &format!("{}[data-state=checked]", id("solved-yes"))).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owed_note_refuses_the_next_request_and_its_button_leads_to_it() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    let session = owing(&world, &app).await?;
    ask_again(&app).await?;
    app.see(View::Main, &id("owed-note")).await?;
    world.step(&app, "102-owed", "The next request is refused, and a button leads to the note.").await?;
    app.click(View::Main, &id("owed-note")).await?;
    app.fill(View::Main, &id("note-what"), WHAT).await?;
    app.fill(View::Main, &id("note-why"), CAUSE).await?;
    app.click(View::Main, &id("solved-yes")).await?;
    app.click(View::Main, &id("note-save")).await?;
    app.gone(View::Main, &id("owed-note")).await?;
    ensure!(world.services.kinds(session).await?.contains(&"note_written".to_owned()), "it is another one");
    app.click(View::Main, &id("request-code")).await?;
    app.see(View::Main, &id("code-time")).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_an_admin_waives_is_owed_no_longer_and_both_see_it() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let office = world.colleague("max").await?;
    let ada = App::start(&world).await?;
    let session = owing(&world, &ada).await?;
    ada.see(View::Main, &id("note-reminder")).await?;
    ask_again(&ada).await?;
    ada.see(View::Main, &id("owed-note")).await?;

    let max = max_in(App::start_for(&office).await?, &world).await?;
    max.click(View::Main, &id("nav-history")).await?;
    max.click(View::Main, &format!("{}[data-session='{session}'] a", id("session-row"))).await?;
    max.unseal().await?;
    let desk = &office.desktop;
    max.press_on(desk, View::Main, &id("note-lift")).await?;
    world.step_on(desk, &max, "103-waive", "Max can do without somebody else's note.").await?;
    max.type_into(desk, View::Main, &id("lift-reason"), "She is on leave until Monday").await?;
    max.press_on(desk, View::Main, &id("lift-yes")).await?;
    max.reads(View::Main, &id("report-lifted"), "Max Brandt waived this note").await?;
    max.reads(View::Main, &id("report-lifted"), "She is on leave until Monday").await?;
    ensure!(!max.shows(View::Main, &id("note-lift")).await?, "it can be waived again");
    world.step_on(&office.desktop, &max, "104-waived", "The report says who waived it, and why.").await?;

    ada.gone(View::Main, &id("note-reminder")).await?;
    ada.gone(View::Main, &id("owed-note")).await?;
    ada.click(View::Main, &id("request-code")).await?;
    ada.see(View::Main, &id("code-time")).await?;
    ada.click(View::Main, &id("nav-history")).await?;
    ada.reads(View::Main, &id("session-row"), "Note waived").await?;
    ada.click(View::Main, &format!("{} a", id("session-row"))).await?;
    ada.reads(View::Main, &id("report-lifted"), "You can still write it").await?;
    ensure!(!ada.shows(View::Main, &id("note-lift")).await?, "she can waive her own");
    world.step(&ada, "105-waived", "Ada sees that the note was waived, by whom and why.").await?;
    max.close().await?;
    ada.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_half_of_a_double_click_does_not_land_on_the_page_that_moves_up() -> anyhow::Result<()> {
    // Around the bar and the page.
    const FRAME: i32 = 4;
    let (world, app, _) = stepped_in(Theme::Light).await?;
    let height = async || {
        app.script(View::Platform, "return innerHeight", vec![]).await?.as_i64().context("no height")
    };
    let comes_back = async |full: i64| {
        until("the bar is as low as before", SOON, async || Ok((height().await? == full).then_some(()))).await
    };
    let full = height().await?;
    let count = "window.clicks = 0; addEventListener('mousedown', () => { window.clicks += 1; }, true)";
    app.script(View::Platform, count, vec![]).await?;
    let clicks = async || app.script(View::Platform, "return window.clicks", vec![]).await;

    app.click(View::Bar, &id("bar-note")).await?;
    app.see(View::Bar, &id("note-draft-close")).await?;
    until("the page has moved down", SOON, async || Ok((height().await? < full).then_some(()))).await?;
    let middle = format!(
        "const place = document.querySelector('{}').getBoundingClientRect();
        return [Math.round(place.x + place.width / 2), Math.round(place.y + place.height / 2)]",
        id("note-draft-close")
    );
    let [x, y]: [i32; 2] = serde_json::from_value(app.script(View::Bar, &middle, vec![]).await?)?;
    world.desktop.bring_up(STAGE)?;
    let stage = world.desktop.window(STAGE).context("no stage")?;
    let [left, top, ..] = world.desktop.place(&stage)?;
    let (x, y) = ((left + FRAME + x).to_string(), (top + FRAME + y).to_string());
    world.desktop.run("xdotool", &["mousemove", "--sync", &x, &y])?;
    world.desktop.run("xdotool", &["click", "--repeat", "2", "--delay", "150", "1"])?;
    app.gone(View::Bar, &id("note-draft")).await?;
    comes_back(full).await?;
    ensure!(clicks().await? == 0, "the page was clicked");
    // It would have been: now the page is there.
    world.desktop.run("xdotool", &["click", "1"])?;
    until("the page is clicked", SOON, async || Ok((clicks().await? == 1).then_some(()))).await?;
    app.close().await
}
