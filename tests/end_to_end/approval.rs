//! Two people at two computers: one asks for a code, an administrator hands it over or denies it.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use understudy_protocol::{Recipient, Role};
use understudy_server::{config::Config, staff};

use crate::harness::{
    ADA, App, Colleague, Desktop, PASSWORD, PERSON, PERSON_NAME, REASON, SOON, Staff, Theme, View, World, id,
    until,
};
use crate::history::lists;

const MAIN: &str = "^Understudy$";
const GRACE: Staff = Staff { email: "grace@example.com", name: "Grace Okafor" };
const TESS: Staff = Staff { email: "tess@example.com", name: "Tess Moreau" };
const NO: &str = "She has not called back yet. Wait for her call, then ask again.";

fn by_approver(config: &mut Config) {
    config.code.recipient = Recipient::Approver;
}

/// Ada and Grace, each signed in.
async fn two_people(theme: Theme) -> anyhow::Result<(World, App, Colleague, App)> {
    let world = World::configured_in(theme, by_approver).await?;
    let password = PASSWORD.to_owned().into();
    let store = &world.services.server.core.store;
    staff::add(store, GRACE.email, GRACE.name, &[Role::Admin], password).await?;
    let ada = App::start(&world).await?;
    ada.sign_in(&world, &ADA).await?;
    let office = world.colleague("grace").await?;
    let grace = App::start_for(&office).await?;
    grace.sign_in(&world, &GRACE).await?;
    Ok((world, ada, office, grace))
}

/// Grace's computer tells her; a click on it shows what Ada asks for.
async fn told(world: &World, office: &Colleague, grace: &App) -> anyhow::Result<()> {
    until("a click on the notification", SOON, async || {
        Ok(office.desktop.click_notification()?.then_some(()))
    })
    .await?;
    let known = office.desktop.notifications()?;
    let asks = known.iter().find(|(title, _)| title == "Ada Winter asks for a code");
    let (_, body) = asks.with_context(|| format!("no notification of the request: {known:?}"))?;
    ensure!(body.contains(PERSON_NAME), "it does not say for whom: {body}");
    for part in [ADA.name, PERSON_NAME, PERSON, REASON, "HELP-2041", "Call 4711", "30 minutes"] {
        grace.reads(View::Main, &id("approval"), part).await?;
    }
    grace.reads(View::Main, &id("badge-inbox"), "1").await?;
    let own = world.desktop.notifications()?;
    ensure!(own.is_empty(), "the one who asks is told of it herself: {own:?}");
    Ok(())
}

async fn hands_it_over(theme: Theme) -> anyhow::Result<()> {
    let (world, ada, office, grace) = two_people(theme).await?;
    let session = ada.request_code(&world, PERSON, "act").await?;
    ada.reads(View::Main, &id("pending-who"), "1 administrator").await?;
    world
        .step(&ada, "60-pending", "Ada has asked; the app says that an administrator has to answer.")
        .await?;
    told(&world, &office, &grace).await?;
    world
        .step_on(&office.desktop, &grace, "61-asked", "Grace's notification has opened what Ada asks for.")
        .await?;
    // The button has the keyboard: who came by the notification needs no mouse.
    until("\"Take it\" has the keyboard", SOON, async || {
        let at = grace.script(View::Main, "return document.activeElement.dataset.testid", vec![]).await?;
        Ok((at == "take").then_some(()))
    })
    .await?;
    office.desktop.press(&["Return"])?;
    ada.reads(View::Main, &id("pending-who"), GRACE.name).await?;
    world.step(&ada, "62-taken", "Ada sees that Grace is looking at it.").await?;
    // Handing over needs a second factor, as starting a session does.
    grace.scan().await?;
    ensure!(!grace.shows(View::Main, &id("hand-over")).await?, "the recovery codes come first");
    grace.click(View::Main, &id("recovery-kept")).await?;
    grace.see(View::Main, &id("hand-over")).await?;
    world.step_on(&office.desktop, &grace, "63-decides", "Grace has it, and decides.").await?;
    grace.press_on(&office.desktop, View::Main, &id("hand-over")).await?;
    grace.gone(View::Main, &id("approval")).await?;
    grace.see(View::Main, &id("empty")).await?;
    grace.gone(View::Main, &id("badge-inbox")).await?;

    let code = world.mail.newest(ADA.email, 1).await?.code();
    until("Ada's notification of the code", SOON, async || {
        let known = world.desktop.notifications()?;
        Ok(known.iter().any(|(title, _)| title == "A code has arrived").then_some(()))
    })
    .await?;
    let page = grace.text(View::Main, "body").await?;
    ensure!(!page.contains(&code), "Grace sees the code: {page}");
    ada.click(View::Main, &id("nav-inbox")).await?;
    ada.reads(View::Main, &id("inbox-code"), &code).await?;
    ada.click(View::Main, &id("use-code")).await?;
    ada.start_session().await?;
    ada.reads(View::Bar, &id("bar-name"), PERSON_NAME).await?;
    ada.reads(View::Platform, "h1", PERSON_NAME).await?;
    ada.click(View::Bar, &id("exit")).await?;
    world.services.ended(session, "exit", SOON).await?;

    let kinds = world.services.kinds(session).await?;
    let way = [
        "code_requested",
        "approval_taken",
        "code_handed_over",
        "code_delivered",
        "code_verified",
        "session_started",
    ];
    let place = |kind: &str| kinds.iter().position(|known| known == kind);
    let places = way.iter().map(|kind| place(kind).with_context(|| format!("no {kind} in {kinds:?}")));
    ensure!(places.collect::<anyhow::Result<Vec<_>>>()?.is_sorted(), "in another order: {kinds:?}");
    world.services.verify_ledger().await?;
    grace.click(View::Main, &id("nav-history")).await?;
    grace.click(View::Main, &format!("[data-session=\"{session}\"] a")).await?;
    grace.reads(View::Main, &id("report-approver"), GRACE.name).await?;
    world.step_on(&office.desktop, &grace, "64-report", "The report names who handed the code over.").await?;
    ada.close().await?;
    grace.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_at_another_computer_hands_the_code_over() -> anyhow::Result<()> {
    hands_it_over(Theme::Light).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_at_another_computer_denies_the_code_and_the_reason_is_read() -> anyhow::Result<()> {
    let (world, ada, office, grace) = two_people(Theme::Dark).await?;
    ada.request_code(&world, PERSON, "view").await?;
    let session = world.services.newest().await?.id;
    told(&world, &office, &grace).await?;
    // By keyboard alone.
    grace.press_on(&office.desktop, View::Main, &id("take")).await?;
    // What handing over would take has the keyboard first.
    grace.has_keyboard(View::Main, &id("enrol-password")).await?;
    for button in ["deny", "deny-yes"] {
        grace.press_on(&office.desktop, View::Main, &id(button)).await?;
    }
    grace.reads(View::Main, &id("deny-sheet"), "at least 10 characters").await?;
    grace.type_into(&office.desktop, View::Main, &id("deny-reason"), NO).await?;
    world.step_on(&office.desktop, &grace, "65-denies", "Grace says why not.").await?;
    grace.press_on(&office.desktop, View::Main, &id("deny-yes")).await?;
    grace.gone(View::Main, &id("approval")).await?;

    ada.reads(View::Main, &id("request-over"), GRACE.name).await?;
    ada.reads(View::Main, &id("denial"), NO).await?;
    until("Ada's notification", SOON, async || {
        let known = world.desktop.notifications()?;
        let denied = known.iter().find(|(title, _)| title == "Your code was denied");
        Ok(denied.is_some_and(|(_, body)| body.contains(GRACE.name)).then_some(()))
    })
    .await?;
    world.step(&ada, "66-denied", "Ada reads who has denied it, and why.").await?;
    // Back to the request, filled in as it was.
    ada.press_on(&world.desktop, View::Main, &id("cancel-request")).await?;
    ada.see(View::Main, &id("reason")).await?;
    let kinds = world.services.kinds(session).await?;
    ensure!(kinds.contains(&"approval_denied".to_owned()), "it is not on record: {kinds:?}");
    ensure!(!kinds.contains(&"code_delivered".to_owned()), "a code went out: {kinds:?}");
    // The history has it, for the one who asked and for the one who denied it.
    for app in [&ada, &grace] {
        app.click(View::Main, &id("nav-history")).await?;
        app.click(View::Main, &id("history-only-never_started")).await?;
        lists(app, &[session]).await?;
        for part in ["Denied by Grace Okafor", NO, REASON, PERSON_NAME] {
            app.reads(View::Main, &id("request-row"), part).await?;
        }
    }
    world
        .step_on(&office.desktop, &grace, "67-never-started", "History has what never became a session.")
        .await?;
    ada.close().await?;
    grace.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_goes_from_the_administrators_inbox_at_once() -> anyhow::Result<()> {
    let (world, ada, office, grace) = two_people(Theme::Light).await?;
    let panel = office.desktop.panel().await?;
    panel.says("You are yourself: Grace Okafor").await?;
    ada.request_code(&world, PERSON, "view").await?;
    told(&world, &office, &grace).await?;
    // The tray counts it, and leads to it.
    grace.click(View::Main, &id("nav-people")).await?;
    panel.choose("1 request waits for you").await?;
    grace.see(View::Main, &id("approval")).await?;
    ada.press_on(&world.desktop, View::Main, &id("cancel-request")).await?;
    grace.gone(View::Main, &id("approval")).await?;
    grace.see(View::Main, &id("empty")).await?;
    until("the tray counts nothing", SOON, async || Ok((!panel.shows("waits for you").await?).then_some(())))
        .await?;
    // An administrator's own request is offered to nobody here, and says that nobody is there.
    grace.request_code(&world, PERSON, "view").await?;
    grace.reads(View::Main, &id("pending-who"), "None of them is signed in").await?;
    grace.click(View::Main, &id("nav-inbox")).await?;
    grace.see(View::Main, &id("empty")).await?;
    ada.close().await?;
    grace.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn several_requests_are_one_notification_that_goes_when_none_waits() -> anyhow::Result<()> {
    let (world, ada, office, grace) = two_people(Theme::Light).await?;
    let store = &world.services.server.core.store;
    staff::add(store, TESS.email, TESS.name, &[Role::Support], PASSWORD.to_owned().into()).await?;
    let home = world.colleague("tess").await?;
    let tess = App::start_for(&home).await?;
    tess.sign_in(&world, &TESS).await?;
    let on_screen = async |count: usize| {
        // Sooner than the daemon takes it away by itself.
        let patience = Duration::from_secs(5);
        until(&format!("{count} notifications"), patience, async || {
            Ok((office.desktop.notified()? == count).then_some(()))
        })
        .await
    };
    ada.request_code(&world, PERSON, "view").await?;
    on_screen(1).await?;
    tess.request_code(&world, "INV-000064", "act").await?;
    grace.reads(View::Main, &id("badge-inbox"), "2").await?;
    on_screen(1).await?;
    world.step_on(&office.desktop, &grace, "67-grouped", "Two requests wait, in one notification.").await?;
    ada.click(View::Main, &id("cancel-request")).await?;
    grace.reads(View::Main, &id("badge-inbox"), "1").await?;
    tess.click(View::Main, &id("cancel-request")).await?;
    on_screen(0).await?;
    let known = office.desktop.notifications()?;
    let both = known.iter().find(|(title, _)| title == "2 requests wait for you");
    let (_, body) = both.with_context(|| format!("they were told of one by one: {known:?}"))?;
    ensure!(body.contains(ADA.name) && body.contains(TESS.name), "{body}");
    for app in [ada, grace, tess] {
        app.close().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_the_windows_were_closed_to_the_tray_is_told_all_the_same() -> anyhow::Result<()> {
    let (world, ada, office, grace) = two_people(Theme::Light).await?;
    let (ada_panel, grace_panel) = (world.desktop.panel().await?, office.desktop.panel().await?);
    ada_panel.says("You are yourself: Ada Winter").await?;
    grace_panel.says("You are yourself: Grace Okafor").await?;
    ada.click(View::Main, &id("nav-settings")).await?;
    ada.click(View::Main, &id("set-show-codes")).await?;
    ada.see(View::Main, &format!("{}[aria-checked=true]", id("set-show-codes"))).await?;
    office.desktop.close_window(MAIN).await?;
    ensure!(!grace_panel.shows("waits for you").await?, "something waits before anybody has asked");

    // Grace sees no window: her computer tells her, and her tray counts.
    ada.request_code(&world, PERSON, "view").await?;
    world.desktop.close_window(MAIN).await?;
    let told = async |desktop: &Desktop, title: &str| {
        until(&format!("the notification {title:?}"), SOON, async || {
            let known = desktop.notifications()?;
            Ok(known.into_iter().find(|(known, _)| known == title).map(|(_, body)| body))
        })
        .await
    };
    let asked = told(&office.desktop, "Ada Winter asks for a code").await?;
    ensure!(asked.contains(PERSON_NAME), "it does not say for whom: {asked}");
    grace_panel.says("1 request waits for you").await?;
    ensure!(office.desktop.windows()? == 0, "her window has come by itself");
    grace_panel.choose("1 request waits for you").await?;
    until("her window is there", SOON, async || Ok(office.desktop.window(MAIN))).await?;
    grace.click(View::Main, &id("take")).await?;
    grace.scan().await?;
    grace.click(View::Main, &id("recovery-kept")).await?;
    grace.click(View::Main, &id("hand-over")).await?;

    // Neither does Ada: her notification has the code.
    let code = world.mail.newest(ADA.email, 1).await?.code();
    let arrived = told(&world.desktop, "A code has arrived").await?;
    ensure!(arrived.contains(&code), "it has not the code {code}: {arrived}");
    ensure!(world.desktop.windows()? == 0, "her window has come by itself");
    ada_panel.choose("Open Understudy").await?;
    until("her window is there", SOON, async || Ok(world.desktop.window(MAIN))).await?;
    ada.enter_code(&code).await?;
    ada.close().await?;
    grace.close().await
}
