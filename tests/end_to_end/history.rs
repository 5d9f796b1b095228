//! What was done is found again, says how it came about, and can be passed on.

use std::time::Duration;

use anyhow::ensure;
use sea_orm::ConnectionTrait as _;
use uuid::Uuid;

use crate::harness::{ADA, App, LEA, PERSON, PERSON_NAME, SOON, Theme, View, World, id, until};

const MAIN: &str = "^Understudy$";
const STAGE: &str = "Signed in as";
const ANOTHER: &str = "INV-000100";

/// Clicks, and tells after how many milliseconds a skeleton is seen.
const SKELETON: &str = "const [link, done] = arguments;
    const begun = performance.now();
    document.querySelector(link).click();
    const look = () => {
        const seen = [...document.querySelectorAll('main .skeleton')].some((part) => part.checkVisibility({ visibilityProperty: true }));
        if (seen) done(performance.now() - begun); else requestAnimationFrame(look);
    };
    look();";

/// Whether a search is seen to be under way.
fn busy(name: &str) -> String {
    let spinner = id(&format!("{name}-busy"));
    format!(
        "return document.querySelector('{spinner}')?.checkVisibility({{ visibilityProperty: true }}) === true"
    )
}

async fn stepped_in() -> anyhow::Result<(World, App, Uuid)> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "view").await?;
    Ok((world, app, session))
}

async fn step_out(app: &App) -> anyhow::Result<()> {
    app.click(View::Bar, &id("exit")).await?;
    app.click(View::Main, &id("note-later")).await?;
    app.gone(View::Main, &id("note-sheet")).await
}

/// Waits until these sessions are listed, and no others.
pub async fn lists(app: &App, sessions: &[Uuid]) -> anyhow::Result<()> {
    const LISTED: &str =
        "return [...document.querySelectorAll('[data-session]')].map((row) => row.dataset.session)";
    until(&format!("{sessions:?} are listed"), SOON, async || {
        let listed: Vec<Uuid> = serde_json::from_value(app.script(View::Main, LISTED, vec![]).await?)?;
        ensure!(listed == sessions, "it lists {listed:?}");
        Ok(Some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_searched_and_a_restart_finds_search_and_filter_again() -> anyhow::Result<()> {
    let (world, app, first) = stepped_in().await?;
    step_out(&app).await?;
    let second = app.request_code(&world, ANOTHER, "view").await?;
    app.enter_code(&world.mail.newest(ADA.email, 2).await?.code()).await?;
    app.click(View::Main, &id("start")).await?;
    app.see(View::Platform, "h1").await?;
    step_out(&app).await?;

    app.click(View::Main, &id("nav-history")).await?;
    lists(&app, &[second, first]).await?;
    app.fill(View::Main, &id("history-search"), "marchand").await?;
    lists(&app, &[first]).await?;
    world.step(&app, "130-history-search", "The history is searched: one session is left.").await?;
    app.click(View::Main, "[data-session] a").await?;
    app.see(View::Main, &id("report")).await?;
    app.click(View::Main, &id("history-back")).await?;
    lists(&app, &[first]).await?;
    app.fill(View::Main, &id("history-search"), "nobody at all").await?;
    app.click_path(View::Main, "//main//button[contains(., 'Clear')]").await?;
    lists(&app, &[second, first]).await?;
    ensure!(app.value(View::Main, "history-search").await?.is_empty(), "the search is not empty");

    app.script(View::Main, "location.hash = '#/history?only=exceptions'", vec![]).await?;
    app.see(View::Main, &format!("{}[data-state=checked]", id("history-only-exceptions"))).await?;
    lists(&app, &[]).await?;
    app.fill(View::Main, &id("history-search"), "marchand").await?;
    let kept = "/history?only=exceptions&q=marchand";
    until("search and filter are kept", SOON, async || {
        Ok((app.url(View::Main).await?.fragment() == Some(kept)).then_some(()))
    })
    .await?;
    app.click(View::Main, &id("you")).await?;
    app.click(View::Main, &id("quit")).await?;
    app.quits(SOON).await?;
    drop(app);

    let app = App::start(&world).await?;
    app.see(View::Main, &format!("{}[data-state=checked]", id("history-only-exceptions"))).await?;
    until("the search is there again", SOON, async || {
        Ok((app.value(View::Main, "history-search").await? == "marchand").then_some(()))
    })
    .await?;
    lists(&app, &[]).await?;
    app.click(View::Main, &id("history-only-all")).await?;
    lists(&app, &[first]).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_says_how_the_session_came_about_and_what_is_copied_is_on_the_clipboard()
-> anyhow::Result<()> {
    let (world, app, session) = stepped_in().await?;
    step_out(&app).await?;
    app.click(View::Main, &id("nav-history")).await?;
    app.click(View::Main, &format!("[data-session=\"{session}\"] a")).await?;
    app.see(View::Main, &id("report")).await?;
    let told = app.texts(View::Main, &id("milestone")).await?;
    let expected = ["Code requested", "Code verified", "Impersonation started", "Impersonation ended"];
    ensure!(
        told.len() == expected.len() && told.iter().zip(expected).all(|(told, part)| told.contains(part)),
        "it says {told:?}"
    );
    // The picture has a tick for each action, and the facts say where the record has them.
    let actions = app.texts(View::Main, &id("action")).await?.len();
    let ticks = app.texts(View::Main, &format!("{} .line .tick", id("timeline"))).await?.len();
    ensure!(actions > 0 && ticks == actions, "{ticks} ticks for {actions} actions");
    app.reads(View::Main, &id("timeline"), &format!("Viewed {actions}")).await?;
    app.reads(View::Main, &id("report-record"), "Entries").await?;
    world.step(&app, "131-milestones", "A report says how the session came about.").await?;

    let copied = async |what: &str| {
        until(&format!("{what:?} is on the clipboard"), SOON, async || {
            let now = world.desktop.clipboards();
            ensure!(now[0] == what, "there is {now:?}");
            Ok(Some(()))
        })
        .await
    };
    app.click(View::Main, &id("copy-session")).await?;
    copied(&session.to_string()).await?;
    app.click(View::Main, &id("nav-people")).await?;
    app.fill(View::Main, &id("people-search"), PERSON).await?;
    app.reads(View::Main, &id("person-row"), PERSON_NAME).await?;
    app.click(View::Main, &id("person-row")).await?;
    app.reads(View::Main, &id("person-id"), PERSON).await?;
    for (button, what) in [
        ("copy-id", PERSON),
        ("copy-email", "elise.marchand@example.com"),
        ("copy-link", &format!("understudy://impersonate?person={PERSON}")),
    ] {
        app.click(View::Main, &id(button)).await?;
        copied(what).await?;
    }
    app.request_code(&world, PERSON, "view").await?;
    let code = world.mail.newest(ADA.email, 2).await?.code();
    app.click(View::Main, &id("nav-inbox")).await?;
    app.click(View::Main, &id("copy-code")).await?;
    copied(&code).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_a_session_from_its_report_and_changing_the_server_are_asked_about_first() -> anyhow::Result<()>
{
    let (world, app, session) = stepped_in().await?;
    let confirm = id("end-session-confirm");
    app.click(View::Main, &id("nav-settings")).await?;
    app.see(View::Main, &format!("{}[aria-disabled=true]", id("settings-change-server"))).await?;

    app.click(View::Main, &id("nav-history")).await?;
    app.click(View::Main, &format!("[data-session=\"{session}\"] a")).await?;
    app.click(View::Main, &id("end-session")).await?;
    app.reads(
        View::Main,
        &confirm,
        &format!("End the session of {} in the account of {PERSON_NAME}?", ADA.name),
    )
    .await?;
    world.step(&app, "132-end-session", "Ending a session is asked about.").await?;
    app.click_path(View::Main, "//button[contains(., 'Let it run')]").await?;
    app.gone(View::Main, &confirm).await?;
    ensure!(world.services.newest().await?.state == "live", "it was ended all the same");
    for button in ["end-session", "end-session-yes"] {
        app.press_on(&world.desktop, View::Main, &id(button)).await?;
    }
    until("the stage goes", SOON, async || Ok(world.desktop.window(STAGE).is_none().then_some(()))).await?;
    let row = world.services.newest().await?;
    ensure!(row.state == "ended", "it is {}", row.state);
    app.click(View::Main, &id("note-later")).await?;
    app.gone(View::Main, &id("note-sheet")).await?;

    let confirm = id("settings-change-server-confirm");
    app.click(View::Main, &id("nav-settings")).await?;
    app.click(View::Main, &id("settings-change-server")).await?;
    app.reads(View::Main, &confirm, "You will be signed out").await?;
    world.desktop.bring_up(MAIN)?;
    world.desktop.press(&["Escape"])?;
    app.gone(View::Main, &confirm).await?;
    app.see(View::Main, &id("settings-server")).await?;
    app.click(View::Main, &id("settings-change-server")).await?;
    app.click(View::Main, &id("settings-change-server-yes")).await?;
    app.see(View::Main, &id("server-url")).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_palette_begins_an_impersonation_and_enter_in_a_choice_sends_the_form() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    world.desktop.bring_up(MAIN)?;
    until("the palette opens", SOON, async || {
        world.desktop.press(&["ctrl+k"])?;
        Ok(app.shows(View::Main, &id("palette-input")).await?.then_some(()))
    })
    .await?;
    app.fill(View::Main, &id("palette-input"), "marchand elise").await?;
    let command = "[data-command=impersonate]";
    app.reads(View::Main, command, &format!("Impersonation: {PERSON_NAME}")).await?;
    app.click(View::Main, command).await?;
    app.gone(View::Main, &id("palette")).await?;
    app.see(View::Main, &id("reason")).await?;
    app.reads(View::Main, "main", PERSON_NAME).await?;
    app.reads(View::Main, "main", PERSON).await?;

    app.fill_in_request("view").await?;
    let focus = format!("document.querySelector('{}').focus()", id("mode-view"));
    app.script(View::Main, &focus, vec![]).await?;
    world.desktop.press(&["Return"])?;
    app.see(View::Main, &id("code-time")).await?;
    let row = world.services.newest().await?;
    ensure!(row.person_id == PERSON, "the request is about {}", row.person_id);

    // Whoever sees nothing is told of the code, and of a wrong one.
    app.reads(View::Main, &format!("{} + [role=status]", id("deliveries")), PERSON_NAME).await?;
    app.type_code("BBBBBBBB").await?;
    app.reads(View::Main, &format!("{}[role=alert]", id("error")), "code").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_finds_the_sessions_of_others_and_what_is_late_or_lost_comes_in_the_end() -> anyhow::Result<()>
{
    let (world, app, session) = stepped_in().await?;
    step_out(&app).await?;
    app.click(View::Main, &id("you")).await?;
    app.click(View::Main, &id("sign-out")).await?;
    app.sign_in_again(&LEA).await?;
    lists(&app, &[session]).await?;

    // The palette finds whose session it was, and leads there.
    world.desktop.bring_up(MAIN)?;
    until("the palette opens", SOON, async || {
        world.desktop.press(&["ctrl+k"])?;
        Ok(app.shows(View::Main, &id("palette-input")).await?.then_some(()))
    })
    .await?;
    app.fill(View::Main, &id("palette-input"), "winter").await?;
    let found = format!("{}[data-selected]", id("palette-item"));
    app.reads(View::Main, &found, PERSON_NAME).await?;
    app.reads(View::Main, &found, ADA.name).await?;
    world.step(&app, "133-palette-lead", "The palette finds the session of a colleague.").await?;
    world.desktop.press(&["Return"])?;
    app.unseal().await?;
    app.reads(View::Main, &id("report-id"), &session.to_string()).await?;

    // An answer that is late.
    let row = format!("[data-session=\"{session}\"] a");
    app.click(View::Main, &id("history-back")).await?;
    world.services.tap.hold();
    let skeleton = app.script_async(View::Main, SKELETON, vec![row.as_str().into()]).await?;
    ensure!(skeleton.as_f64().is_some_and(|took| took < 300.0), "the skeleton came after {skeleton} ms");
    app.see(View::Main, "main [aria-busy=true]").await?;
    ensure!(!app.shows(View::Main, &id("report-id")).await?, "it is there without an answer");
    world.services.tap.let_go();
    app.reads(View::Main, &id("report-id"), &session.to_string()).await?;
    app.gone(View::Main, "main [aria-busy=true]").await?;

    // A search that is late leaves what was found before, and says that it is under way.
    app.click(View::Main, &id("history-back")).await?;
    lists(&app, &[session]).await?;
    world.services.tap.hold();
    app.fill(View::Main, &id("history-search"), "nobody at all").await?;
    until("the search is seen to be under way", Duration::from_secs(1), async || {
        let seen = app.script(View::Main, &busy("history-search"), vec![]).await?;
        Ok((seen == true).then_some(()))
    })
    .await?;
    world.services.tap.let_go();
    app.gone(View::Main, &id("history-search-busy")).await?;
    app.keys(View::Main, &id("history-search"), "\u{E00C}").await?;
    lists(&app, &[session]).await?;
    app.click(View::Main, &row).await?;

    // One that the server has not: it is asked for again.
    app.click(View::Main, &id("history-back")).await?;
    lists(&app, &[session]).await?;
    let db = &world.services.server.core.store.db;
    db.execute_unprepared("ALTER TABLE impersonation RENAME TO elsewhere").await?;
    app.click(View::Main, &row).await?;
    app.see(View::Main, &id("error")).await?;
    world.step(&app, "134-lost", "The server has no answer: the report can be asked for again.").await?;
    app.click(View::Main, &id("retry")).await?;
    app.see(View::Main, &id("error")).await?;
    db.execute_unprepared("ALTER TABLE elsewhere RENAME TO impersonation").await?;
    app.click(View::Main, &id("retry")).await?;
    app.reads(View::Main, &id("report-id"), &session.to_string()).await?;
    app.gone(View::Main, &id("error")).await?;
    app.close().await
}
