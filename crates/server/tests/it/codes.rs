//! Codes: once, in time, for the one who asked.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, header};
use sea_orm::EntityTrait as _;
use serde_json::json;
use understudy_protocol::{
    Channel, DeliveryState, ErrorCode, InboxEntry, Mode, Problem, Request, RequestState, Role,
};
use understudy_server::{
    config::{Smtp, SmtpTls},
    delivery::deliver_due,
    store::entities::{event, impersonation},
};

use crate::world::{ELISE, World, asking_for, client, eventually};

fn wrong(code: &str) -> String {
    let other = if code.starts_with('B') { "C" } else { "B" };
    format!("{other}{}", &code[1..])
}

#[tokio::test]
async fn invariant_4_of_200_simultaneous_tries_over_two_servers_the_first_wins() {
    let world = World::new().await;
    let app = world.agent().await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    let second = world.second().await;
    let first = world.api.socket_addrs(|| None).expect("an address")[0];
    let token = &app.signed_in.as_ref().expect("signed in").access_token;
    let post = async |n: usize, path: &str, body: serde_json::Value| {
        let url = format!("http://{}/api/requests/{}/{path}", [first, second.api][n % 2], request.id);
        let send =
            client().post(url).header(header::HOST, world.api.authority()).bearer_auth(token).json(&body);
        let answer = send.send().await.expect("an answer");
        (answer.status(), answer.json::<serde_json::Value>().await.expect("JSON"))
    };
    let tries = join_all((0..200).map(|n| post(n, "verify", json!({ "code": code })))).await;
    assert_eq!(tries.iter().filter(|(status, _)| status.is_success()).count(), 1);
    let others = tries.iter().filter(|(_, body)| body["code"] == "code_used").count();
    assert_eq!(others, 199);
    let starts = join_all((0..50).map(|n| post(n, "start", json!({})))).await;
    assert_eq!(starts.iter().filter(|(status, _)| status.is_success()).count(), 1);
    second.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn invariant_4_of_200_simultaneous_tries_the_first_wins() {
    let world = World::new().await;
    let app = world.agent().await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    let tries = join_all((0..200).map(|_| app.verify(&request, &code))).await;
    assert_eq!(tries.iter().filter(|t| t.is_ok()).count(), 1);
    assert!(tries.iter().all(|t| t.is_ok() || *t == Err(ErrorCode::CodeUsed)));
    let starts = join_all((0..50).map(|_| app.start(&request))).await;
    assert_eq!(starts.iter().filter(|s| s.is_ok()).count(), 1);
    world.stop().await;
}

#[tokio::test]
async fn invariant_4_of_200_simultaneous_guesses_three_count() {
    let world = World::new().await;
    let app = world.agent().await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    let guess = wrong(&code);
    let tries = join_all((0..200).map(|_| app.verify(&request, &guess))).await;
    assert_eq!(tries.iter().filter(|t| **t == Err(ErrorCode::WrongCode)).count(), 3);
    assert!(tries.iter().all(|t| matches!(t, Err(ErrorCode::WrongCode | ErrorCode::TooManyTries))));
    assert_eq!(app.verify(&request, &code).await.unwrap_err(), ErrorCode::TooManyTries);
    let recorded = world.kinds().await.iter().filter(|kind| *kind == "code_wrong").count();
    assert_eq!(recorded, 3);
    world.stop().await;
}

#[tokio::test]
async fn invariant_4_a_code_expires() {
    let world = World::at_rest().await;
    let app = world.agent().await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    world.pass(Duration::from_secs(10 * 60));
    let again = world.sign_in("ada@support.example").await;
    assert_eq!(again.verify(&request, &code).await.unwrap_err(), ErrorCode::OtherSignIn);
    // The access token has run out meanwhile, so the same sign-in asks for the next one.
    let app = app.refreshed().await;
    assert_eq!(app.verify(&request, &code).await.unwrap_err(), ErrorCode::CodeExpired);
    let inbox: Vec<InboxEntry> = app.get("/api/inbox").await.expect("inbox");
    assert!(inbox.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn invariant_4_a_code_works_for_its_request_only() {
    let world = World::new().await;
    let app = world.agent().await;
    let (first, old) = app.code(ELISE, Mode::View).await;
    let (second, new) = app.code("INV-000042", Mode::View).await;
    assert_eq!(app.verify(&first, &old).await.unwrap_err(), ErrorCode::RequestReplaced);
    assert_eq!(app.verify(&second, &old).await.unwrap_err(), ErrorCode::WrongCode);
    app.verify(&second, &new).await.expect("its own code");
    world.stop().await;
}

#[tokio::test]
async fn invariant_4_a_code_works_for_the_staff_member_and_the_sign_in_that_asked() {
    let world = World::new().await;
    let app = world.agent().await;
    let bob = world.app("Bob", &[Role::Support, Role::Admin]).await;
    let other_sign_in = world.sign_in("ada@support.example").await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    assert_eq!(bob.verify(&request, &code).await.unwrap_err(), ErrorCode::NotFound);
    assert_eq!(other_sign_in.verify(&request, &code).await.unwrap_err(), ErrorCode::OtherSignIn);
    for stranger in [&bob, &other_sign_in] {
        let inbox: Vec<InboxEntry> = stranger.get("/api/inbox").await.expect("inbox");
        assert!(inbox.is_empty());
    }
    // Nobody else's try was counted.
    assert_eq!(app.verify(&request, &code).await.expect("verified").state, RequestState::Verified);
    assert_eq!(bob.start(&request).await.err(), Some(ErrorCode::NotFound));
    assert_eq!(other_sign_in.start(&request).await.err(), Some(ErrorCode::OtherSignIn));
    world.stop().await;
}

#[tokio::test]
async fn a_code_is_forgiving_about_case_and_dash_and_tells_the_tries_left() {
    let world = World::new().await;
    let app = world.agent().await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    for (typed, left) in [(wrong(&code), 2), ("WDJB".to_owned(), 1)] {
        let path = format!("/api/requests/{}/verify", request.id);
        let problem = app.post::<Request>(&path, &json!({ "code": typed })).await.unwrap_err();
        assert_eq!((problem.code, problem.tries_left), (ErrorCode::WrongCode, Some(left)));
        assert!(problem.detail.starts_with("That code is not right."));
    }
    app.verify(&request, &code.to_lowercase().replace('-', " ")).await.expect("verified");
    world.stop().await;
}

#[tokio::test]
async fn a_code_is_kept_only_as_long_as_it_is_needed_and_never_in_the_clear() {
    let world = World::new().await;
    let app = world.agent().await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    let row = async || {
        let row = impersonation::Entity::find_by_id(request.id).one(&world.core.store.db).await;
        row.expect("the database answers").expect("the row")
    };
    let letters = code.replace('-', "");
    let sealed = row().await.code_sealed.expect("sealed");
    assert!(!sealed.windows(8).any(|w| w == letters.as_bytes()));
    for (kind, details) in world.ledger().await {
        let text = details.to_string();
        assert!(!text.contains(&code) && !text.contains(&letters), "{kind}");
    }
    for event in event::Entity::find().all(&world.core.store.db).await.expect("events") {
        assert!(!event.payload.contains(&code));
    }
    app.verify(&request, &code).await.expect("verified");
    let row = row().await;
    assert_eq!((row.code_mac, row.code_sealed), (None, None));
    world.stop().await;
}

#[tokio::test]
async fn the_mail_carries_the_code_and_says_what_it_is_for() {
    let world = World::new().await;
    let app = world.agent().await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    let sent = eventually("the mail is sent", async || {
        let request: Request = app.get(&format!("/api/requests/{}", request.id)).await.expect("the request");
        request.deliveries.into_iter().find(|d| d.channel == Channel::Email && d.state == DeliveryState::Sent)
    })
    .await;
    assert_eq!(sent.to.as_deref(), Some("ada@support.example"));
    let mut mails = std::fs::read_dir(world.data_dir.join("mail")).expect("mails");
    let path =
        mails.find_map(|f| f.ok().map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "eml")));
    let mail = std::fs::read_to_string(path.expect("a mail")).expect("text");
    for part in [code.as_str(), "INV-000137", "The payment is stuck", "T-1", "view only"] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    world.stop().await;
}

#[tokio::test]
async fn only_delivered_codes_count_towards_the_rate() {
    let world = World::at_rest().await;
    let app = world.agent().await;
    for _ in 0..3 {
        app.code(ELISE, Mode::View).await;
    }
    let problem = app.post::<Request>("/api/requests", &asking_for(ELISE, Mode::View)).await.unwrap_err();
    assert_eq!((problem.code, problem.retry_after_ms), (ErrorCode::TooMany, Some(60_000)));
    world.pass(Duration::from_secs(60));
    app.code(ELISE, Mode::View).await;
    world.stop().await;
}

#[tokio::test]
async fn a_flood_of_requests_gets_no_more_codes_than_the_rate_allows() {
    let world = World::at_rest().await;
    let app = world.agent().await;
    for _ in 0..15 {
        let asking = asking_for(ELISE, Mode::View);
        join_all((0..8).map(|_| app.post::<Request>("/api/requests", &asking))).await;
        // Some are delivered before the next ones come, some are not.
        deliver_due(&world.core).await.expect("tried");
    }
    let rows = impersonation::Entity::find().all(&world.core.store.db).await.expect("requests");
    let delivered = rows.iter().filter(|row| row.delivered_at.is_some()).count();
    assert_eq!(delivered, 3, "of {} requests", rows.len());
    assert!(rows.len() <= 30, "{} requests", rows.len());
    world.stop().await;
}

#[tokio::test]
async fn codes_that_cannot_be_delivered_lock_nobody_out() {
    let only_mail = |config: &mut understudy_server::config::Config| {
        no_mail_server(config);
        config.code.channels = vec![Channel::Email];
    };
    let world = World::with(only_mail, true).await;
    let app = world.agent().await;
    for _ in 0..10 {
        app.post::<Request>("/api/requests", &asking_for(ELISE, Mode::View)).await.expect("requested");
    }
    world.stop().await;
}

fn no_mail_server(config: &mut understudy_server::config::Config) {
    // Port 9 (discard) is closed.
    let smtp = Smtp {
        host: "127.0.0.1".into(),
        port: Some(9),
        tls: SmtpTls::None,
        user: None,
        password: None,
        ca_file: None,
    };
    config.mail.smtp = Some(smtp);
}

#[tokio::test]
async fn with_the_mail_server_gone_the_code_still_arrives_in_the_app() {
    let world = World::with(no_mail_server, false).await;
    let app = world.agent().await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    app.verify(&request, &code).await.expect("verified");
    eventually("the failure is on record", async || {
        world.kinds().await.iter().any(|kind| kind == "code_not_delivered").then_some(())
    })
    .await;
    world.stop().await;
}

#[tokio::test]
async fn a_code_that_no_channel_delivers_ends_the_request_and_says_so() {
    let only_mail = |config: &mut understudy_server::config::Config| {
        no_mail_server(config);
        config.code.channels = vec![Channel::Email];
    };
    let world = World::with(only_mail, true).await;
    let mut app = world.agent().await;
    let request: Request =
        app.post("/api/requests", &asking_for(ELISE, Mode::View)).await.expect("requested");
    for _ in 0..7 {
        world.pass(Duration::from_secs(121));
        deliver_due(&world.core).await.expect("tried");
    }
    let refresh = json!({ "refresh_token": app.signed_in.as_ref().expect("signed in").refresh_token });
    app.signed_in = Some(app.post("/api/sign-in/refresh", &refresh).await.expect("refreshed"));
    let request: Request = app.get(&format!("/api/requests/{}", request.id)).await.expect("the request");
    assert_eq!(request.state, RequestState::Undeliverable);
    assert_eq!(request.deliveries[0].state, DeliveryState::Failed);
    assert_eq!(app.verify(&request, "BBBB-BBBB").await.unwrap_err(), ErrorCode::Undeliverable);
    world.stop().await;
}

#[tokio::test]
async fn requests_that_say_nothing_are_refused_and_name_the_field() {
    let world = World::new().await;
    let app = world.agent().await;
    let good = json!(asking_for(ELISE, Mode::View));
    for (pointer, value, code, field) in [
        ("/reason", json!("."), ErrorCode::Invalid, Some("reason")),
        ("/reason", json!("1234567890"), ErrorCode::Invalid, Some("reason")),
        ("/consent/given_by", json!(" "), ErrorCode::Invalid, Some("consent.given_by")),
        ("/consent/given_by", json!("."), ErrorCode::Invalid, Some("consent.given_by")),
        ("/consent/reference", json!(""), ErrorCode::Invalid, Some("consent.reference")),
        ("/consent/reference", json!("-.-"), ErrorCode::Invalid, Some("consent.reference")),
        ("/ticket", json!("x".repeat(101)), ErrorCode::Invalid, Some("ticket")),
        ("/identifier", json!("nobody@example.com"), ErrorCode::PersonNotFound, None),
        ("/identifier", json!(""), ErrorCode::PersonNotFound, None),
        ("/mode", json!("all"), ErrorCode::BadRequest, None),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).expect(pointer) = value;
        let problem: Problem = app.post::<Request>("/api/requests", &bad).await.unwrap_err();
        assert_eq!((problem.code, problem.field.as_deref()), (code, field), "{pointer}: {}", problem.detail);
    }
    let lead = world.app("Lea", &[Role::Lead]).await;
    assert_eq!(lead.post::<Request>("/api/requests", &good).await.unwrap_err().code, ErrorCode::Forbidden);
    let cancelled: Request = app.post("/api/requests", &good).await.expect("requested");
    let path = format!("/api/requests/{}/cancel", cancelled.id);
    assert_eq!(
        app.post::<Request>(&path, &json!({})).await.expect("cancelled").state,
        RequestState::Cancelled
    );
    assert_eq!(app.verify(&cancelled, "BBBB-BBBB").await.unwrap_err(), ErrorCode::RequestCancelled);
    let none: Option<Request> = app.get("/api/requests/current").await.expect("none");
    assert_eq!(none, None);
    let answer = app.request(Method::DELETE, "/api/requests/current").send().await.expect("an answer");
    assert_eq!(answer.status(), 405);
    world.stop().await;
}
