//! More of a session that runs: changes, by a code of their own; time, by the second factor.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use understudy_protocol::{
    Consent, ErrorCode, Lease, Mode, NewRequest, Problem, Request, RequestState, Session, SessionDetail,
    Started,
};
use uuid::Uuid;

use crate::{
    person::{both, link, mail},
    world::{App, ELISE, World, asking_for, eventually},
};

const WHY: &str = "The reference has to be corrected";

async fn ask(app: &App<'_>, started: &Started, consent: Consent) -> Result<Request, Problem> {
    let body = json!({ "token": started.token, "reason": WHY, "consent": consent });
    app.post(&format!("/api/sessions/{}/raise", started.session.id), &body).await
}

async fn raise(app: &App<'_>, started: &Started, request: Uuid) -> Result<Session, ErrorCode> {
    let body = json!({ "token": started.token });
    app.post(&format!("/api/requests/{request}/raise"), &body).await.map_err(|problem| problem.code)
}

async fn extend(app: &App<'_>, started: &Started) -> Result<Lease, ErrorCode> {
    let path = format!("/api/sessions/{}/extend", started.session.id);
    app.post(&path, &json!({ "token": started.token })).await.map_err(|problem| problem.code)
}

fn stated() -> Consent {
    asking_for(ELISE, Mode::Act).consent
}

#[tokio::test]
async fn invariant_9_a_session_that_may_only_look_changes_nothing_until_its_new_code_was_entered() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::View).await;
    assert_eq!(stage.change_profile("X").await.status(), StatusCode::FORBIDDEN);
    let request = ask(&app, &started, stated()).await.expect("asked");
    assert_eq!((request.mode, request.raises), (Mode::Act, Some(started.session.id)));
    // The session goes on beside it, and the request is the open one.
    app.renew(&started).await.expect("renewed");
    assert_eq!(app.get::<Request>("/api/requests/current").await.expect("open").id, request.id);
    assert_eq!(raise(&app, &started, request.id).await.unwrap_err(), ErrorCode::NotVerified);
    let code = app.code_of(request.id).await;
    app.verify(&request, &code).await.expect("verified");
    assert_eq!(stage.change_profile("X").await.status(), StatusCode::FORBIDDEN);
    // It starts no session of its own, and the session's own request raises nothing.
    assert_eq!(app.start(&request).await.err().expect("refused"), ErrorCode::NotFound);
    assert_eq!(raise(&app, &started, started.session.id).await.unwrap_err(), ErrorCode::NotFound);
    let without = Started { token: "x".repeat(43), ..started.clone() };
    assert_eq!(raise(&app, &without, request.id).await.unwrap_err(), ErrorCode::Forbidden);
    let session = raise(&app, &started, request.id).await.expect("raised");
    assert_eq!((session.mode, session.id), (Mode::Act, started.session.id));
    let raised = session.raised.expect("how");
    assert_eq!((raised.reason.as_str(), raised.consent), (WHY, stated()));
    // Without a new stage, and without a new sign-in on it.
    assert_eq!(stage.change_profile("X").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(raise(&app, &started, request.id).await.unwrap_err(), ErrorCode::CodeUsed);
    assert_eq!(ask(&app, &started, stated()).await.unwrap_err().code, ErrorCode::Invalid);
    let ledger = world.ledger().await;
    let (_, entry) = ledger.iter().find(|(kind, _)| kind == "mode_raised").expect("on record");
    assert_eq!((&entry["mode"], &entry["request"]), (&json!("act"), &json!(request.id)));
    // The person hears of it at once, whatever the consent is.
    let told = mail(&world, "can change things in your account now").await;
    assert!(told.contains("may change things in it"), "{told}");
    app.end(&started).await.expect("ended");
    let account = mail(&world, "What was done in your account").await;
    assert!(account.contains("look only at first; with changes allowed from"), "{account}");
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_changes_are_allowed_by_the_person_while_somebody_looks() {
    let world = World::at_rest().await;
    let (browser, app) = both(&world).await;
    let (started, mut stage) = app.stage(ELISE, Mode::View).await;
    let request = ask(&app, &started, Consent::Page).await.expect("asked");
    assert_eq!(request.state, RequestState::Asked);
    let asked = mail(&world, "asks for your permission").await;
    assert!(asked.contains("so far can change nothing") && asked.contains(WHY), "{asked}");
    assert_eq!(browser.answer(&link(&asked), &request, true).await.unwrap_err().code, ErrorCode::Forbidden);
    let page = browser.vouched().await.expect("the page");
    browser.answer(&page.link, &request, true).await.expect("allowed");
    let code = app.code_of(request.id).await;
    app.verify(&request, &code).await.expect("verified");
    raise(&app, &started, request.id).await.expect("raised");
    assert_eq!(stage.change_profile("X").await.status(), StatusCode::SEE_OTHER);
    world.stop().await;
}

#[tokio::test]
async fn invariant_3_what_was_asked_for_in_a_session_ends_with_it() {
    let world = World::new().await;
    let app = world.agent().await;
    let started = app.session(ELISE, Mode::View).await;
    let older = ask(&app, &started, stated()).await.expect("asked");
    let request = ask(&app, &started, stated()).await.expect("asked anew");
    let state =
        async |id: Uuid| app.get::<Request>(&format!("/api/requests/{id}")).await.expect("the request").state;
    assert_eq!(state(older.id).await, RequestState::Replaced);
    let code = app.code_of(request.id).await;
    app.verify(&request, &code).await.expect("verified");
    app.end(&started).await.expect("ended");
    let refused = raise(&app, &started, request.id).await.unwrap_err();
    assert_eq!(refused, ErrorCode::SessionEnded);
    eventually("it is over", async || (state(request.id).await == RequestState::Cancelled).then_some(()))
        .await;
    assert_eq!(ask(&app, &started, stated()).await.unwrap_err().code, ErrorCode::SessionEnded);
    // Nobody raises somebody else's.
    let grace = world.app("Grace", &[understudy_protocol::Role::Admin]).await;
    assert_eq!(ask(&grace, &started, stated()).await.unwrap_err().code, ErrorCode::NotFound);
    world.stop().await;
}

async fn resume(app: &App<'_>, started: &Started) -> Result<Request, Problem> {
    app.post(&format!("/api/sessions/{}/resume", started.session.id), &json!({})).await
}

/// Lets the app be lost: nothing renews the lease.
async fn lose(world: &World, started: &Started, app: &App<'_>) {
    world.pass(Duration::from_secs(31));
    eventually("it is over", async || {
        (app.renew(started).await.err() == Some(ErrorCode::SessionEnded)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn after_its_app_was_lost_a_session_goes_on_by_a_new_code_with_its_consent_and_one_note() {
    let world = World::at_rest().await;
    let (browser, app) = both(&world).await;
    let wanted = NewRequest { consent: Consent::Page, ..asking_for(ELISE, Mode::View) };
    let request: Request = app.post("/api/requests", &wanted).await.expect("asked");
    let page = browser.vouched().await.expect("the page");
    browser.answer(&page.link, &request, true).await.expect("allowed");
    let code = app.code_of(request.id).await;
    app.verify(&request, &code).await.expect("verified");
    let first = app.start(&request).await.expect("started");
    assert_eq!(resume(&app, &first).await.unwrap_err().code, ErrorCode::ConsentUnavailable);
    lose(&world, &first, &app).await;
    // The person is not asked again; a code of its own is needed all the same.
    let again = resume(&app, &first).await.expect("goes on");
    assert_ne!(again.state, RequestState::Asked);
    assert_eq!((again.mode, again.consent.clone()), (Mode::View, Consent::Page));
    let code = app.code_of(again.id).await;
    app.verify(&again, &code).await.expect("verified");
    let second = app.start(&again).await.expect("started");
    let shown: SessionDetail =
        app.get(&format!("/api/sessions/{}", first.session.id)).await.expect("the session");
    assert_eq!(shown.session.resumed_by, Some(second.session.id));
    // Whoever says no to it is not asked again by doing it again.
    lose(&world, &second, &app).await;
    let third = resume(&app, &second).await.expect("goes on");
    let page = browser.open(&link(&mail(&world, "asks for your permission").await)).await.expect("the page");
    browser.answer(&page.link, &third, false).await.expect("taken back");
    assert_eq!(resume(&app, &second).await.unwrap_err().code, ErrorCode::ConsentUnavailable);
    assert_eq!(resume(&app, &first).await.unwrap_err().code, ErrorCode::ConsentUnavailable);
    // One note serves both: only the second is owed.
    app.write_note(&second).await;
    world.pass(Duration::from_secs(60));
    app.code(ELISE, Mode::View).await;
    let entry = world.ledger().await;
    let resumed = entry
        .iter()
        .filter(|(kind, it)| kind == "code_requested" && it["resumes"] == json!(first.session.id));
    assert_eq!(resumed.count(), 1);
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_a_consent_is_not_drawn_out_by_losing_the_app_and_never_goes_on_after_a_withdrawal() {
    let world = World::with(|config| config.session.longest_minutes = 30, true).await;
    let app = world.agent().await;
    let first = app.session(ELISE, Mode::View).await;
    lose(&world, &first, &app).await;
    let again = resume(&app, &first).await.expect("goes on");
    let code = app.code_of(again.id).await;
    app.verify(&again, &code).await.expect("verified");
    let second = app.start(&again).await.expect("started");
    assert!(!second.session.extendable);
    assert!(second.session.limit_in_ms <= 29 * 60_000 + 29_000, "{}", second.session.limit_in_ms);
    // Nobody else's, nothing that ended otherwise, and nothing whose time is over.
    let grace = world.app("Grace", &[understudy_protocol::Role::Admin]).await;
    assert_eq!(resume(&grace, &second).await.unwrap_err().code, ErrorCode::NotFound);
    understudy_server::impersonations::end(
        &world.core,
        second.session.id,
        understudy_rules::impersonation::EndCause::ConsentWithdrawn,
    )
    .await
    .expect("ended");
    assert_eq!(resume(&app, &second).await.unwrap_err().code, ErrorCode::ConsentUnavailable);
    app.write_note(&second).await;
    world.pass(Duration::from_secs(60));
    let third = app.session(ELISE, Mode::View).await;
    world.pass(Duration::from_secs(31 * 60));
    let app = app.refreshed().await;
    assert_eq!(resume(&app, &third).await.unwrap_err().code, ErrorCode::ConsentUnavailable);
    world.stop().await;
}

#[tokio::test]
async fn more_time_takes_a_second_factor_shown_since_and_has_an_end() {
    let world = World::with(|config| config.session.longest_minutes = 45, true).await;
    let mut app = world.agent().await;
    world.pass(Duration::from_secs(1));
    let started = app.session(ELISE, Mode::View).await;
    assert!(started.session.extendable);
    // What was shown for the start does not count again.
    assert_eq!(extend(&app, &started).await.unwrap_err(), ErrorCode::SecondFactorNeeded);
    let minutes = |count: u64| count * 60_000;
    world.pass(Duration::from_secs(20));
    app.renew(&started).await.expect("renewed");
    app.show_second_factor().await;
    let lease = extend(&app, &started).await.expect("extended");
    assert_eq!(lease.limit_in_ms, minutes(30));
    assert_eq!(extend(&app, &started).await.unwrap_err(), ErrorCode::SecondFactorNeeded);
    for round in 0..80 {
        world.pass(Duration::from_secs(20));
        app.renew(&started).await.expect("renewed");
        if round % 20 == 0 {
            app = app.refreshed().await;
        }
    }
    app.show_second_factor().await;
    let lease = extend(&app, &started).await.expect("extended");
    assert_eq!(lease.limit_in_ms, minutes(45) - 81 * 20_000);
    world.pass(Duration::from_secs(1));
    app.show_second_factor().await;
    assert_eq!(extend(&app, &started).await.unwrap_err(), ErrorCode::LimitReached);
    let without = Started { token: "x".repeat(43), ..started.clone() };
    assert_eq!(extend(&app, &without).await.unwrap_err(), ErrorCode::Forbidden);
    let extended = world.kinds().await.iter().filter(|kind| *kind == "session_extended").count();
    assert_eq!(extended, 2);
    app.end(&started).await.expect("ended");
    assert_eq!(extend(&app, &started).await.unwrap_err(), ErrorCode::SessionEnded);
    world.stop().await;
}
