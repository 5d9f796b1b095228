//! Exceptional cases: nobody asked the person, so a second administrator agrees, and everybody hears of it.

use std::{fs, time::Duration};

use futures_util::StreamExt as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use understudy_protocol::{
    Consent, ErrorCode, Exception, InboxEntry, Mode, NewRequest, PendingRequest, Problem, Recipient, Request,
    RequestState, Role, ServerInfo, Session, SessionDetail, Started,
};
use understudy_server::{
    config::{CodeRule, Config},
    staff,
};
use uuid::Uuid;

use crate::{
    person::{Browser, change, link, mail, mails},
    world::{App, ELISE, World, asking_for, eventually},
};

pub const FRAUD: &str = "Suspected fraud";
const WHY: &str = "Somebody else seems to use her account";

pub fn with_categories(config: &mut Config) {
    config.exception.categories = vec![FRAUD.to_owned(), "Person cannot be reached".to_owned()];
}

pub fn exception() -> Consent {
    Consent::Exception(Exception { category: FRAUD.to_owned(), reason: WHY.to_owned() })
}

pub async fn ask(app: &App<'_>, person: &str, mode: Mode, consent: Consent) -> Result<Request, Problem> {
    app.post("/api/requests", &NewRequest { consent, ..asking_for(person, mode) }).await
}

async fn answer(app: &App<'_>, id: Uuid, what: &str) -> Result<(), ErrorCode> {
    let send = app.request(Method::POST, &format!("/api/approvals/{id}/{what}")).json(&json!({}));
    let answer = send.send().await.expect("an answer");
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(answer.json::<Problem>().await.expect("a problem").code)
    }
}

pub async fn hand_over(admin: &App<'_>, id: Uuid) {
    answer(admin, id, "take").await.expect("taken");
    answer(admin, id, "hand-over").await.expect("handed over");
}

/// Enters the code of a request that was handed over.
async fn enter(app: &App<'_>, request: &Request) {
    let code = eventually("the code arrives", async || {
        let inbox: Vec<InboxEntry> = app.get("/api/inbox").await.expect("inbox");
        inbox.into_iter().find(|entry| entry.request_id == request.id).map(|entry| entry.code)
    })
    .await;
    app.verify(request, &code).await.expect("verified");
}

/// From the question to the live session, by way of an administrator.
pub async fn excepted(app: &App<'_>, admin: &App<'_>, person: &str, mode: Mode) -> Started {
    let request = ask(app, person, mode, exception()).await.expect("requested");
    hand_over(admin, request.id).await;
    enter(app, &request).await;
    app.start(&request).await.expect("started")
}

/// In a session that runs.
pub async fn raised(app: &App<'_>, admin: &App<'_>, started: &Started) -> Session {
    let body =
        json!({ "token": started.token, "reason": "The card has to be blocked", "consent": exception() });
    let path = format!("/api/sessions/{}/raise", started.session.id);
    let request: Request = app.post(&path, &body).await.expect("asked");
    assert_eq!((request.state, request.recipient), (RequestState::Pending, Recipient::Approver));
    hand_over(admin, request.id).await;
    enter(app, &request).await;
    let path = format!("/api/requests/{}/raise", request.id);
    app.post(&path, &json!({ "token": started.token })).await.expect("raised")
}

/// The texts of all mails to this address whose subject has this in it.
fn mails_to(world: &World, address: &str, subject: &str) -> Vec<String> {
    let files = fs::read_dir(world.data_dir.join("mail")).into_iter().flatten();
    let texts = files.map(|file| fs::read_to_string(file.expect("a file").path()).unwrap_or_default());
    let texts = texts.map(|text| text.replace("=\r\n", ""));
    texts.filter(|text| text.contains(&format!("To: {address}")) && text.contains(subject)).collect()
}

#[tokio::test]
async fn from_the_case_to_the_session_with_a_second_administrator_and_notice_to_all() {
    let world = World::with(with_categories, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin, Role::Lead]).await);
    let lea = world.app("Lea", &[Role::Lead]).await;
    world.staff("Gone", &[Role::Lead]).await;
    staff::disable(&world.core, "gone@support.example").await.expect("disabled");
    let info: ServerInfo = ada.get("/api/info").await.expect("info");
    assert_eq!(info.exception_categories, world.core.config.exception.categories);
    let mut heard =
        Box::pin(lea.request(Method::GET, "/api/events").send().await.expect("a stream").bytes_stream());
    heard.next().await.expect("the greeting").expect("bytes");

    let request = ask(&ada, ELISE, Mode::View, exception()).await.expect("requested");
    assert_eq!((request.state, request.recipient), (RequestState::Pending, Recipient::Approver));
    let waiting: Vec<PendingRequest> = grace.get("/api/approvals").await.expect("what waits");
    assert_eq!(waiting[0].consent, exception());
    hand_over(&grace, request.id).await;
    // So far nobody is in the account, and there is nothing to tell.
    assert!(mails(&world, "without your consent").is_empty());
    enter(&ada, &request).await;
    let started = ada.start(&request).await.expect("started");
    assert_eq!(started.session.consent, exception());
    assert_eq!(started.session.approved_by.as_ref().expect("Grace").name, "Grace");

    let told = mail(&world, "is in your account without your consent").await;
    for part in [FRAUD, WHY, "You were not asked", "The payment is stuck", "Ada of "] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let page = Browser::new(&world).open(&link(&told)).await.expect("the page");
    assert_eq!(
        (page.sessions[0].exceptions[0].category.as_str(), page.sessions[0].exceptions.len()),
        (FRAUD, 1)
    );
    assert!(mails(&world, "is in your account now").is_empty(), "one mail says it");
    let to_lead =
        eventually("the lead's mail", async || mails_to(&world, "lea@support.example", "To review").pop())
            .await;
    for part in [FRAUD, WHY, ELISE, "Agreed to by: Grace"] {
        assert!(to_lead.contains(part), "{part}: {to_lead}");
    }
    // The way to the person's page is the person's.
    assert!(!to_lead.contains("/person#"), "{to_lead}");
    let mut news = String::new();
    while !news.contains("exception_used") {
        let chunk = tokio::time::timeout(Duration::from_secs(5), heard.next()).await.expect("in time");
        news.push_str(&String::from_utf8_lossy(&chunk.expect("an event").expect("bytes")));
    }
    assert!(news.contains(&started.session.id.to_string()) && news.contains(FRAUD), "{news}");

    ada.end(&started).await.expect("ended");
    let account = mail(&world, "What was done in your account").await;
    assert!(account.contains(FRAUD) && account.contains(WHY), "{account}");
    // Whoever asked or agreed needs no news of it.
    for address in ["grace@support.example", "gone@support.example", "ada@support.example"] {
        assert!(mails_to(&world, address, "To review").is_empty(), "{address}");
    }
    let ledger = world.ledger().await;
    let (_, entry) = ledger.iter().find(|(kind, _)| kind == "session_started").expect("on record");
    assert_eq!(entry["leads_told"], json!([lea.signed_in.as_ref().expect("signed in").staff.id]));
    for letter in ["exception", "lead", "account"] {
        eventually(letter, async || {
            let ledger = world.ledger().await;
            ledger.iter().any(|(kind, it)| kind == "letter_sent" && it["letter"] == letter).then_some(())
        })
        .await;
    }
    let (_, entry) = ledger.iter().find(|(kind, _)| kind == "code_requested").expect("on record");
    assert_eq!(entry["consent"], json!({ "evidence": "exception", "category": FRAUD, "reason": WHY }));
    world.stop().await;
}

#[tokio::test]
async fn only_the_cases_of_the_list_are_exceptional_and_by_default_none_is() {
    let refused = async |app: &App<'_>, category: &str, reason: &str| {
        let consent =
            Consent::Exception(Exception { category: category.to_owned(), reason: reason.to_owned() });
        let problem = ask(app, ELISE, Mode::View, consent).await.unwrap_err();
        assert_eq!((problem.code, problem.status), (ErrorCode::Invalid, 422), "{category:?} {reason:?}");
        problem.field.expect("a field")
    };
    let world = World::new().await;
    let app = world.agent().await;
    assert_eq!(refused(&app, FRAUD, WHY).await, "consent.category");
    assert_eq!(refused(&app, "", WHY).await, "consent.category");
    world.stop().await;

    let world = World::with(with_categories, false).await;
    let app = world.agent().await;
    for category in ["", "Curiosity", "suspected fraud", "Suspected fraud ", "Suspected"] {
        assert_eq!(refused(&app, category, WHY).await, "consent.category");
    }
    for reason in ["", "no", "..........", "1234567890123"] {
        assert_eq!(refused(&app, FRAUD, reason).await, "consent.reason");
    }
    assert!(world.kinds().await.iter().all(|kind| kind != "code_requested"));
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_an_exception_takes_a_second_administrator_whatever_the_rules_say() {
    for rule in [Recipient::Requester, Recipient::Person] {
        let change = |config: &mut Config| {
            with_categories(config);
            config.code.rule = vec![CodeRule { role: None, mode: None, recipient: rule }];
        };
        let world = World::with(change, false).await;
        let grace = world.app("Grace", &[Role::Admin, Role::Support, Role::Lead]).await;
        let other = world.app("Grace2", &[Role::Admin]).await;
        for email in ["grace@support.example", "grace2@support.example"] {
            staff::link(&world.core.store, email, Some("INV-000042")).await.expect("linked");
        }
        let request = ask(&grace, ELISE, Mode::Act, exception()).await.expect("requested");
        assert_eq!(
            (request.state, request.recipient),
            (RequestState::Pending, Recipient::Approver),
            "{rule:?}"
        );
        assert!(request.deliveries.is_empty());
        for own in [&grace, &other] {
            for what in ["take", "hand-over"] {
                assert_eq!(answer(own, request.id, what).await, Err(ErrorCode::OwnRequest), "{what}");
            }
        }
        assert_eq!(grace.verify(&request, "BBBB-BBBB").await.unwrap_err(), ErrorCode::NotHandedOver);
        assert_eq!(grace.start(&request).await.err(), Some(ErrorCode::NotVerified));
        // Neither the person nor the one who asked has got a code.
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(world.kinds().await.iter().all(|kind| kind != "code_delivered"));
        let max = world.app("Max", &[Role::Admin]).await;
        hand_over(&max, request.id).await;
        enter(&grace, &request).await;
        grace.start(&request).await.expect("somebody else has agreed");
        world.stop().await;
    }
}

#[tokio::test]
async fn invariant_9_an_exception_opens_no_sensitive_change_and_view_stays_view() {
    let world = World::with(with_categories, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let started = excepted(&ada, &grace, ELISE, Mode::View).await;
    let mut stage = ada.stage_of(&started).await;
    assert_eq!(stage.change_profile("X").await.status(), StatusCode::FORBIDDEN);
    let session = raised(&ada, &grace, &started).await;
    assert_eq!(session.raised.as_ref().expect("raised").consent, exception());
    assert_eq!(stage.change_profile("Élise Marchand").await.status(), StatusCode::SEE_OTHER);
    for path in ["/settings/bank", "/settings/password"] {
        assert_eq!(change(&mut stage, Method::POST, path).await, StatusCode::FORBIDDEN, "{path}");
    }
    world.stop().await;
}

#[tokio::test]
async fn a_session_that_is_raised_by_an_exception_is_one_and_all_hear_of_it() {
    let world = World::with(with_categories, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    world.staff("Lea", &[Role::Lead]).await;
    let started = ada.session(ELISE, Mode::View).await;
    mail(&world, "is in your account now").await;
    assert!(mails_to(&world, "lea@support.example", "To review").is_empty());
    raised(&ada, &grace, &started).await;
    let told = mail(&world, "may change things in your account without your consent").await;
    assert!(told.contains(FRAUD) && told.contains(WHY), "{told}");
    let lead =
        eventually("the lead's mail", async || mails_to(&world, "lea@support.example", "To review").pop());
    assert!(lead.await.contains("Agreed to by: Grace"));
    ada.end(&started).await.expect("ended");
    let path = format!("/api/sessions/{}", started.session.id);
    let seen: SessionDetail = ada.get(&path).await.expect("the session");
    assert!(seen.session.review_by.is_some(), "it has to be reviewed");
    let ledger = world.ledger().await;
    let (_, entry) = ledger.iter().find(|(kind, _)| kind == "mode_raised").expect("on record");
    assert_eq!(entry["leads_told"].as_array().map(Vec::len), Some(1));
    world.stop().await;
}

/// Whoever steps in for a second while no mail goes out, and whoever has the accounts come a week later.
#[tokio::test]
async fn neither_a_delay_of_the_account_nor_an_early_end_keeps_an_exception_from_its_person() {
    let change = |config: &mut Config| {
        with_categories(config);
        config.account.delay_minutes = 10_080;
    };
    let world = World::with(change, true).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    world.staff("Lea", &[Role::Lead]).await;
    let request = ask(&ada, ELISE, Mode::View, exception()).await.expect("requested");
    hand_over(&grace, request.id).await;
    enter(&ada, &request).await;
    let (folder, away) = (world.data_dir.join("mail"), world.data_dir.join("no-mail"));
    fs::rename(&folder, &away).expect("no mail goes out");
    let started = ada.start(&request).await.expect("started");
    ada.end(&started).await.expect("ended");
    let failed = async || {
        let ledger = world.ledger().await;
        let failed =
            ledger.iter().filter(|(kind, it)| kind == "letter_not_sent" && it["letter"] != "account");
        (failed.count() >= 2).then_some(())
    };
    eventually("both were tried", failed).await;
    fs::rename(&away, &folder).expect("mail goes out again");
    world.pass(Duration::from_secs(3));
    let told = mail(&world, "was in your account without your consent").await;
    assert!(told.contains(FRAUD) && told.contains("/person#"), "{told}");
    eventually("the lead's mail", async || mails_to(&world, "lea@support.example", "To review").pop()).await;
    assert!(mails(&world, "What was done").is_empty(), "the account is a week away");
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_leads_alone_hear_of_an_exception() {
    let world = World::with(with_categories, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let (bob, lea) = (world.app("Bob", &[Role::Support]).await, world.app("Lea", &[Role::Lead]).await);
    staff::set_roles(&world.core, "lea@support.example", &[Role::Support]).await.expect("no lead any more");
    let started = excepted(&ada, &grace, ELISE, Mode::View).await;
    mail(&world, "is in your account without your consent").await;
    for app in [&ada, &grace, &bob, &lea] {
        let stream = app.request(Method::GET, "/api/events?cursor=0").send().await.expect("a stream");
        let mut stream = Box::pin(stream.bytes_stream());
        let mut heard = String::new();
        while let Ok(Some(chunk)) = tokio::time::timeout(Duration::from_millis(500), stream.next()).await {
            heard.push_str(&String::from_utf8_lossy(&chunk.expect("bytes")));
        }
        assert!(!heard.contains("exception_used"), "{heard}");
    }
    assert!(mails_to(&world, "lea@support.example", "To review").is_empty());
    let seen = bob.get::<Value>(&format!("/api/sessions/{}", started.session.id)).await.unwrap_err();
    assert_eq!(seen.code, ErrorCode::NotFound);
    world.stop().await;
}
