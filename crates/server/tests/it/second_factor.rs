//! The second factor: without it, shown not long ago, nobody starts a session.

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::EntityTrait as _;
use serde_json::json;
use understudy_protocol::{
    Enrolment, ErrorCode, Mode, Note, Problem, RecoveryCodes, Role, SecondFactor, SessionDetail,
    SessionsPage, SignedIn,
};
use understudy_server::{staff, store::entities::second_factor};

use crate::world::{App, ELISE, PASSWORD, World};

async fn enrol(app: &App<'_>, password: &str) -> Result<Enrolment, Problem> {
    app.post("/api/second-factor/enrol", &json!({ "password": password })).await
}

async fn confirm(app: &App<'_>, code: &str) -> Result<Vec<String>, ErrorCode> {
    let codes = app.post::<RecoveryCodes>("/api/second-factor/confirm", &json!({ "code": code })).await;
    codes.map(|codes| codes.codes).map_err(|problem| problem.code)
}

async fn show(app: &App<'_>, code: &str) -> Result<SecondFactor, ErrorCode> {
    app.post("/api/second-factor/verify", &json!({ "code": code })).await.map_err(|problem| problem.code)
}

/// Somebody whose authenticator app is set up, signed in anew by password alone.
async fn again(world: &World) -> (App<'_>, String, Vec<String>) {
    let email = world.staff("Ada", &[Role::Support]).await;
    let first = world.sign_in_by_password(&email).await;
    let secret = enrol(&first, PASSWORD).await.expect("enrolled").secret;
    let codes = confirm(&first, &world.totp(&secret).await).await.expect("confirmed");
    // The code that confirmed it is used up.
    world.pass(Duration::from_secs(60));
    (world.sign_in_by_password(&email).await, secret, codes)
}

#[tokio::test]
async fn nobody_starts_a_session_without_it() {
    let world = World::at_rest().await;
    let email = world.staff("Ada", &[Role::Support]).await;
    let app = world.sign_in_by_password(&email).await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    app.verify(&request, &code).await.expect("verified");
    assert_eq!(app.start(&request).await.err(), Some(ErrorCode::SecondFactorNeeded));
    let enrolment = enrol(&app, PASSWORD).await.expect("enrolled");
    assert!(enrolment.url.starts_with("otpauth://totp/") && enrolment.url.contains(&enrolment.secret));
    assert_eq!(app.start(&request).await.err(), Some(ErrorCode::SecondFactorNeeded), "not confirmed yet");
    assert_eq!(confirm(&app, "000000").await, Err(ErrorCode::WrongSecondFactor));
    confirm(&app, &world.totp(&enrolment.secret).await).await.expect("confirmed");
    app.start(&request).await.expect("started");
    assert!(world.kinds().await.iter().any(|kind| kind == "second_factor_set_up"));
    world.stop().await;
}

#[tokio::test]
async fn it_counts_for_an_hour_and_for_the_sign_in_that_showed_it() {
    let world = World::at_rest().await;
    let (mut app, secret, _) = again(&world).await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    app.verify(&request, &code).await.expect("verified");
    assert_eq!(
        app.start(&request).await.err(),
        Some(ErrorCode::SecondFactorNeeded),
        "another sign-in showed it"
    );
    let shown = show(&app, &world.totp(&secret).await).await.expect("shown");
    assert_eq!(shown, SecondFactor { set_up: true, fresh_for_ms: 3_600_000 });
    world.pass(Duration::from_secs(60 * 60));
    let refresh = json!({ "refresh_token": app.signed_in.as_ref().expect("signed in").refresh_token });
    app.signed_in = Some(app.post::<SignedIn>("/api/sign-in/refresh", &refresh).await.expect("refreshed"));
    let (request, code) = app.code(ELISE, Mode::View).await;
    app.verify(&request, &code).await.expect("verified");
    assert_eq!(app.start(&request).await.err(), Some(ErrorCode::SecondFactorNeeded), "an hour ago");
    show(&app, &world.totp(&secret).await).await.expect("shown");
    app.start(&request).await.expect("started");
    world.stop().await;
}

#[tokio::test]
async fn what_a_colleague_did_opens_only_to_who_has_shown_it_within_the_hour() {
    let world = World::at_rest().await;
    let ada = world.agent().await;
    let (started, _) = ada.stage(ELISE, Mode::View).await;
    ada.end(&started).await.expect("ended");
    let path = format!("/api/sessions/{}", started.session.id);
    for (name, role) in [("Lea", Role::Lead), ("Max", Role::Admin)] {
        let email = world.staff(name, &[role]).await;
        let lea = world.sign_in_by_password(&email).await;
        let viewed = async || world.kinds().await.iter().filter(|kind| *kind == "session_viewed").count();
        let before = viewed().await;
        let refused = lea.get::<SessionDetail>(&path).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::SecondFactorNeeded);
        assert_eq!(viewed().await, before, "nothing was seen");
        lea.show_second_factor().await;
        lea.get::<SessionDetail>(&path).await.expect("opened");
        assert_eq!(viewed().await, before + 1);
        world.pass(Duration::from_secs(60 * 60));
        let lea = lea.refreshed().await;
        assert_eq!(lea.get::<SessionDetail>(&path).await.unwrap_err().code, ErrorCode::SecondFactorNeeded);
    }
    // Nor does the history say what was written about it.
    let ada = ada.refreshed().await;
    let note = json!({ "what": "Looked at her letters", "why": "She asked", "solved": true });
    ada.post::<Note>(&format!("{path}/note"), &note).await.expect("written");
    let lea = world.sign_in_by_password("lea@support.example").await;
    let page: SessionsPage = lea.get("/api/sessions?search=letters").await.expect("history");
    let note = page.sessions[0].note.as_ref().expect("a note");
    assert!(note.solved && note.what.is_empty() && note.why.is_empty(), "{note:?}");
    // One's own opens without.
    ada.get::<SessionDetail>(&path).await.expect("her own");
    world.stop().await;
}

#[tokio::test]
async fn of_50_simultaneous_tries_with_one_code_the_first_wins() {
    let world = World::at_rest().await;
    let (app, secret, _) = again(&world).await;
    let code = world.totp(&secret).await;
    let tries = join_all((0..50).map(|_| show(&app, &code))).await;
    assert_eq!(tries.iter().filter(|t| t.is_ok()).count(), 1, "{tries:?}");
    world.pass(Duration::from_secs(5 * 60));
    assert_eq!(show(&app, &code).await, Err(ErrorCode::WrongSecondFactor), "an old one");
    show(&app, &world.totp(&secret).await).await.expect("a new one");
    world.stop().await;
}

#[tokio::test]
async fn guesses_are_throttled_and_on_record() {
    let world = World::at_rest().await;
    let (app, secret, _) = again(&world).await;
    let right = world.totp(&secret).await;
    let wrong = if right == "123456" { "654321" } else { "123456" };
    for _ in 0..5 {
        assert_eq!(show(&app, wrong).await, Err(ErrorCode::WrongSecondFactor));
    }
    assert_eq!(show(&app, &right).await, Err(ErrorCode::TooMany));
    let refused = world.kinds().await.iter().filter(|kind| *kind == "second_factor_refused").count();
    assert_eq!(refused, 5);
    world.stop().await;
}

#[tokio::test]
async fn a_stranger_cannot_lock_somebodys_second_factor() {
    let world = World::at_rest().await;
    let (app, secret, _) = again(&world).await;
    let id = app.signed_in.as_ref().expect("signed in").staff.id;
    // An address is free text at the sign-in, and the IDs of staff are no secret.
    for email in [id.to_string(), format!("second-factor/{id}"), "ada@support.example".to_owned()] {
        for _ in 0..6 {
            let body = json!({ "email": email, "password": "wrong" });
            assert!(app.post::<SignedIn>("/api/sign-in", &body).await.is_err());
        }
    }
    show(&app, &world.totp(&secret).await).await.expect("shown");
    enrol(&app, PASSWORD).await.expect("enrolled");
    world.stop().await;
}

#[tokio::test]
async fn a_new_one_has_to_be_shown_by_every_sign_in() {
    let world = World::at_rest().await;
    let (thief, secret, codes) = again(&world).await;
    show(&thief, &world.totp(&secret).await).await.expect("the stolen phone shows it");
    let owner = world.sign_in_by_password("ada@support.example").await;
    show(&owner, &codes[0]).await.expect("shown");
    let new = enrol(&owner, PASSWORD).await.expect("enrolled").secret;
    confirm(&owner, &world.totp(&new).await).await.expect("confirmed");
    let status: SecondFactor = thief.get("/api/second-factor").await.expect("a status");
    assert_eq!(status.fresh_for_ms, 0);
    let status: SecondFactor = owner.get("/api/second-factor").await.expect("a status");
    assert_eq!(status.fresh_for_ms, 3_600_000);
    world.stop().await;
}

#[tokio::test]
async fn a_recovery_code_is_good_once_and_for_its_owner_only() {
    let world = World::at_rest().await;
    let (app, _, codes) = again(&world).await;
    let other = world.app("Bob", &[Role::Support]).await;
    assert_eq!(show(&other, &codes[0]).await, Err(ErrorCode::WrongSecondFactor));
    show(&app, &codes[0].to_lowercase().replace('-', "")).await.expect("shown");
    assert_eq!(show(&app, &codes[0]).await, Err(ErrorCode::WrongSecondFactor));
    assert!(world.kinds().await.iter().any(|kind| kind == "recovery_code_used"));
    world.stop().await;
}

#[tokio::test]
async fn whoever_has_only_the_computer_cannot_set_up_another_one() {
    let world = World::at_rest().await;
    let (app, secret, codes) = again(&world).await;
    let refused = enrol(&app, PASSWORD).await.err().expect("refused");
    assert_eq!(refused.code, ErrorCode::SecondFactorNeeded, "the old one has to be shown first");
    show(&app, &world.totp(&secret).await).await.expect("shown");
    let refused = enrol(&app, "not the password").await.err().expect("refused");
    assert_eq!((refused.code, refused.field.as_deref()), (ErrorCode::Invalid, Some("password")));
    let new = enrol(&app, PASSWORD).await.expect("enrolled").secret;
    let again = confirm(&app, &world.totp(&new).await).await.expect("confirmed");
    assert!(again.iter().all(|code| !codes.contains(code)));
    assert_eq!(show(&app, &codes[1]).await, Err(ErrorCode::WrongSecondFactor), "of the old one");
    world.stop().await;
}

#[tokio::test]
async fn a_lost_one_is_reset_and_the_secret_is_never_in_the_clear() {
    let world = World::at_rest().await;
    let (app, secret, _) = again(&world).await;
    show(&app, &world.totp(&secret).await).await.expect("shown");
    let rows = second_factor::Entity::find().all(&world.core.store.db).await.expect("rows");
    let sealed = rows[0].secret.as_deref().expect("a secret");
    assert!(memchr::memmem::find(sealed, secret.as_bytes()).is_none());
    for (kind, details) in world.ledger().await {
        assert!(!details.to_string().contains(&secret), "{kind}");
    }
    staff::reset_second_factor(&world.core.store, "ada@support.example").await.expect("reset");
    let status: SecondFactor = app.get("/api/second-factor").await.expect("a status");
    assert_eq!(status, SecondFactor { set_up: false, fresh_for_ms: 0 });
    enrol(&app, PASSWORD).await.expect("enrolled anew");
    world.stop().await;
}
