//! What makes a long day with the app bearable: the keyboard, a place that is kept, quiet hours, paper.

use std::fs;

use anyhow::{Context as _, ensure};
use chrono::{Local, TimeDelta};
use sea_orm::ConnectionTrait as _;
use url::Url;

use crate::harness::{
    ADA, APP, App, PASSWORD, PERSON, PERSON_NAME, REASON, SOON, Theme, View, World, authenticator, id, until,
};

const MAIN: &str = "^Understudy$";
const STAGE: &str = "Signed in as";
/// As WebDriver types it.
const TAB: char = '\u{E004}';

async fn open_palette(world: &World, app: &App) -> anyhow::Result<()> {
    app.press_until(&world.desktop, &["ctrl+k"], &id("palette-input")).await?;
    // Its field is all there is to it, so it has no ring.
    until("the palette has the keyboard", SOON, async || {
        let now = app.focused(View::Main, &id("palette-input")).await?;
        Ok((now["found"] == true).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_up_to_the_verified_code_is_done_by_keyboard_alone() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    world.desktop.bring_up(MAIN)?;
    app.has_keyboard(View::Main, &id("server-url")).await?;
    world.desktop.press(&["ctrl+a"])?;
    world.desktop.type_text(world.services.api.as_str())?;
    world.desktop.press(&["Return"])?;
    app.has_keyboard(View::Main, &id("email")).await?;
    world.desktop.type_text(ADA.email)?;
    app.tab_to(&world.desktop, View::Main, &id("password")).await?;
    world.desktop.type_text(PASSWORD)?;
    world.desktop.press(&["Return"])?;
    app.see(View::Main, &id("person-row")).await?;

    app.press_until(&world.desktop, &["question"], &id("keys-sheet")).await?;
    app.reads(View::Main, &id("keys-sheet"), "Ctrl").await?;
    world.step(&app, "70-keys", "\"?\" shows every key.").await?;
    world.desktop.press(&["Escape"])?;
    app.gone(View::Main, &id("keys-sheet")).await?;

    open_palette(&world, &app).await?;
    world.desktop.type_text("histor")?;
    app.see(View::Main, "[data-command=go-history][data-selected]").await?;
    world.desktop.press(&["Return"])?;
    app.see(View::Main, &format!("{}[aria-current=page]", id("nav-history"))).await?;
    app.gone(View::Main, &id("palette")).await?;

    open_palette(&world, &app).await?;
    world.desktop.type_text("marchand")?;
    let found = format!("{}[data-selected]", id("palette-item"));
    app.reads(View::Main, &found, PERSON_NAME).await?;
    world.step(&app, "71-palette", "The palette finds people and commands.").await?;
    world.desktop.press(&["Escape"])?;
    app.gone(View::Main, &id("palette")).await?;
    open_palette(&world, &app).await?;
    world.desktop.type_text("marchand")?;
    app.reads(View::Main, &found, PERSON_NAME).await?;
    world.desktop.press(&["Return"])?;
    app.reads(View::Main, &id("person-id"), PERSON).await?;

    app.tab_to(&world.desktop, View::Main, &id("impersonation")).await?;
    world.desktop.press(&["Return"])?;
    app.has_keyboard(View::Main, &id("reason")).await?;
    world.desktop.type_text(REASON)?;
    app.tab_to(&world.desktop, View::Main, &id("ticket")).await?;
    world.desktop.type_text("HELP-2041")?;
    app.tab_to(&world.desktop, View::Main, &id("evidence-statement")).await?;
    world.desktop.press(&["space"])?;
    app.see(View::Main, &id("consent-given-by")).await?;
    app.tab_to(&world.desktop, View::Main, &id("consent-given-by")).await?;
    world.desktop.type_text("Elise Marchand")?;
    app.tab_to(&world.desktop, View::Main, &id("consent-reference")).await?;
    world.desktop.type_text("Call 4711")?;
    app.tab_to(&world.desktop, View::Main, &id("means-phone")).await?;
    world.desktop.press(&["space"])?;
    app.see(View::Main, &format!("{}[data-state=checked]", id("means-phone"))).await?;
    app.tab_to(&world.desktop, View::Main, &id("request-code")).await?;
    world
        .step(&app, "72-keyboard", "The form is filled in without the mouse, and the focus is seen.")
        .await?;
    world.desktop.press(&["Return"])?;
    app.see(View::Main, &id("code-time")).await?;
    app.has_keyboard(View::Main, &id("code")).await?;
    let code = world.mail.newest(ADA.email, 1).await?.code();
    world.desktop.type_text(&code.replace('-', "").to_lowercase())?;
    app.tab_to(&world.desktop, View::Main, &id("verify-code")).await?;
    world.desktop.press(&["Return"])?;
    app.see(View::Main, &id("ready-sentence")).await?;
    ensure!(world.services.newest().await?.ticket.as_deref() == Some("HELP-2041"), "the ticket is another");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_from_the_code_in_the_inbox_to_the_report_is_done_by_keyboard_alone() -> anyhow::Result<()>
{
    const WHAT: &str = "Looked at her documents";
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.request_code(&world, PERSON, "view").await?;
    world.mail.newest(ADA.email, 1).await?;
    let press = |key: &str| world.desktop.press(&[key]);
    let at = |name: &str| format!("{}[aria-current=page]", id(name));
    world.desktop.bring_up(MAIN)?;

    // The inbox; its code is used.
    app.press_until(&world.desktop, &["ctrl+2"], &at("nav-inbox")).await?;
    app.tab_to(&world.desktop, View::Main, &id("use-code")).await?;
    press("Return")?;
    app.see(View::Main, &id("ready-sentence")).await?;

    // The rules, the second factor that they ask for, and the start.
    app.tab_to(&world.desktop, View::Main, &id("enrol-password")).await?;
    world.desktop.type_text(PASSWORD)?;
    press("Return")?;
    app.see(View::Main, &id("enrol-qr")).await?;
    let secret = app.text(View::Main, &id("enrol-secret")).await?.replace(char::is_whitespace, "");
    app.tab_to(&world.desktop, View::Main, &id("enrol-code")).await?;
    world.desktop.type_text(&authenticator(&secret)?)?;
    press("Return")?;
    app.tab_to(&world.desktop, View::Main, &id("recovery-kept")).await?;
    press("Return")?;
    app.see(View::Main, &id("recovery-unsaved")).await?;
    app.tab_to(&world.desktop, View::Main, &id("recovery-kept")).await?;
    press("Return")?;
    app.tab_to(&world.desktop, View::Main, &id("start")).await?;
    press("Return")?;
    app.reads(View::Bar, &id("bar-name"), PERSON_NAME).await?;
    app.reads(View::Platform, "h1", PERSON_NAME).await?;

    // The stage: to the bar, a note half written, back to the page, and out from there.
    app.take_keyboard(&world.desktop, View::Bar).await?;
    app.tab_to(&world.desktop, View::Bar, &id("bar-note")).await?;
    press("Return")?;
    app.has_keyboard(View::Bar, &id("note-what")).await?;
    world.desktop.type_text(WHAT)?;
    until("it is typed", SOON, async || Ok((app.value(View::Bar, "note-what").await? == WHAT).then_some(())))
        .await?;
    press("Escape")?;
    app.gone(View::Bar, &id("note-draft")).await?;
    app.has_keyboard(View::Bar, &id("bar-note")).await?;
    app.take_keyboard(&world.desktop, View::Platform).await?;
    press("ctrl+shift+e")?;
    world.services.ended(session, "exit", SOON).await?;

    // The note, of which a half is there.
    app.has_keyboard(View::Main, &id("note-what")).await?;
    ensure!(app.value(View::Main, "note-what").await? == WHAT, "the draft is lost");
    app.tab_to(&world.desktop, View::Main, &id("note-why")).await?;
    world.desktop.type_text("She could not find one")?;
    app.tab_to(&world.desktop, View::Main, "[name=solved], [role=radio]").await?;
    press("space")?;
    app.tab_to(&world.desktop, View::Main, &id("note-save")).await?;
    world.step(&app, "78-note-by-keyboard", "The note is written without the mouse.").await?;
    press("Return")?;
    app.gone(View::Main, &id("note-sheet")).await?;

    // The history, from a field; the report, and what can be taken from there.
    app.press_until(&world.desktop, &["ctrl+4"], &at("nav-history")).await?;
    app.tab_to(&world.desktop, View::Main, &format!("[data-session=\"{session}\"] a")).await?;
    press("Return")?;
    app.reads(View::Main, &id("report-note"), WHAT).await?;
    app.tab_to(&world.desktop, View::Main, &id("copy-session")).await?;
    press("Return")?;
    until("the session's ID is on the clipboard", SOON, async || {
        Ok((world.desktop.clipboards()[0] == session.to_string()).then_some(()))
    })
    .await?;

    app.press_until(&world.desktop, &["g", "s"], &at("nav-settings")).await?;
    app.tab_to(&world.desktop, View::Main, &id("set-show-codes")).await?;
    press("space")?;
    app.see(View::Main, &format!("{}[aria-checked=true]", id("set-show-codes"))).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_finds_the_windows_the_tab_the_search_and_the_half_written_note() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.step_in(&world, &ADA, "view").await?;
    let stage = put(&world, STAGE, [71, 83, 940, 640])?;
    app.click(View::Bar, &id("exit")).await?;
    app.fill(View::Main, &id("note-what"), "Looked at her payments, and then the phone").await?;
    app.click(View::Main, &id("note-later")).await?;
    app.click(View::Main, &id("nav-people")).await?;
    app.click(View::Main, &id("tab-Company")).await?;
    app.fill(View::Main, &id("people-search"), "gmbh").await?;
    until("the search is kept", SOON, async || {
        Ok((app.url(View::Main).await?.fragment() == Some("/people/Company?q=gmbh")).then_some(()))
    })
    .await?;
    let workspace = put(&world, MAIN, [133, 97, 1010, 705])?;
    app.click(View::Main, &id("you")).await?;
    app.click(View::Main, &id("quit")).await?;
    app.quits(SOON).await?;
    drop(app);

    let app = App::start(&world).await?;
    app.see(View::Main, &format!("{}[data-state=active]", id("tab-Company"))).await?;
    app.reads(View::Main, &id("person-row"), "GmbH").await?;
    let search = format!("return document.querySelector('{}').value", id("people-search"));
    ensure!(app.script(View::Main, &search, vec![]).await? == "gmbh", "the search is empty");
    is_at(&world, MAIN, workspace).await?;
    app.click(View::Main, &format!("{} {}", id("note-reminder"), id("note-write"))).await?;
    app.see(View::Main, &id("note-what")).await?;
    let what = format!("return document.querySelector('{}').value", id("note-what"));
    let kept = app.script(View::Main, &what, vec![]).await?;
    ensure!(kept == "Looked at her payments, and then the phone", "of the note is left {kept}");
    world.step(&app, "73-restart", "After a restart everything is where it was, the note too.").await?;
    app.fill(View::Main, &id("note-why"), "She asked for it").await?;
    app.click(View::Main, &id("solved-yes")).await?;
    app.click(View::Main, &id("note-save")).await?;
    app.gone(View::Main, &id("note-sheet")).await?;
    app.request_code(&world, PERSON, "view").await?;
    app.enter_code(&world.mail.newest(ADA.email, 2).await?.code()).await?;
    app.start_session().await?;
    app.reads(View::Platform, "h1", PERSON_NAME).await?;
    is_at(&world, STAGE, stage).await?;
    app.close().await
}

/// Puts a window to this place, in this size. Answers with what the window manager made of it.
fn put(world: &World, title: &str, wanted: [i32; 4]) -> anyhow::Result<[i32; 4]> {
    let window = world.desktop.window(title).context("there is no such window")?;
    let [x, y, width, height] = wanted.map(|number| number.to_string());
    world.desktop.run("xdotool", &["windowsize", "--sync", &window, &width, &height])?;
    world.desktop.run("xdotool", &["windowmove", "--sync", &window, &x, &y])?;
    let place = world.desktop.place(&window)?;
    ensure!(place[2..] == wanted[2..], "the window did not take this size: {place:?}");
    Ok(place)
}

async fn is_at(world: &World, title: &str, place: [i32; 4]) -> anyhow::Result<()> {
    until("the window is where it was", SOON, async || {
        let window = world.desktop.window(title).context("there is no such window")?;
        let now = world.desktop.place(&window)?;
        ensure!(now == place, "it was at {place:?} and is at {now:?}");
        Ok(Some(()))
    })
    .await
}

/// How many codes wait in the inbox by now.
async fn codes_wait(app: &App, count: usize) -> anyhow::Result<()> {
    app.reads(View::Main, &id("badge-inbox"), &count.to_string()).await
}

/// From an open request back to an empty form.
async fn start_over(app: &App) -> anyhow::Result<()> {
    app.click(View::Main, &id("cancel-request")).await?;
    app.click(View::Main, &id("cancel-request-yes")).await?;
    app.click(View::Main, &id("change-person")).await
}

async fn switch(app: &App, name: &str, on: bool) -> anyhow::Result<()> {
    app.click(View::Main, &id(name)).await?;
    app.see(View::Main, &format!("{}[aria-checked={on}]", id(name))).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_are_quiet_and_a_code_is_shown_only_where_that_is_set() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;

    app.click(View::Main, &id("nav-settings")).await?;
    switch(&app, "set-quiet", true).await?;
    let kept = world.folder.path().join("home/.config/dev.understudy.desktop/settings.json");
    for (field, hours) in [("quiet-from", -2), ("quiet-to", 2)] {
        let time = (Local::now() + TimeDelta::hours(hours)).format("%H:%M").to_string();
        app.fill(View::Main, &id(field), &format!("{time}{TAB}")).await?;
        until("the hours are kept", SOON, async || {
            let kept = fs::read_to_string(&kept)?;
            Ok(kept.contains(&format!("\"{time}\"")).then_some(()))
        })
        .await?;
    }
    world.step(&app, "74-quiet", "Quiet hours are set, with both times.").await?;
    app.request_code(&world, PERSON, "view").await?;
    codes_wait(&app, 1).await?;
    start_over(&app).await?;

    app.click(View::Main, &id("nav-settings")).await?;
    switch(&app, "set-quiet", false).await?;
    let shown = async |count: usize| {
        until("a notification of the code", SOON, async || {
            let known = world.desktop.notifications()?;
            let codes: Vec<_> =
                known.into_iter().filter(|(title, _)| title == "A code has arrived").collect();
            Ok((codes.len() >= count).then_some(codes))
        })
        .await
    };
    app.request_code(&world, PERSON, "view").await?;
    let silent = world.mail.newest(ADA.email, 2).await?.code();
    let codes = shown(1).await?;
    ensure!(codes.len() == 1, "quiet hours were not quiet: {codes:?}");
    ensure!(codes.iter().all(|(_, body)| body.contains(PERSON_NAME)), "it names nobody: {codes:?}");
    ensure!(codes.iter().all(|(_, body)| !body.contains(&silent)), "it shows the code: {codes:?}");
    start_over(&app).await?;

    app.click(View::Main, &id("nav-settings")).await?;
    switch(&app, "set-show-codes", true).await?;
    app.request_code(&world, PERSON, "view").await?;
    let told = world.mail.newest(ADA.email, 3).await?.code();
    let codes = shown(2).await?;
    ensure!(codes.iter().any(|(_, body)| body.contains(&told)), "it does not show {told}: {codes:?}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn starting_with_the_computer_is_one_entry_that_comes_and_goes() -> anyhow::Result<()> {
    let world = World::start(Theme::Dark).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let entry = world.folder.path().join("home/.config/autostart/Understudy.desktop");
    ensure!(!entry.exists(), "it starts with the computer before anybody has asked for it");
    app.click(View::Main, &id("nav-settings")).await?;
    switch(&app, "set-autostart", true).await?;
    let text = until("the entry is there", SOON, async || Ok(Some(fs::read_to_string(&entry)?))).await?;
    let starts = format!("{} --hidden", fs::canonicalize(APP)?.display());
    let line = text.lines().find(|line| line.starts_with("Exec=")).context("it starts nothing")?;
    ensure!(line.replace('"', "") == format!("Exec={starts}"), "it starts {line}");
    switch(&app, "set-autostart", false).await?;
    until("the entry is gone", SOON, async || Ok((!entry.exists()).then_some(()))).await?;
    app.close().await
}

/// As the page is on paper: what holds in print holds on the screen.
const ON_PAPER: &str = "for (const sheet of document.styleSheets)
        for (const rule of sheet.cssRules)
            if (rule instanceof CSSMediaRule && rule.media.mediaText === 'print') rule.media.mediaText = 'all';
    const drawn = (css) => [...document.querySelectorAll(css)].filter((element) =>
        element.getClientRects().length > 0 && element.checkVisibility({ visibilityProperty: true })).length;
    return { rail: drawn('.rail'), buttons: drawn('button'), report: drawn('[data-testid=report]'),
        by: document.querySelector('.print-only')?.innerText ?? '', ground: getComputedStyle(document.body).backgroundColor,
        cut: document.querySelector('.page > .body').scrollHeight - document.querySelector('.page > .body').clientHeight };";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_to_paper_without_what_is_only_for_the_screen() -> anyhow::Result<()> {
    let world = World::start(Theme::Dark).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "view").await?;
    app.click(View::Bar, &id("exit")).await?;
    app.click(View::Main, &id("note-later")).await?;
    app.click(View::Main, &id("nav-history")).await?;
    app.click(View::Main, &format!("[data-session=\"{session}\"] a")).await?;
    app.see(View::Main, &id("report")).await?;
    // WebKit opens no dialog while WebDriver drives it.
    app.script(View::Main, "window.printed = 0; window.print = () => { window.printed += 1; }", vec![])
        .await?;
    app.click(View::Main, &id("report-print")).await?;
    let printed = app.script(View::Main, "return window.printed", vec![]).await?;
    ensure!(printed == 1, "\"Print\" prints nothing");
    world.desktop.bring_up(MAIN)?;
    until("Ctrl+P prints too", SOON, async || {
        world.desktop.press(&["ctrl+p"])?;
        let printed = app.script(View::Main, "return window.printed", vec![]).await?;
        Ok((printed.as_i64() > Some(1)).then_some(()))
    })
    .await?;

    let paper = app.script(View::Main, ON_PAPER, vec![]).await?;
    ensure!(paper["rail"] == 0 && paper["buttons"] == 0, "what is for the screen is printed: {paper}");
    ensure!(paper["report"] == 1 && paper["cut"] == 0, "the report is not printed whole: {paper}");
    ensure!(paper["ground"] == "rgb(255, 255, 255)", "the paper is not white: {paper}");
    let by = paper["by"].as_str().unwrap_or_default();
    ensure!(by.contains(ADA.name), "the page does not say who printed it: {by}");
    app.reads(View::Main, &id("report-id"), &session.to_string()).await?;
    world.step(&app, "76-paper", "On paper the report stands alone.").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_factor_comes_before_a_code_and_a_name_finds_whom_it_may_mean() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.click(View::Main, &id("nav-impersonation")).await?;
    app.click(View::Main, &id("set-up-now")).await?;
    app.scan().await?;
    app.click(View::Main, &id("recovery-kept")).await?;
    app.gone(View::Main, &id("recovery-codes")).await?;
    ensure!(!app.shows(View::Main, &id("set-up-first")).await?, "it is asked for twice");
    app.fill(View::Main, &id("identifier"), "marchand elise").await?;
    app.click(View::Main, &id("find-person")).await?;
    world.step(&app, "79-near", "Nobody has this identifier; whom it may mean is named.").await?;
    app.click(View::Main, &id("near-person")).await?;
    app.see(View::Main, &id("reason")).await?;
    app.fill_in_request("view").await?;
    app.click(View::Main, &id("request-code")).await?;
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    app.see(View::Main, &id("start")).await?;
    ensure!(!app.shows(View::Main, &id("enrol-password")).await?, "it is asked for twice");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_authenticator_app_scans_is_what_is_written_beside_it() -> anyhow::Result<()> {
    for theme in [Theme::Light, Theme::Dark] {
        let world = World::start(theme).await?;
        let app = App::start(&world).await?;
        app.sign_in(&world, &ADA).await?;
        app.click(View::Main, &id("nav-impersonation")).await?;
        app.click(View::Main, &id("set-up-now")).await?;
        app.fill(View::Main, &id("enrol-password"), PASSWORD).await?;
        app.click(View::Main, &id("enrol-next")).await?;
        app.see(View::Main, &format!("{} path", id("enrol-qr"))).await?;
        world.desktop.bring_up(MAIN)?;
        let picture = world.folder.path().join("qr.png");
        let scanned = until("the picture is scanned", SOON, async || {
            world.desktop.picture(&picture)?;
            let screen = image::open(&picture)?.into_luma8();
            let (width, height) = (screen.width() as usize, screen.height() as usize);
            let mut grey = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
                screen.get_pixel(x as u32, y as u32).0[0]
            });
            let codes = grey.detect_grids();
            Ok(codes.first().map(|code| code.decode()).transpose()?.map(|(_, text)| text))
        })
        .await?;
        let scanned = Url::parse(&scanned)?;
        let value = |name: &str| scanned.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
        let secret = app.text(View::Main, &id("enrol-secret")).await?.replace(char::is_whitespace, "");
        ensure!(scanned.scheme() == "otpauth" && scanned.host_str() == Some("totp"), "it says {scanned}");
        ensure!(value("secret").as_deref() == Some(secret.as_str()), "it says {scanned}, not {secret}");
        ensure!(scanned.path().contains("ada"), "it does not say whose it is: {scanned}");
        app.close().await?;
    }
    Ok(())
}

/// A hundred thousand people more, as a large platform has them.
async fn crowd(world: &World) -> anyhow::Result<()> {
    let file = world.folder.path().join("meridian/meridian.db");
    let platform = sea_orm::Database::connect(format!("sqlite://{}", file.display())).await?;
    let crowd = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
        INSERT INTO people SELECT printf('INV-9%05d', i), kind, printf('Traveller %06d', i),
            printf('traveller.%06d@example.com', i), phone, address, iban, status, password_hash, created_at, updated_at,
            last_seen_at, language FROM n, (SELECT * FROM people WHERE id = 'INV-000137')";
    platform.execute_unprepared(crowd).await?;
    Ok(platform.close().await?)
}

/// Whom the list has shown since then, whoever that was and however briefly.
const WATCH: &str = "const list = document.querySelector('[data-testid=people-list]');
    window.shown = new Set();
    const look = () => list.querySelectorAll('.name').forEach((name) => window.shown.add(name.textContent));
    look();
    new MutationObserver(look).observe(list, { childList: true, subtree: true, characterData: true });";

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_thousand_people_only_those_are_shown_whom_the_last_words_mean() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    crowd(&world).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let tab = id("tab-Investor");
    app.see(View::Main, &id("person-row")).await?;
    app.reads(View::Main, &tab, "100,240").await?;
    let rows = async || app.texts(View::Main, &format!("{} .name", id("person-row"))).await;

    // As one types: each letter on the way may ask for others.
    world.desktop.bring_up(MAIN)?;
    app.click(View::Main, &id("people-search")).await?;
    world.desktop.type_text("traveller 0777")?;
    let meant: Vec<String> = (1..=100_000).map(|i| format!("Traveller {i:06}")).collect();
    let meant: Vec<&String> = meant.iter().filter(|name| name.contains("0777")).collect();
    app.reads(View::Main, &tab, &meant.len().to_string()).await?;
    until("the first of them are shown", SOON, async || {
        let rows = rows().await?;
        ensure!(rows.iter().zip(&meant).all(|(row, name)| row == *name), "it shows {rows:?}");
        Ok((rows.len() > 5).then_some(()))
    })
    .await?;

    // Two searches whose answers come together: the first one's is never shown.
    let asked = || -> anyhow::Result<usize> {
        let entries = world.services.meridian.access_log()?;
        Ok(entries.iter().filter(|entry| entry.path == "/scim/v2/Users").count())
    };
    app.script(View::Main, WATCH, vec![]).await?;
    world.services.tap.hold();
    for more in ["7", "0"] {
        let before = asked()?;
        world.desktop.type_text(more)?;
        // The list, and how many each of the two kinds has.
        until("the platform was asked", SOON, async || Ok((asked()? == before + 3).then_some(()))).await?;
    }
    world.services.tap.let_go();
    until("the one that is meant is shown", SOON, async || {
        let rows = rows().await?;
        ensure!(rows == ["Traveller 077770"], "it shows {rows:?}");
        Ok(Some(()))
    })
    .await?;
    world.step(&app, "79-search", "One of a hundred thousand is found.").await?;
    // Its profile comes after all that was held back.
    world.desktop.press(&["Return"])?;
    app.reads(View::Main, &id("person-id"), "INV-977770").await?;
    let shown: Vec<String> =
        serde_json::from_value(app.script(View::Main, "return [...shown]", vec![]).await?)?;
    let stale: Vec<&String> = shown.iter().filter(|name| !meant.contains(name)).collect();
    ensure!(stale.is_empty(), "nobody asked for {stale:?}");
    // It is only in the first one's answer.
    ensure!(!shown.contains(&"Traveller 077771".to_owned()), "it shows what was asked for before");
    app.close().await
}
