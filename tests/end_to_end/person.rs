//! The person's side beside the app: asked on the stage, answered in their own browser.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use url::Url;

use crate::harness::{ADA, App, Browser, PERSON, SOON, View, World, id, until};

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

#[tokio::test(flavor = "multi_thread")]
async fn invariant_9_bank_details_change_with_one_consent_and_are_refused_the_second_time()
-> anyhow::Result<()> {
    let world = World::start(crate::harness::Theme::Light).await?;
    let browser = elise(&world).await?;
    let signed_in = Instant::now();
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    // A sign-in counts that was there before, by more than two clocks may differ.
    tokio::time::sleep(Duration::from_secs(7).saturating_sub(signed_in.elapsed())).await;
    let session = app.step_in_as(PERSON, &world, &ADA, "act").await?;
    change_bank(&app).await?;
    app.reads(View::Bar, &id("sheet-refused"), "needs Élise Marchand’s consent").await?;
    app.reads(View::Platform, "h1", "This needs the person’s consent").await?;
    world.step(&app, "111-consent-missing", "Bank details stay shut, and the bar offers to ask.").await?;
    app.click(View::Bar, &id("ask-person")).await?;
    app.reads(View::Bar, &id("sheet-consent"), "Élise Marchand is asked: the bank details").await?;
    world.step(&app, "112-consent-asked", "The person is asked.").await?;

    // The mail opens a page that shows; from there nobody can allow.
    browser.open(&link(&world, 2).await?).await?;
    browser.reads(&id("question"), "asks to change your bank details").await?;
    ensure!(!browser.shows(&id("allow")).await?, "the mail alone allows");
    if let Some(path) = world.picture_of("113-person-asked") {
        browser.picture(&path).await?;
    }
    support_access(&world, &browser).await?;
    browser.click(&id("allow")).await?;
    browser.see(&id("allowed")).await?;
    if let Some(path) = world.picture_of("114-person-allowed") {
        browser.picture(&path).await?;
    }
    // On the stage, without a reload.
    app.reads(View::Bar, &id("sheet-consent"), "Élise Marchand has agreed").await?;
    app.click(View::Platform, "main a").await?;
    world.step(&app, "115-consent-given", "The answer is on the bar.").await?;
    change_bank(&app).await?;
    app.reads(View::Platform, ".notice", "Your bank details are saved.").await?;
    app.gone(View::Bar, &id("sheet-consent")).await?;
    change_bank(&app).await?;
    app.reads(View::Bar, &id("sheet-refused"), "needs Élise Marchand’s consent").await?;

    // Whoever takes it all back is alone at once.
    support_access(&world, &browser).await?;
    browser.click(&id("end-now")).await?;
    browser.click(&id("end-sure")).await?;
    world.services.ended(session, "consent_withdrawn", SOON).await?;
    until("the stage goes", SOON, async || Ok(world.desktop.window("Signed in as").is_none().then_some(())))
        .await?;
    world.step(&app, "116-withdrawn", "The person has ended it: the stage is gone.").await?;
    browser.reads(&id("visit"), "Changed the bank details").await?;
    if let Some(path) = world.picture_of("117-person-account") {
        browser.picture(&path).await?;
    }
    browser.close().await?;
    app.close().await
}
