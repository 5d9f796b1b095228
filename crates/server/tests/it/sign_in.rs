//! Sign-ins: tokens, their rotation, and who is let in.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, future::join_all};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use understudy_protocol::{
    EndCause, ErrorCode, Mode, PeoplePage, Problem, Request, Role, SessionDetail, SignedIn, Staff,
};
use understudy_server::staff;

use crate::world::{App, ELISE, PASSWORD, World, asking_for, client};

#[tokio::test]
async fn a_wrong_address_and_a_wrong_password_get_the_same_answer() {
    let world = World::new().await;
    let app = world.agent().await;
    let mut answers = Vec::new();
    for (email, password) in [("ada@support.example", "wrong"), ("nobody@support.example", PASSWORD)] {
        let body = json!({ "email": email, "password": password });
        answers.push(app.post::<SignedIn>("/api/sign-in", &body).await.err().expect("refused"));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].code, ErrorCode::WrongCredentials);
    world.stop().await;
}

#[tokio::test]
async fn sign_in_is_throttled_for_the_address_that_is_tried() {
    let world = World::at_rest().await;
    let app = world.agent().await;
    let try_with = async |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        app.post::<SignedIn>("/api/sign-in", &body).await.map(drop).map_err(|problem| problem.code)
    };
    for _ in 0..5 {
        assert_eq!(try_with("ADA@support.example", "wrong").await, Err(ErrorCode::WrongCredentials));
    }
    assert_eq!(try_with("ada@support.example", PASSWORD).await, Err(ErrorCode::TooMany));
    world.staff("Bob", &[Role::Support]).await;
    assert_eq!(try_with("bob@support.example", PASSWORD).await, Ok(()));
    world.pass(Duration::from_secs(5 * 60));
    assert_eq!(try_with("ada@support.example", PASSWORD).await, Ok(()));
    world.stop().await;
}

#[tokio::test]
async fn a_flood_of_made_up_addresses_does_not_fill_the_record_and_locks_nobody_out() {
    let world = World::at_rest().await;
    let app = world.agent().await;
    let failures = async || world.kinds().await.iter().filter(|kind| *kind == "sign_in_failed").count();
    let fail = async |email: String| {
        let body = json!({ "email": email, "password": "wrong" });
        app.post::<SignedIn>("/api/sign-in", &body).await.err().expect("refused").code
    };
    let codes = join_all((0..400).map(|n| fail(format!("nobody-{n}@flood.example")))).await;
    assert!(codes.iter().all(|code| *code == ErrorCode::WrongCredentials));
    let recorded = failures().await;
    assert!((100..=110).contains(&recorded), "{recorded}");
    // Whoever is known is on record all the same, and gets in.
    fail("ada@support.example".to_owned()).await;
    assert_eq!(failures().await, recorded + 1);
    world.sign_in("ada@support.example").await;
    world.stop().await;
}

#[tokio::test]
async fn access_tokens_run_out_and_refresh_tokens_rotate() {
    let world = World::at_rest().await;
    let mut app = world.agent().await;
    let first = app.signed_in.take().expect("signed in");
    app.signed_in = Some(first.clone());
    world.pass(Duration::from_secs(10 * 60));
    assert_eq!(app.get::<Staff>("/api/me").await.unwrap_err().code, ErrorCode::SignedOut);
    let body = json!({ "refresh_token": first.refresh_token });
    let second: SignedIn = app.post("/api/sign-in/refresh", &body).await.expect("refreshed");
    app.signed_in = Some(second);
    assert_eq!(app.get::<Staff>("/api/me").await.expect("signed in").email, "ada@support.example");
    world.stop().await;
}

#[tokio::test]
async fn invariant_5_a_refresh_token_used_twice_ends_the_sign_in_and_its_session() {
    let world = World::new().await;
    let mut app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let stolen = app.signed_in.as_ref().expect("signed in").refresh_token.clone();
    let body = json!({ "refresh_token": stolen });
    let mine: SignedIn = app.post("/api/sign-in/refresh", &body).await.expect("the first use");
    app.signed_in = Some(mine);
    assert_eq!(app.get::<Staff>("/api/me").await.expect("the pair has arrived").name, "Ada");
    assert_eq!(stage.status("/").await, StatusCode::OK);
    let second = app.post::<SignedIn>("/api/sign-in/refresh", &body).await;
    assert_eq!(second.err().expect("refused").code, ErrorCode::SignedOut);
    assert_eq!(app.get::<Staff>("/api/me").await.unwrap_err().code, ErrorCode::SignedOut);
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    assert!(world.kinds().await.iter().any(|kind| kind == "refresh_token_reused"));
    world.stop().await;
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_may_be_sent_again_and_one_pair_works() {
    let world = World::new().await;
    let mut app = world.agent().await;
    let body = json!({ "refresh_token": app.signed_in.as_ref().expect("signed in").refresh_token });
    let tries = join_all((0..20).map(|_| app.post::<SignedIn>("/api/sign-in/refresh", &body))).await;
    let pairs: Vec<SignedIn> = tries.into_iter().filter_map(Result::ok).collect();
    let mut working = 0;
    for pair in pairs {
        app.signed_in = Some(pair);
        working += u32::from(app.get::<Staff>("/api/me").await.is_ok());
    }
    assert_eq!(working, 1, "the last pair works, and no other");
    world.stop().await;
}

#[tokio::test]
async fn invariant_5_a_stolen_refresh_token_does_not_live_beside_the_real_one() {
    let world = World::new().await;
    let mut app = world.agent().await;
    let body = json!({ "refresh_token": app.signed_in.as_ref().expect("signed in").refresh_token });
    let mine: SignedIn = app.post("/api/sign-in/refresh", &body).await.expect("refreshed");
    // The thief is faster than the first use of what it brought, and uses it.
    let theirs: SignedIn = app.post("/api/sign-in/refresh", &body).await.expect("taken for a retry");
    app.signed_in = Some(theirs);
    app.get::<Staff>("/api/me").await.expect("for now");
    let body = json!({ "refresh_token": mine.refresh_token });
    assert!(app.post::<SignedIn>("/api/sign-in/refresh", &body).await.is_err());
    assert!(app.get::<Staff>("/api/me").await.is_err(), "the owner's next refresh put both out");
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_a_disabled_account_is_out_at_once_and_its_streams_close() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let events = app.request(Method::GET, "/api/events").send().await.expect("a stream");
    staff::disable(&world.core, "ada@support.example").await.expect("disabled");
    assert_eq!(app.get::<Staff>("/api/me").await.unwrap_err().code, ErrorCode::SignedOut);
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    let body = json!({ "email": "ada@support.example", "password": PASSWORD });
    let again = app.post::<SignedIn>("/api/sign-in", &body).await.err().expect("refused");
    assert_eq!(again.code, ErrorCode::WrongCredentials);
    // The stream ends by itself: all of it can be read.
    let text =
        tokio::time::timeout(Duration::from_secs(5), events.text()).await.expect("it ends").expect("text");
    assert!(text.contains("signed_out"), "{text}");
    let ended = world.ledger().await.into_iter().find(|(kind, _)| kind == "session_ended").expect("ended").1;
    assert_eq!(ended["cause"], "staff_disabled");
    world.stop().await;
}

#[tokio::test]
async fn events_that_were_missed_come_with_the_cursor() {
    let world = World::new().await;
    let app = world.agent().await;
    let follow = async |cursor: i64| {
        let path = format!("/api/events?cursor={cursor}");
        app.request(Method::GET, &path).send().await.expect("a stream").bytes_stream()
    };
    app.code(ELISE, Mode::View).await;
    let mut stream = Box::pin(follow(0).await);
    let mut seen = String::new();
    while !seen.contains("code_arrived") {
        let chunk = tokio::time::timeout(Duration::from_secs(5), stream.next()).await.expect("in time");
        seen.push_str(&String::from_utf8_lossy(&chunk.expect("an event").expect("bytes")));
    }
    let bob = world.app("Bob", &[Role::Support]).await;
    let mut foreign = Box::pin(
        bob.request(Method::GET, "/api/events?cursor=0").send().await.expect("a stream").bytes_stream(),
    );
    let first = foreign.next().await.expect("the greeting").expect("bytes");
    assert!(String::from_utf8_lossy(&first).starts_with(": from 0"));
    assert!(
        tokio::time::timeout(Duration::from_millis(300), foreign.next()).await.is_err(),
        "nothing for Bob"
    );
    world.stop().await;
}

#[tokio::test]
async fn invariant_7_the_api_takes_bearer_tokens_only_and_answers_to_its_host_only() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let api = world.api.join("/api/me").expect("a URL");
    let token = &app.signed_in.as_ref().expect("signed in").access_token;
    let http = client();
    let status = async |request: reqwest::RequestBuilder| request.send().await.expect("an answer").status();
    // With the stage's cookie, or the token as a cookie or in the query: nobody.
    assert_eq!(
        status(http.get(api.clone()).header(header::COOKIE, &stage.cookies)).await,
        StatusCode::UNAUTHORIZED
    );
    let as_cookie = http.get(api.clone()).header(header::COOKIE, format!("access_token={token}"));
    assert_eq!(status(as_cookie).await, StatusCode::UNAUTHORIZED);
    let in_query = http.get(api.clone()).query(&[("access_token", token)]);
    assert_eq!(status(in_query).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(http.get(api.clone()).basic_auth(token, Some(token))).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(http.get(api.clone()).bearer_auth(token)).await, StatusCode::OK);
    for (url, host) in [
        (&api, "localhost:1"),
        (&api, "evil.example"),
        (&world.gateway, "evil.example"),
        (&world.gateway, world.api.authority()),
        (&api, world.gateway.authority()),
    ] {
        let asked = http.get(url.clone()).header(header::HOST, host).bearer_auth(token);
        assert_eq!(status(asked).await, StatusCode::MISDIRECTED_REQUEST, "{url} as {host}");
    }
    world.stop().await;
}

#[tokio::test]
async fn bad_input_is_answered_with_problem_details() {
    let world = World::new().await;
    let app = world.agent().await;
    let problem = async |request: reqwest::RequestBuilder| -> (u16, Problem) {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        (answer.status().as_u16(), answer.json().await.expect("a problem"))
    };
    let (status, body) = problem(app.request(Method::POST, "/api/requests").body("{")).await;
    assert!(status == 400 && body.code == ErrorCode::BadRequest);
    let (status, body) = problem(app.request(Method::GET, "/api/nothing/here")).await;
    assert!(status == 404 && body.code == ErrorCode::NotFound);
    let (status, _) = problem(app.request(Method::GET, "/api/requests/not-a-uuid")).await;
    assert_eq!(status, 404);
    let (status, body) = problem(app.request(Method::GET, "/api/people?offset=many")).await;
    assert!(status == 400 && body.code == ErrorCode::BadRequest);
    let (status, body) = problem(app.request(Method::GET, "/api/people?kind=Admin")).await;
    assert!(status == 422 && body.field.as_deref() == Some("kind"));
    let odd = app
        .get::<PeoplePage>("/api/people?search=%22%20or%20id%20pr%20%5C")
        .await
        .expect("no filter injection");
    assert_eq!(odd.total, 0);
    let (status, body) = problem(app.request(Method::POST, "/api/requests").body(vec![b' '; 70_000])).await;
    assert!(status == 413 && body.code == ErrorCode::TooLarge);
    let nul = json!({ "email": "ada\u{0}@support.example", "password": "x" });
    let (status, _) = problem(app.request(Method::POST, "/api/sign-in").json(&nul)).await;
    assert_eq!(status, 400);
    let (status, _) = problem(app.request(Method::GET, "/api/sessions?person=%00")).await;
    assert_eq!(status, 400);
    let long = json!({ "email": "x".repeat(60_000), "password": "x" });
    let (status, _) = problem(app.request(Method::POST, "/api/sign-in").json(&long)).await;
    assert_eq!(status, 401);
    assert!(
        world.kinds().await.iter().all(|kind| kind != "sign_in_failed"),
        "nobody fills the record from outside"
    );
    world.stop().await;
}

#[tokio::test]
async fn the_openapi_document_has_every_action_and_says_who_may() {
    let world = World::new().await;
    let document: Value = client()
        .get(world.api.join("/api/openapi.json").expect("a URL"))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    let mut lines = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let open = if operation["security"].is_array() { "" } else { " (open)" };
            lines.push(format!("{} {path}{open}", method.to_uppercase()));
        }
    }
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"));
    let healthy = client().get(world.api.join("/healthz").expect("a URL")).send().await.expect("an answer");
    assert_eq!(healthy.status(), StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn of_100_simultaneous_guesses_at_a_password_five_count() {
    let world = World::new().await;
    let app = world.agent().await;
    let body = json!({ "email": "ada@support.example", "password": "wrong" });
    let tries = join_all((0..100).map(|_| app.post::<SignedIn>("/api/sign-in", &body))).await;
    let codes: Vec<ErrorCode> =
        tries.into_iter().filter_map(|t| t.err().map(|problem| problem.code)).collect();
    assert_eq!(codes.len(), 100);
    assert!(codes.iter().filter(|code| **code == ErrorCode::WrongCredentials).count() <= 5);
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_a_lead_who_is_one_no_longer_hears_of_nobodys_session() {
    use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
    use understudy_server::store::entities::staff::{ActiveModel, Column, Entity};
    let world = World::new().await;
    let ada = world.agent().await;
    let lea = world.app("Lea", &[Role::Lead]).await;
    let mut events =
        Box::pin(lea.request(Method::GET, "/api/events").send().await.expect("a stream").bytes_stream());
    events.next().await.expect("the greeting").expect("bytes");
    let demoted = ActiveModel { roles: Set(String::new()), ..Default::default() };
    let her = Column::Email.eq("lea@support.example");
    Entity::update_many().set(demoted).filter(her).exec(&world.core.store.db).await.expect("demoted");
    let (started, _) = ada.stage(ELISE, Mode::View).await;
    ada.end(&started).await.expect("ended");
    let heard = tokio::time::timeout(Duration::from_secs(1), events.next()).await;
    assert!(heard.is_err(), "{heard:?}");
    world.stop().await;
}

async fn cause(app: &App<'_>, id: uuid::Uuid) -> Option<EndCause> {
    app.get::<SessionDetail>(&format!("/api/sessions/{id}")).await.expect("the session").session.end_cause
}

#[tokio::test]
async fn invariant_6_an_operator_demoted_in_mid_session_is_out_at_once() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let mut prices = Box::pin(stage.get("/live/prices?interval_ms=50").await.bytes_stream());
    prices.next().await.expect("a chunk").expect("bytes");
    let mut told =
        Box::pin(app.request(Method::GET, "/api/events").send().await.expect("a stream").bytes_stream());
    told.next().await.expect("the greeting").expect("bytes");
    // More is no demotion.
    staff::set_roles(&world.core, "ada@support.example", &[Role::Support, Role::Lead]).await.expect("more");
    assert_eq!(stage.status("/").await, StatusCode::OK);

    let begun = Instant::now();
    let demoted = world.command(&["staff", "roles", "ada@support.example", "lead"]).await;
    let done = begun.elapsed();
    assert!(demoted.status.success(), "{demoted:?}");
    let rest = async { while let Some(Ok(_)) = prices.next().await {} };
    tokio::time::timeout(Duration::from_secs(5), rest).await.expect("it is cut");
    assert!(begun.elapsed() < done + Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    assert_eq!(app.renew(&started).await.unwrap_err(), ErrorCode::Forbidden);
    assert_eq!(
        app.post::<Request>("/api/requests", &asking_for(ELISE, Mode::View)).await.unwrap_err().code,
        ErrorCode::Forbidden
    );
    assert_eq!(cause(&app, started.session.id).await, Some(EndCause::StaffDisabled));
    let mut heard = String::new();
    while !heard.contains("session_ended") {
        let chunk = tokio::time::timeout(Duration::from_secs(5), told.next()).await.expect("in time");
        heard.push_str(&String::from_utf8_lossy(&chunk.expect("an event").expect("bytes")));
    }
    let changes: Vec<_> =
        world.ledger().await.into_iter().filter(|(kind, _)| kind == "staff_roles_changed").collect();
    assert_eq!(changes[1].1["to"], serde_json::json!(["lead"]));
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_a_refresh_token_used_twice_cuts_the_streams_of_its_session_within_a_second() {
    let world = World::new().await;
    let mut app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let mut prices = Box::pin(stage.get("/live/prices?interval_ms=50").await.bytes_stream());
    prices.next().await.expect("a chunk").expect("bytes");
    let refresh = app.signed_in.as_ref().expect("signed in").refresh_token.clone();
    let body = serde_json::json!({ "refresh_token": refresh });
    app.signed_in = Some(app.post("/api/sign-in/refresh", &body).await.expect("the first use"));
    app.renew(&started).await.expect("the pair has arrived, and the session goes on");

    let begun = Instant::now();
    assert!(app.post::<understudy_protocol::SignedIn>("/api/sign-in/refresh", &body).await.is_err());
    let rest = async { while let Some(Ok(_)) = prices.next().await {} };
    tokio::time::timeout(Duration::from_secs(5), rest).await.expect("it is cut");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(app.renew(&started).await.unwrap_err(), ErrorCode::SignedOut);
    let again = world.sign_in("ada@support.example").await;
    assert_eq!(cause(&again, started.session.id).await, Some(EndCause::StaffDisabled));
    world.stop().await;
}
