//! A network that is gone or slow: the app says so, keeps what was typed, and finds back by itself.

use std::time::{Duration, Instant};

use anyhow::ensure;
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use understudy_server::store::entities::impersonation;

use crate::harness::{ADA, App, PERSON, REASON, SOON, Theme, View, World, id, until};

/// The app waits this long for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

async fn signed_in(world: &World) -> anyhow::Result<App> {
    let app = App::start(world).await?;
    app.sign_in(world, &ADA).await?;
    Ok(app)
}

async fn requests(world: &World) -> anyhow::Result<u64> {
    Ok(impersonation::Entity::find().count(&world.services.server.core.store.db).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_the_app_says_so_and_shows_what_it_has_missed_when_it_is_back() -> anyhow::Result<()>
{
    let world = World::start(Theme::Light).await?;
    let panel = world.desktop.panel().await?;
    let app = signed_in(&world).await?;
    panel.says("You are yourself").await?;
    app.click(View::Main, &id("nav-impersonation")).await?;
    app.fill(View::Main, &id("identifier"), PERSON).await?;
    app.click(View::Main, &id("find-person")).await?;
    app.fill_in_request("view").await?;

    // The request gets through, its answer and its code do not.
    world.services.tap.hold();
    app.click(View::Main, &id("request-code")).await?;
    let mail = world.mail.newest(ADA.email, 1).await?;
    world.services.tap.cut();
    app.reads(View::Main, &id("offline"), "reconnects by itself").await?;
    app.see(View::Main, "[data-testid=connection][data-state=offline]").await?;
    panel.says("Not connected").await?;
    app.reads(View::Main, &id("error"), "did not answer").await?;
    app.see(View::Main, &format!("{}[aria-disabled]", id("request-code"))).await?;
    world.step(&app, "62-offline", "The server is gone: the app says so, and what will happen.").await?;
    // What is asked for now is said to be missing, and comes by itself later.
    app.click(View::Main, &id("nav-people")).await?;
    app.see(View::Main, &id("retry")).await?;

    world.services.tap.let_go();
    world.services.tap.mend();
    app.see(View::Main, "[data-testid=connection][data-state=online]").await?;
    app.gone(View::Main, &id("offline")).await?;
    app.see(View::Main, &id("person-row")).await?;
    panel.says("You are yourself").await?;
    app.click(View::Main, &id("nav-inbox")).await?;
    app.reads(View::Main, &id("inbox-code"), &mail.code()).await?;
    until("the notification of the code", SOON, async || {
        let known = world.desktop.notifications()?;
        Ok(known.iter().any(|(title, _)| title == "A code has arrived").then_some(()))
    })
    .await?;
    app.click(View::Main, &id("use-code")).await?;
    app.see(View::Main, &id("ready-sentence")).await?;
    world.step(&app, "63-back", "It is back by itself, with the code that came meanwhile.").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_server_is_waited_for_and_asked_only_once() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.fill(View::Main, &id("server-url"), world.services.api.as_str()).await?;
    world.services.tap.hold();
    app.click(View::Main, &id("server-continue")).await?;
    app.see(View::Main, &format!("{}[aria-busy]", id("server-continue"))).await?;
    world.services.tap.let_go();
    app.sign_in_again(&ADA).await?;

    app.click(View::Main, &id("nav-impersonation")).await?;
    app.fill(View::Main, &id("identifier"), PERSON).await?;
    app.click(View::Main, &id("find-person")).await?;
    app.fill_in_request("view").await?;
    world.services.tap.hold();
    let begun = Instant::now();
    let twice = "const button = document.querySelector('[data-testid=request-code]');
        button.click(); button.click();";
    app.script(View::Main, twice, vec![]).await?;
    let busy = format!("{}[aria-busy]", id("request-code"));
    app.see(View::Main, &busy).await?;
    world
        .step(&app, "64-slow", "The server takes its time: the button turns, and takes no second click.")
        .await?;
    app.click(View::Main, &id("request-code")).await?;

    app.reads(View::Main, &id("error"), "did not answer").await?;
    let took = begun.elapsed();
    ensure!(took > PATIENCE - Duration::from_secs(1), "it gave up after {took:?}");
    ensure!(took < PATIENCE * 2, "it took {took:?} to say so");
    let value = |name: &str| format!("return document.querySelector('{}').value", id(name));
    for (field, typed) in [("reason", REASON), ("ticket", "HELP-2041"), ("consent-reference", "Call 4711")] {
        ensure!(app.script(View::Main, &value(field), vec![]).await? == typed, "{field} was lost");
    }
    ensure!(requests(&world).await? == 1, "the request was sent more than once");
    world
        .step(&app, "65-no-answer", "No answer: the app says what to do, and the form is as it was.")
        .await?;

    // The request was made all the same, and its code is good.
    world.services.tap.let_go();
    app.see(View::Main, &id("code-time")).await?;
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    ensure!(requests(&world).await? == 1, "the request was made more than once");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_does_not_come_is_said_on_the_bar_and_the_one_before_it_stays() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.request_code(&world, PERSON, "act").await?;
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    app.start_session().await?;
    app.see(View::Platform, "h1").await?;
    let documents = "a[href='/documents']";
    // One that takes its time is said to be on its way, and nothing is said once it is there.
    world.services.gateway_tap.hold();
    // The driver waits for a webview whose page is on its way, so it must be at the bar before.
    let go = "setTimeout(() => document.querySelector(\"nav a[href='/messages']\").click(), 2000)";
    app.script(View::Platform, go, vec![]).await?;
    app.see(View::Bar, &id("bar-loading")).await?;
    if let Some(picture) = world.picture_of("69-slow-page") {
        world.desktop.picture(&picture)?;
    }
    world.services.gateway_tap.let_go();
    app.reads(View::Platform, "h1", "Messages").await?;
    app.gone(View::Bar, &id("bar-loading")).await?;
    world.services.gateway_tap.cut();
    // The driver may take a page that does not come for a failure of the click.
    let _ = app.click(View::Platform, documents).await;
    app.reads(View::Bar, &id("sheet-not_loaded"), "did not load").await?;
    app.reads(View::Platform, "h1", "Messages").await?;
    world
        .step(&app, "66-not-loaded", "A page does not come: the bar says so, the page before stays.")
        .await?;
    world.services.gateway_tap.mend();
    app.click(View::Platform, documents).await?;
    app.reads(View::Platform, "h1", "Documents").await?;
    app.gone(View::Bar, &id("sheet-not_loaded")).await?;
    app.click(View::Bar, &id("exit")).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    app.close().await
}
