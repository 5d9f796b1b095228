//! The person's side beside the app: asked on the stage, answered in their own browser.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use understudy_protocol::Recipient;
use understudy_server::config::Config;
use url::Url;

use crate::harness::{ADA, App, Browser, PERSON, REASON, SOON, View, World, id, until};

const MAIL: &str = "elise.marchand@example.com";
const IBAN: &str = "DE89370400440532013000";

/// The link to the person's page in the newest of so many mails.
async fn link(world: &World, count: usize) -> anyhow::Result<Url> {
    let text = world.mail.newest(MAIL, count).await?.text.replace("=\r\n", "").replace("=3D", "=");
    let start = text.find("http://127.0.0.1").context("no link")?;
    let end = text[start..].find(char::is_whitespace).context("no end")?;
    Ok(Url::parse(&text[start..start + end])?)
}

/// The person in their own browser, signed in at the platform by themselves.
async fn elise(world: &World) -> anyhow::Result<Browser> {
    let browser = Browser::start(world).await?;
    browser.open(&world.services.platform.join("sign-in")?).await?;
    browser.fill("input[name=email]", MAIL).await?;
    browser.fill("input[name=password]", demo_platform::DEMO_PASSWORD).await?;
    browser.click("main button, form[action='/sign-in'] button").await?;
    browser.reads("h1", "Élise Marchand").await?;
    Ok(browser)
}

/// The page on which Meridian shows ours.
async fn support_access(world: &World, browser: &Browser) -> anyhow::Result<()> {
    browser.open(&world.services.platform.join("support-access")?).await?;
    browser.enter_frame().await
}

async fn change_bank(app: &App) -> anyhow::Result<()> {
    let form = "form[action='/settings/bank']";
    app.click(View::Platform, "nav a[href='/settings']").await?;
    app.fill(View::Platform, &format!("{form} input[name=iban]"), IBAN).await?;
    app.click(View::Platform, &format!("{form} button")).await
}

/// The person presses the button, on the page that their platform shows. Like all that they do there, by keyboard.
async fn allow(world: &World, browser: &Browser, question: &str) -> anyhow::Result<()> {
    support_access(world, browser).await?;
    browser.reads(&id("question"), question).await?;
    browser.is_accessible().await?;
    browser.press_on(&id("allow")).await?;
    browser.see(&id("allowed")).await?;
    browser.is_accessible().await
}

/// A sign-in counts that was there before, by more than two clocks may differ.
async fn long_signed_in(since: Instant) {
    tokio::time::sleep(Duration::from_secs(7).saturating_sub(since.elapsed())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_8_nobody_steps_in_before_the_person_who_is_asked_has_allowed_it() -> anyhow::Result<()> {
    let world = World::start(crate::harness::Theme::Dark).await?;
    let browser = elise(&world).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.open_form(PERSON).await?;
    app.fill(View::Main, &id("reason"), REASON).await?;
    app.click(View::Main, &id("evidence-page")).await?;
    world.step(&app, "118-ask-by-mail", "The person is to be asked.").await?;
    app.click(View::Main, &id("request-code")).await?;
    app.reads(View::Main, &id("pending"), "Waiting for Élise Marchand’s answer").await?;
    world.step(&app, "119-asked-by-mail", "There is no code until they answer.").await?;
    // Whoever has the mail alone sees the question, and answers nothing.
    browser.open(&link(&world, 1).await?).await?;
    browser.reads(&id("question"), "asks to sign in to your account as you").await?;
    ensure!(!browser.shows(&id("allow")).await?, "the mail alone allows");
    browser.is_accessible().await?;
    // The address no longer holds the link; the tab does.
    browser.reload().await?;
    browser.reads(&id("question"), "asks to sign in to your account as you").await?;
    if let Some(path) = world.picture_of("120-person-asked-in") {
        browser.picture(&path).await?;
    }
    allow(&world, &browser, "change nothing, for 30 minutes").await?;
    app.see(View::Main, &id("verify-code")).await?;
    // And takes it back.
    browser.press_on("article.asked button").await?;
    app.reads(View::Main, &id("request-over"), "Élise Marchand has declined").await?;
    world.step(&app, "121-taken-back", "The person has thought better of it.").await?;
    // Asked anew, allowed, and stepped in.
    app.click(View::Main, &id("cancel-request")).await?;
    app.click(View::Main, &id("request-code")).await?;
    app.see(View::Main, &id("pending")).await?;
    allow(&world, &browser, "asks to sign in to your account as you").await?;
    app.enter_code(&world.mail.newest(ADA.email, 2).await?.code()).await?;
    app.start_session().await?;
    app.reads(View::Platform, "h1", "Élise Marchand").await?;
    let session = world.services.newest().await?.id;
    ensure!(world.services.kinds(session).await?.contains(&"consent_given".to_owned()), "not on record");
    browser.close().await?;
    app.click(View::Bar, &id("exit")).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn permission_to_act_is_asked_and_given_while_the_stage_is_open_and_then_more_time()
-> anyhow::Result<()> {
    let world = World::start(crate::harness::Theme::Light).await?;
    let browser = elise(&world).await?;
    let signed_in = Instant::now();
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    long_signed_in(signed_in).await;
    let session = app.request_code(&world, PERSON, "view").await?;
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    app.see(View::Main, &id("enrol-password")).await?;
    app.scan().await?;
    let recovery = app.texts(View::Main, &format!("{} li", id("recovery-codes"))).await?;
    app.click(View::Main, &id("recovery-kept")).await?;
    app.click(View::Main, &id("start")).await?;
    app.reads(View::Platform, "h1", "Élise Marchand").await?;
    // Refused, and offered.
    // It can be asked for before anything is refused: on the bar, and behind its dots.
    for ways in [&["bar-act"][..], &["bar-more", "details-act"]] {
        for button in ways {
            app.click(View::Bar, &id(button)).await?;
        }
        app.click(View::Main, &id("more-cancel")).await?;
        app.gone(View::Main, &id("more-cancel")).await?;
    }
    app.click(View::Bar, &id("bar-more")).await?;
    change_name(&app).await?;
    app.reads(View::Bar, &id("sheet-refused"), "view only").await?;
    // The page stays, with what was typed into it.
    let field = "return document.querySelector(\"form[action='/profile'] input[name=display_name]\").value";
    ensure!(app.script(View::Platform, field, vec![]).await? == "Élise Marchand-Roy", "the page is gone");
    world.step(&app, "122-view-only", "Nothing is changed, and the bar offers to ask.").await?;
    // All of it by keyboard.
    let desk = &world.desktop;
    app.press_on(desk, View::Bar, &id("want-act")).await?;
    app.type_into(desk, View::Main, &id("reason"), "The name has a typing error").await?;
    app.choose(desk, View::Main, &id("evidence-page")).await?;
    world.step(&app, "123-permission", "The form stands beside the session.").await?;
    app.press_on(desk, View::Main, &id("request-code")).await?;
    app.reads(View::Main, &id("pending"), "Waiting for Élise Marchand’s answer").await?;
    allow(&world, &browser, "so far can change nothing").await?;
    // The code in the inbox can be used where it is.
    app.take_keyboard(desk, View::Main).await?;
    app.press_until(desk, &["ctrl+2"], &id("use-code")).await?;
    app.press_on(desk, View::Main, &id("use-code")).await?;
    app.reads(View::Main, &id("more-ready"), "changed as Élise Marchand").await?;
    world.step(&app, "124-permission-ready", "One word is missing.").await?;
    app.press_on(desk, View::Main, &id("raise")).await?;
    // On the stage, without a reload.
    app.reads(View::Bar, &id("sheet-raised"), "Changes are allowed").await?;
    app.reads(View::Bar, &id("bar-mode"), "hanges allowed").await?;
    world.step(&app, "125-raised", "The bar says that changes are allowed.").await?;
    change_name(&app).await?;
    app.see(View::Platform, ".notice").await?;
    ensure!(world.services.newest().await?.raises == Some(session), "a session of its own");

    // More time, by a second factor that was not shown for the start.
    for button in ["more-time", "extend", "second-factor-recovery"] {
        app.press_on(desk, View::Main, &id(button)).await?;
    }
    let code = recovery.first().context("no codes")?;
    app.type_into(desk, View::Main, &id("second-factor-code"), code).await?;
    world.step(&app, "126-more-time", "More time takes the second factor.").await?;
    app.press_on(desk, View::Main, &id("extend")).await?;
    app.gone(View::Main, &id("more")).await?;
    let kinds = world.services.kinds(session).await?;
    for kind in ["mode_raised", "session_extended", "consent_given"] {
        ensure!(kinds.iter().any(|it| it == kind), "{kind}: {kinds:?}");
    }
    browser.close().await?;
    app.click(View::Bar, &id("exit")).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.click(View::Main, &id("note-later")).await?;
    app.click(View::Main, &id("nav-history")).await?;
    app.click(View::Main, &format!("{} a", id("session-row"))).await?;
    app.reads(View::Main, &id("report-raised"), "The name has a typing error").await?;
    world.step(&app, "127-report-raised", "The report says how changes came to be allowed.").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_the_person_reads_out_is_their_consent() -> anyhow::Result<()> {
    let by_person = |config: &mut Config| config.code.recipient = Recipient::Person;
    let world = World::configured(by_person).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.open_form(PERSON).await?;
    app.fill(View::Main, &id("reason"), REASON).await?;
    ensure!(!app.shows(View::Main, &id("consent-given-by")).await?, "a statement is asked for");
    world.step(&app, "128-consent-by-code", "The code is the consent: nothing is stated.").await?;
    app.click(View::Main, &id("request-code")).await?;
    app.reads(View::Main, &id("code-with-person"), "Élise Marchand").await?;
    world.step(&app, "129-code-with-person", "The code is with the person.").await?;
    // She reads her mail, and reads the code out.
    let mail = world.mail.newest(MAIL, 1).await?;
    ensure!(mail.text.contains("asks to sign in to your account as you"), "{}", mail.text);
    ensure!(world.desktop.notifications()?.is_empty(), "the one who asks is told of it");
    app.enter_code(&mail.code()).await?;
    app.start_session().await?;
    app.reads(View::Platform, "h1", "Élise Marchand").await?;
    let session = world.services.newest().await?.id;
    ensure!(world.services.kinds(session).await?.contains(&"consent_given".to_owned()), "not on record");
    app.click(View::Bar, &id("exit")).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.click(View::Main, &id("note-later")).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_8_a_person_who_signs_in_during_the_session_may_decline_and_end_and_staff_are_told()
-> anyhow::Result<()> {
    let world = World::start(crate::harness::Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in_as(PERSON, &world, &ADA, "act").await?;
    change_bank(&app).await?;
    app.click(View::Bar, &id("ask-person")).await?;
    app.reads(View::Bar, &id("sheet-consent"), "Élise Marchand is asked: the bank details").await?;
    // The mail leads to the platform, where she signs in now.
    let browser = elise(&world).await?;
    support_access(&world, &browser).await?;
    browser.reads(&id("late"), "a yes from here would not count").await?;
    ensure!(!browser.shows(&id("allow")).await?, "a late sign-in allows");
    browser.is_accessible().await?;
    if let Some(path) = world.picture_of("130-person-late") {
        browser.picture(&path).await?;
    }
    app.reads(View::Bar, &id("sheet-consent"), "their yes cannot count").await?;
    world.step(&app, "131-signed-in-late", "Whoever waits for a yes learns that none can come.").await?;
    browser.press_on(&id("decline")).await?;
    app.reads(View::Bar, &id("sheet-consent"), "Élise Marchand has declined").await?;
    browser.press_on(&id("end-now")).await?;
    browser.press_on(&id("end-sure")).await?;
    world.services.ended(session, "consent_withdrawn", SOON).await?;
    browser.close().await?;
    app.close().await
}

async fn change_name(app: &App) -> anyhow::Result<()> {
    app.click(View::Platform, "nav a[href='/profile']").await?;
    app.fill(View::Platform, "form[action='/profile'] input[name=display_name]", "Élise Marchand-Roy")
        .await?;
    app.click(View::Platform, "form[action='/profile'] button").await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_9_bank_details_change_with_one_consent_and_are_refused_the_second_time()
-> anyhow::Result<()> {
    let world = World::start(crate::harness::Theme::Light).await?;
    let browser = elise(&world).await?;
    let signed_in = Instant::now();
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    long_signed_in(signed_in).await;
    let session = app.step_in_as(PERSON, &world, &ADA, "act").await?;
    change_bank(&app).await?;
    app.reads(View::Bar, &id("sheet-refused"), "needs Élise Marchand’s consent").await?;
    world.step(&app, "111-consent-missing", "Bank details stay shut, and the bar offers to ask.").await?;
    app.press_on(&world.desktop, View::Bar, &id("ask-person")).await?;
    app.reads(View::Bar, &id("sheet-consent"), "Élise Marchand is asked: the bank details").await?;
    world.step(&app, "112-consent-asked", "The person is asked.").await?;

    // The mail opens a page that shows; from there nobody can allow.
    browser.open(&link(&world, 2).await?).await?;
    browser.reads(&id("question"), "asks to change your bank details").await?;
    ensure!(!browser.shows(&id("allow")).await?, "the mail alone allows");
    if let Some(path) = world.picture_of("113-person-asked") {
        browser.picture(&path).await?;
    }
    // In French: what the gateway says, and this page without a link and with it.
    let french = Browser::start_in(&world, "fr").await?;
    french.open(&world.services.gateway).await?;
    french.reads("h1", "Aucune prise en main").await?;
    french.is_accessible().await?;
    french.open(&world.services.api.join("person")?).await?;
    french.reads("[role=alert]", "Cette page s’ouvre").await?;
    french.is_accessible().await?;
    french.open(&link(&world, 2).await?).await?;
    french.reads(&id("question"), "vos coordonnées bancaires").await?;
    french.press_on(&id("end-now")).await?;
    french.see(&id("end-sure")).await?;
    french.is_accessible().await?;
    allow(&world, &browser, "asks to change your bank details").await?;
    if let Some(path) = world.picture_of("114-person-allowed") {
        browser.picture(&path).await?;
    }
    // On the stage, without a reload.
    app.reads(View::Bar, &id("sheet-consent"), "Élise Marchand has agreed").await?;
    world.step(&app, "115-consent-given", "The answer is on the bar.").await?;
    change_bank(&app).await?;
    app.reads(View::Platform, ".notice", "Your bank details are saved.").await?;
    app.gone(View::Bar, &id("sheet-consent")).await?;
    change_bank(&app).await?;
    app.reads(View::Bar, &id("sheet-refused"), "needs Élise Marchand’s consent").await?;
    // On another page it is no news any more.
    app.click(View::Platform, "nav a[href='/messages']").await?;
    app.gone(View::Bar, &id("sheet-refused")).await?;

    // Whoever takes it all back is alone at once.
    support_access(&world, &browser).await?;
    browser.press_on(&id("end-now")).await?;
    browser.press_on(&id("end-sure")).await?;
    world.services.ended(session, "consent_withdrawn", SOON).await?;
    until("the stage goes", SOON, async || Ok(world.desktop.window("Signed in as").is_none().then_some(())))
        .await?;
    world.step(&app, "116-withdrawn", "The person has ended it: the stage is gone.").await?;
    browser.reads(&id("visit"), "Changed the bank details").await?;
    french.reload().await?;
    french.reads(&id("visit"), "Modifié").await?;
    for browser in [&browser, &french] {
        browser.is_accessible().await?;
    }
    french.close().await?;
    if let Some(path) = world.picture_of("117-person-account") {
        browser.picture(&path).await?;
    }
    browser.close().await?;
    app.close().await
}
