//! A lead's verdict: who may give it, and what becomes of whoever goes without.

use std::time::Duration;

use serde_json::{Value, json};
use understudy_protocol::{
    ErrorCode, Mode, Problem, Request, Review, Role, SessionDetail, SessionsPage, Started, Verdict,
};
use understudy_server::staff;

use crate::{
    exceptions::{ask, excepted, exception, raised, with_categories},
    world::{App, ELISE, World, asking_for},
};

const TEXT: &str = "The bank had told us of two payments that she did not make";
const HOUR: Duration = Duration::from_secs(60 * 60);

async fn review(app: &App<'_>, started: &Started, verdict: &str, text: &str) -> Result<Review, Problem> {
    let path = format!("/api/sessions/{}/review", started.session.id);
    app.post(&path, &json!({ "verdict": verdict, "text": text })).await
}

async fn detail(app: &App<'_>, started: &Started) -> SessionDetail {
    app.get(&format!("/api/sessions/{}", started.session.id)).await.expect("the session")
}

/// How many exceptions, how many to review, and how many of the list are shown.
async fn counted(app: &App<'_>, query: &str) -> (u32, u32, u32) {
    let page: SessionsPage = app.get(&format!("/api/sessions{query}")).await.expect("history");
    assert_eq!(page.sessions.len(), page.total as usize);
    (page.exceptions, page.to_review, page.total)
}

#[tokio::test]
async fn a_verdict_is_on_record_told_and_counted_and_the_newest_counts() {
    let world = World::with(with_categories, true).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let (lea, lou) = (world.app("Lea", &[Role::Lead]).await, world.app("Lou", &[Role::Lead]).await);
    let plain = ada.session(ELISE, Mode::View).await;
    ada.end(&plain).await.expect("ended");
    ada.write_note(&plain).await;
    assert_eq!(counted(&lea, "").await, (0, 0, 1));
    let started = excepted(&ada, &grace, ELISE, Mode::View).await;
    assert_eq!(detail(&lea, &started).await.session.review_by, None, "it still runs");
    assert_eq!(counted(&lea, "").await, (1, 0, 2));
    ada.end(&started).await.expect("ended");
    let seen = detail(&lea, &started).await.session;
    assert_eq!(seen.review_by.expect("a time") - seen.ended_at.expect("ended"), chrono::TimeDelta::hours(72));
    assert_eq!(counted(&lea, "?only=exceptions").await, (1, 1, 1));
    assert_eq!(counted(&lea, "?only=to_review").await, (1, 1, 1));
    assert_eq!(counted(&ada, "?only=to_review").await, (1, 1, 1), "her own");
    let bob = world.app("Bob", &[Role::Support]).await;
    assert_eq!(counted(&bob, "?only=exceptions").await, (0, 0, 0), "none of his");
    for text in ["", "fine", "..........", "1234567890123"] {
        let problem = review(&lea, &started, "justified", text).await.unwrap_err();
        assert_eq!((problem.code, problem.field.as_deref()), (ErrorCode::Invalid, Some("text")), "{text:?}");
    }
    assert!(review(&lea, &started, "splendid", TEXT).await.is_err());
    let written = review(&lea, &started, "objected", TEXT).await.expect("written");
    assert_eq!((written.verdict, written.by.name.as_str()), (Verdict::Objected, "Lea"));
    assert_eq!(counted(&lea, "?only=to_review").await, (1, 0, 0));
    let seen = detail(&ada, &started).await;
    assert_eq!((seen.session.review, seen.session.review_by), (Some(written.clone()), None));
    world.pass(Duration::from_secs(1));
    review(&lou, &started, "justified", "The bank's letter has come meanwhile").await.expect("another one");
    let seen = detail(&ada, &started).await;
    assert_eq!(seen.earlier_reviews, [written]);
    let newest = seen.session.review.expect("a review");
    assert_eq!((newest.verdict, newest.by.name.as_str()), (Verdict::Justified, "Lou"));
    // Also where none is asked for.
    review(&lea, &plain, "justified", TEXT).await.expect("written");
    let entries: Vec<_> =
        world.ledger().await.into_iter().filter(|(kind, _)| kind == "session_reviewed").collect();
    assert_eq!(entries.len(), 3);
    let id = |app: &App<'_>| json!(app.signed_in.as_ref().expect("signed in").staff.id);
    let (_, first) = &entries[0];
    assert_eq!((&first["verdict"], &first["text"]), (&json!("objected"), &json!(TEXT)));
    assert_eq!((&first["staff_id"], &first["for"]), (&id(&lea), &id(&ada)));
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_nobody_reviews_what_they_did_or_let_happen_with_any_account_of_theirs() {
    let world = World::with(with_categories, false).await;
    let all = &[Role::Admin, Role::Support, Role::Lead];
    let (ada, max) = (world.app("Ada", all).await, world.app("Max", all).await);
    let mia = world.app("Mia", all).await;
    let (ada2, max2) = (world.app("Ada2", &[Role::Lead]).await, world.app("Max2", &[Role::Lead]).await);
    let (bob, sami) = (world.app("Bob", &[Role::Support]).await, world.app("Sami", &[Role::Admin]).await);
    let lea = world.app("Lea", &[Role::Lead]).await;
    for (name, person) in
        [("ada", "INV-000042"), ("ada2", "inv-000042"), ("max", "INV-000043"), ("max2", "INV-000043")]
    {
        let email = format!("{name}@support.example");
        staff::link(&world.core.store, &email, Some(person)).await.expect("linked");
    }
    let started = excepted(&ada, &max, ELISE, Mode::View).await;
    raised(&ada, &mia, &started).await;
    let refused = async |app: &App<'_>| review(app, &started, "justified", TEXT).await.unwrap_err();
    let problem = refused(&lea).await;
    assert_eq!(problem.code, ErrorCode::Invalid, "it still runs: {}", problem.detail);
    ada.end(&started).await.expect("ended");
    // Her own, with either account; those who handed a code over, with either; those who are no leads.
    for app in [&ada, &ada2, &max, &max2, &mia, &bob, &sami] {
        let problem = refused(app).await;
        let who = &app.signed_in.as_ref().expect("signed in").staff.name;
        assert_eq!((problem.code, problem.status), (ErrorCode::Forbidden, 403), "{who}");
    }
    staff::set_roles(&world.core, "lea@support.example", &[Role::Support]).await.expect("no lead any more");
    assert_eq!(refused(&lea).await.code, ErrorCode::Forbidden);
    assert!(world.kinds().await.iter().all(|kind| kind != "session_reviewed"));
    staff::set_roles(&world.core, "lea@support.example", &[Role::Lead]).await.expect("a lead again");
    review(&lea, &started, "justified", TEXT).await.expect("somebody else may");
    // A request that never came to a session is none.
    let request = ask(&bob, "INV-000007", Mode::View, exception()).await.expect("requested");
    let path = format!("/api/sessions/{}/review", request.id);
    let body = json!({ "verdict": "justified", "text": TEXT });
    assert_eq!(lea.post::<Value>(&path, &body).await.unwrap_err().code, ErrorCode::NotFound);
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_whoever_owes_a_review_gets_no_further_exception_with_any_account() {
    let world = World::with(with_categories, true).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    world.app("Ada2", &[Role::Support]).await;
    for email in ["ada@support.example", "ada2@support.example"] {
        staff::link(&world.core.store, email, Some("INV-000042")).await.expect("linked");
    }
    let started = excepted(&ada, &grace, ELISE, Mode::View).await;
    ada.end(&started).await.expect("ended");
    ada.write_note(&started).await;
    world.pass(72 * HOUR - Duration::from_secs(1));
    let (ada, ada2) =
        (world.sign_in("ada@support.example").await, world.sign_in("ada2@support.example").await);
    ask(&ada, ELISE, Mode::View, exception()).await.expect("in time");
    world.pass(Duration::from_secs(1));
    for app in [&ada, &ada2] {
        let problem = ask(app, ELISE, Mode::View, exception()).await.unwrap_err();
        assert_eq!((problem.code, problem.status), (ErrorCode::ReviewMissing, 409));
        assert_eq!(problem.session_id, Some(started.session.id), "which one it is");
        assert!(problem.detail.contains("Élise Marchand"), "{}", problem.detail);
        // With consent they go on.
        ask(app, ELISE, Mode::View, asking_for(ELISE, Mode::View).consent).await.expect("with consent");
    }
    let other = world.app("Bob", &[Role::Support]).await;
    ask(&other, ELISE, Mode::View, exception()).await.expect("he owes none");
    let lea = world.app("Lea", &[Role::Lead]).await;
    // Also one who objects has looked at it.
    review(&lea, &started, "objected", TEXT).await.expect("reviewed");
    for app in [&ada, &ada2] {
        ask(app, ELISE, Mode::View, exception()).await.expect("reviewed");
    }
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_a_lost_session_does_not_go_on_without_a_second_administrator() {
    let world = World::with(with_categories, true).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let started = excepted(&ada, &grace, ELISE, Mode::View).await;
    world.pass(Duration::from_secs(31));
    let path = format!("/api/sessions/{}/resume", started.session.id);
    let problem = ada.post::<Value>(&path, &json!({})).await.unwrap_err();
    assert_eq!(problem.code, ErrorCode::ConsentUnavailable);
    ada.write_note(&started).await;
    // One that was raised by an exception goes on as it began: with what the person agreed to.
    let started = ada.session("INV-000042", Mode::View).await;
    raised(&ada, &grace, &started).await;
    world.pass(Duration::from_secs(31));
    let path = format!("/api/sessions/{}/resume", started.session.id);
    let request: Request = ada.post(&path, &json!({})).await.expect("it goes on");
    assert_eq!(request.mode, Mode::View);
    world.stop().await;
}

#[tokio::test]
async fn a_raise_by_exception_is_refused_as_well_where_a_review_is_late() {
    let change = |config: &mut understudy_server::config::Config| {
        with_categories(config);
        config.exception.review_hours = 1;
    };
    let world = World::with(change, true).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let started = ada.session(ELISE, Mode::View).await;
    raised(&ada, &grace, &started).await;
    ada.end(&started).await.expect("ended");
    ada.write_note(&started).await;
    world.pass(HOUR);
    let ada = world.sign_in("ada@support.example").await;
    let next = ada.session(ELISE, Mode::View).await;
    let body = json!({ "token": next.token, "reason": "The card has to be blocked", "consent": exception() });
    let path = format!("/api/sessions/{}/raise", next.session.id);
    let problem = ada.post::<Value>(&path, &body).await.unwrap_err();
    assert_eq!((problem.code, problem.session_id), (ErrorCode::ReviewMissing, Some(started.session.id)));
    world.stop().await;
}
