//! An exceptional case from end to end: one asks, an administrator agrees, a lead hears of it and reviews it. Three
//! people at three computers.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use understudy_protocol::Role;
use understudy_server::staff;

use crate::{
    harness::{
        ADA, App, Colleague, LEA, PASSWORD, PERSON, PERSON_NAME, REASON, SOON, Staff, Theme, View, World,
        authenticator, id, until,
    },
    history::lists,
    languages::french,
};

const GRACE: Staff = Staff { email: "grace@example.com", name: "Grace Okafor" };
const CASE: &str = "Suspected fraud";
const WHY: &str = "Two payments left her account tonight that she cannot have made";
const VERDICT: &str = "Her letter names both payments, and nothing was touched";
const MAIL: &str = "elise.marchand@example.com";

async fn at_their_computer(world: &World, name: &str, staff: &Staff) -> anyhow::Result<(Colleague, App)> {
    let office = world.colleague(name).await?;
    let app = App::start_for(&office).await?;
    app.sign_in(world, staff).await?;
    Ok((office, app))
}

/// Who asks, who has to agree, and who is told of it.
async fn three_people() -> anyhow::Result<(World, App, (Colleague, App), (Colleague, App))> {
    let world = World::start(Theme::Light).await?;
    let store = &world.services.server.core.store;
    staff::add(store, GRACE.email, GRACE.name, &[Role::Admin], PASSWORD.to_owned().into()).await?;
    let ada = App::start(&world).await?;
    ada.sign_in(&world, &ADA).await?;
    let grace = at_their_computer(&world, "grace", &GRACE).await?;
    let lea = at_their_computer(&world, "lea", &LEA).await?;
    Ok((world, ada, grace, lea))
}

/// Clicks the newest notification of this computer.
async fn click_notification(office: &Colleague) -> anyhow::Result<()> {
    until("a click on the notification", SOON, async || {
        Ok(office.desktop.click_notification()?.then_some(()))
    })
    .await
}

/// Fills the form in, without the mouse; what is missing is said before anything is sent.
async fn ask(world: &World, ada: &App) -> anyhow::Result<()> {
    let desktop = &world.desktop;
    ada.open_form(PERSON).await?;
    ada.type_into(desktop, View::Main, &id("reason"), REASON).await?;
    ada.choose(desktop, View::Main, &id("evidence-exception")).await?;
    ada.press_on(desktop, View::Main, &id("request-code")).await?;
    ada.reads(View::Main, "form", "Choose the case that it is").await?;
    ada.choose(desktop, View::Main, &id(&format!("category-{CASE}"))).await?;
    ada.type_into(desktop, View::Main, &id("exception-reason"), WHY).await?;
    world.step(ada, "130-exception", "Ada says which case it is, and why nobody is asked.").await?;
    ada.press_on(desktop, View::Main, &id("request-code")).await?;
    ada.see(View::Main, &id("pending-who")).await.map(drop)
}

/// Grace hands the code over.
async fn hand_over(office: &Colleague, grace: &App) -> anyhow::Result<()> {
    grace.press_on(&office.desktop, View::Main, &id("hand-over")).await?;
    grace.gone(View::Main, &id("approval")).await
}

/// Grace reads what it is about, and agrees.
async fn agree(world: &World, office: &Colleague, grace: &App) -> anyhow::Result<()> {
    click_notification(office).await?;
    let known = office.desktop.notifications()?;
    ensure!(known.iter().any(|(_, body)| body.contains("Without consent: Suspected fraud")), "{known:?}");
    for part in ["Without consent", CASE, WHY, REASON, PERSON_NAME, "was not asked"] {
        grace.reads(View::Main, &id("approval"), part).await?;
    }
    grace.press_on(&office.desktop, View::Main, &id("take")).await?;
    grace.scan().await?;
    grace.click(View::Main, &id("recovery-kept")).await?;
    grace.see(View::Main, &id("hand-over")).await?;
    world.step_on(&office.desktop, grace, "131-exception-asked", "Grace sees that nobody was asked.").await?;
    hand_over(office, grace).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_takes_a_second_administrator_and_ends_in_a_review() -> anyhow::Result<()> {
    let (world, ada, (grace_office, grace), (lea_office, lea)) = three_people().await?;
    ask(&world, &ada).await?;
    let session = world.services.newest().await?.id;
    agree(&world, &grace_office, &grace).await?;
    ada.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    ada.start_session().await?;
    ada.reads(View::Platform, "h1", PERSON_NAME).await?;
    ada.reads(View::Bar, &id("bar-exception"), "without consent").await?;
    ada.click(View::Bar, &id("bar-more")).await?;
    ada.reads(View::Bar, &id("bar-details"), CASE).await?;

    // All hear of it at once: the person, and the lead by mail and on her screen.
    let told = world.mail.newest(MAIL, 1).await?.text.replace("=\n", "");
    for part in ["You were not asked", CASE, WHY] {
        ensure!(told.contains(part), "{part}: {told}");
    }
    let mailed = world.mail.newest(LEA.email, 1).await?.text.replace("=\n", "");
    ensure!(mailed.contains(CASE) && !mailed.contains("/person#"), "{mailed}");
    click_notification(&lea_office).await?;
    let known = lea_office.desktop.notifications()?;
    let shown = known.iter().find(|(title, _)| title == "Signed in without consent");
    let (_, body) = shown.with_context(|| format!("no notification of it: {known:?}"))?;
    ensure!(body.contains(ADA.name) && body.contains(PERSON_NAME) && body.contains(CASE), "{body}");
    let secret = lea.unseal().await?;
    let used = authenticator(&secret)?;
    lea.reads(View::Main, &id("report"), CASE).await?;
    lea.reads(View::Main, &id("report-approver"), GRACE.name).await?;
    ensure!(!lea.shows(View::Main, &id("review-form")).await?, "it still runs");
    world
        .step_on(&lea_office.desktop, &lea, "132-lead-told", "The notification has opened the report.")
        .await?;

    ada.click(View::Bar, &id("exit")).await?;
    world.services.ended(session, "exit", SOON).await?;
    ada.click(View::Main, &id("note-later")).await?;
    // What is half written stays while she looks at something else.
    lea.reads(View::Main, &id("badge-history"), "1").await?;
    lea.reads(View::Main, &id("review-by"), "has to review this session").await?;
    let desk = &lea_office.desktop;
    lea.press_on(desk, View::Main, &id("review-file")).await?;
    lea.reads(View::Main, &id("review-form"), "Choose a verdict").await?;
    lea.type_into(desk, View::Main, &id("review-text"), VERDICT).await?;
    lea.click(View::Main, &id("nav-history")).await?;
    lea.click(View::Main, &id("history-only-to_review")).await?;
    lea.reads(View::Main, &id("session-row"), "To review").await?;
    world
        .step_on(&lea_office.desktop, &lea, "133-to-review", "History shows what waits for a review.")
        .await?;
    lea.press_on(desk, View::Main, &format!("{} a", id("session-row"))).await?;
    lea.choose(desk, View::Main, &id("verdict-justified")).await?;
    world.step_on(desk, &lea, "134-review", "The review, as far as it was written.").await?;
    lea.press_on(desk, View::Main, &id("review-file")).await?;
    for part in ["Justified", VERDICT, LEA.name] {
        lea.reads(View::Main, &id("report-review"), part).await?;
    }
    lea.gone(View::Main, &id("badge-history")).await?;
    world
        .step_on(&lea_office.desktop, &lea, "135-reviewed", "The review is filed, and nothing waits.")
        .await?;

    // Whoever did it reads the verdict, and has no form for one; neither has the one who agreed.
    for (app, name) in [(&ada, ADA.name), (&grace, GRACE.name)] {
        app.click(View::Main, &id("nav-history")).await?;
        app.reads(View::Main, &id("session-row"), "Exception").await?;
        app.click(View::Main, &format!("{} a", id("session-row"))).await?;
        app.reads(View::Main, &id("report-review"), VERDICT).await?;
        ensure!(!app.shows(View::Main, &id("review-start")).await?, "{name} may review it");
    }

    // Beside a session with consent, the exceptions are found by themselves, for both who see them.
    let other = ada.request_code(&world, PERSON, "view").await?;
    ada.click(View::Main, &id("nav-inbox")).await?;
    ada.click(View::Main, &id("use-code")).await?;
    ada.click(View::Main, &id("start")).await?;
    ada.reads(View::Platform, "h1", PERSON_NAME).await?;
    ada.click(View::Bar, &id("exit")).await?;
    ada.click(View::Main, &id("note-later")).await?;
    for app in [&ada, &lea] {
        app.click(View::Main, &id("nav-history")).await?;
        app.click(View::Main, &id("history-only-all")).await?;
        lists(app, &[other, session]).await?;
        app.click(View::Main, &id("history-only-exceptions")).await?;
        lists(app, &[session]).await?;
    }
    // A lead reviews in French too.
    lea.click(View::Main, &id("nav-settings")).await?;
    lea.click(View::Main, &id("set-language-fr")).await?;
    french(&lea, View::Main, "Réglages").await?;
    lea.click(View::Main, &id("nav-history")).await?;
    lea.see(View::Main, &id("session-row")).await?;
    french(&lea, View::Main, "Historique").await?;
    lea.click(View::Main, &format!("{} a", id("session-row"))).await?;
    lea.click(View::Main, &id("review-start")).await?;
    lea.click(View::Main, &id("review-file")).await?;
    french(&lea, View::Main, "Choisissez un verdict").await?;
    // What a colleague did is open to her for an hour; then it takes the second factor again.
    let back = "UPDATE sign_in SET second_factor_at = second_factor_at - 3600000";
    world.services.server.core.store.db.execute_unprepared(back).await?;
    lea.click(View::Main, &id("nav-history")).await?;
    lea.click(View::Main, &format!("{} a", id("session-row"))).await?;
    french(&lea, View::Main, "D’abord votre second facteur").await?;
    ensure!(!lea.shows(View::Main, &id("report")).await?, "it is open all the same");
    lea.type_into(desk, View::Main, &id("second-factor-code"), "000000").await?;
    lea.press_on(desk, View::Main, &id("report-open")).await?;
    lea.see(View::Main, &format!("{}[aria-invalid]", id("second-factor-code"))).await?;
    world.step_on(desk, &lea, "136-sealed", "An hour later the report asks for the second factor.").await?;
    until("the code of another half minute", Duration::from_secs(40), async || {
        Ok((authenticator(&secret)? != used).then_some(()))
    })
    .await?;
    lea.fill(View::Main, &id("second-factor-code"), &authenticator(&secret)?).await?;
    lea.press_on(desk, View::Main, &id("report-open")).await?;
    lea.see(View::Main, &id("report")).await?;
    let kinds = world.services.kinds(session).await?;
    for kind in ["code_handed_over", "session_started", "letter_sent", "session_reviewed"] {
        ensure!(kinds.iter().any(|known| known == kind), "no {kind} in {kinds:?}");
    }
    world.services.verify_ledger().await?;
    for app in [ada, grace, lea] {
        app.close().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn several_exceptions_are_one_notification_that_goes_when_all_are_reviewed() -> anyhow::Result<()> {
    let (world, ada, (grace_office, grace), (lea_office, lea)) = three_people().await?;
    let token = world.services.sign_in_elsewhere(&LEA).await?;
    let on_screen = async |count: usize| {
        // Sooner than the daemon takes it away by itself.
        let patience = Duration::from_secs(5);
        until(&format!("{count} notifications"), patience, async || {
            Ok((lea_office.desktop.notified()? == count).then_some(()))
        })
        .await
    };
    let mut sessions = vec![];
    for mails in 1..=2 {
        ask(&world, &ada).await?;
        if mails == 1 {
            agree(&world, &grace_office, &grace).await?;
        } else {
            grace.press_on(&grace_office.desktop, View::Main, &id("take")).await?;
            hand_over(&grace_office, &grace).await?;
        }
        ada.enter_code(&world.mail.newest(ADA.email, mails).await?.code()).await?;
        ada.start_session().await?;
        ada.see(View::Bar, &id("bar-exception")).await?;
        on_screen(1).await?;
        sessions.push(world.services.newest().await?.id);
        ada.click(View::Bar, &id("exit")).await?;
        ada.click(View::Main, &id("note-later")).await?;
    }
    for session in sessions {
        ensure!(lea_office.desktop.notified()? == 1, "it has gone before both are reviewed");
        let review = json!({ "verdict": "justified", "text": VERDICT });
        world.services.ask_elsewhere(&format!("api/sessions/{session}/review"), &token, review).await?;
    }
    on_screen(0).await?;
    let known = lea_office.desktop.notifications()?;
    let both = known.iter().find(|(title, _)| title == "2 sessions without consent");
    let (_, body) = both.with_context(|| format!("they were told of one by one: {known:?}"))?;
    ensure!(body.lines().count() == 2 && body.matches(PERSON_NAME).count() == 2, "{body}");
    ada.close().await?;
    grace.close().await?;
    lea.close().await
}
