//! Codes that another administrator hands over: who may, who may not, and what becomes of the request.

use std::time::Duration;

use futures_util::{StreamExt as _, future::join_all};
use reqwest::{Method, StatusCode};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use understudy_protocol::{
    Consent, ErrorCode, InboxEntry, MilestoneKind, Mode, NewRequest, PendingRequest, Problem, Recipient,
    Request, RequestState, Role, SessionDetail,
};
use understudy_server::{
    config::{CodeRule, Config},
    staff,
    store::entities::{delivery, impersonation},
};
use uuid::Uuid;

use crate::world::{App, ELISE, World, asking_for, eventually};

const NO: &str = "She has not called back yet, so wait for her";

fn by_approver(config: &mut Config) {
    config.code.recipient = Recipient::Approver;
}

async fn ask(app: &App<'_>, mode: Mode) -> Request {
    app.post("/api/requests", &asking_for(ELISE, mode)).await.expect("requested")
}

async fn waiting(admin: &App<'_>) -> Vec<PendingRequest> {
    admin.get("/api/approvals").await.expect("what waits")
}

/// The code of the problem, or none.
async fn answer(app: &App<'_>, id: Uuid, what: &str) -> Result<(), ErrorCode> {
    let body = if what == "deny" { json!({ "reason": NO }) } else { json!({}) };
    let send = app.request(Method::POST, &format!("/api/approvals/{id}/{what}")).json(&body);
    let answer = send.send().await.expect("an answer");
    if answer.status().is_success() {
        return Ok(());
    }
    let (status, problem) = (answer.status(), answer.json::<Problem>().await.expect("a problem"));
    assert_eq!(problem.status, status.as_u16());
    Err(problem.code)
}

async fn now(app: &App<'_>, id: Uuid) -> Request {
    app.get(&format!("/api/requests/{id}")).await.expect("the request")
}

fn id_of(app: &App<'_>) -> Uuid {
    app.signed_in.as_ref().expect("signed in").staff.id
}

#[tokio::test]
async fn from_the_question_to_the_session_by_way_of_an_administrator() {
    let world = World::with(by_approver, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let max = world.app("Max", &[Role::Admin, Role::Support]).await;
    let request = ask(&ada, Mode::Act).await;
    assert_eq!((request.state, request.recipient), (RequestState::Pending, Recipient::Approver));
    assert!(request.deliveries.is_empty());
    let hour = 60 * 60_000;
    assert!(request.expires_in_ms.is_some_and(|left| left > hour - 60_000 && left <= hour));
    assert_eq!(request.approval.as_ref().expect("asked").on_duty, 2);
    // Everything that the decision rests on.
    let [entry] = waiting(&grace).await.try_into().expect("one entry");
    assert_eq!((entry.request_id, entry.staff.name.as_str()), (request.id, "Ada"));
    assert_eq!((entry.person.id.as_str(), entry.person.name.as_str()), (ELISE, "Élise Marchand"));
    assert_eq!((entry.reason.as_str(), entry.ticket.as_deref()), ("The payment is stuck", Some("T-1")));
    assert_eq!((entry.mode, entry.session_minutes, entry.taken_by), (Mode::Act, 30, None));
    assert_eq!(entry.consent, asking_for(ELISE, Mode::Act).consent);
    let path = format!("/api/approvals/{}/take", request.id);
    let taken: PendingRequest = grace.post(&path, &json!({})).await.expect("taken");
    assert_eq!(taken.taken_by.expect("by Grace").id, id_of(&grace));
    assert_eq!(waiting(&max).await[0].taken_by.as_ref().expect("by Grace").name, "Grace");
    assert_eq!(now(&ada, request.id).await.approval.expect("asked").by.expect("Grace").name, "Grace");
    let late = max.post::<Value>(&path, &json!({})).await.unwrap_err();
    assert_eq!((late.code, late.status), (ErrorCode::RequestTaken, 409));
    assert!(late.detail.contains("Grace has taken this request"), "{}", late.detail);
    answer(&grace, request.id, "hand-over").await.expect("handed over");
    assert!(waiting(&grace).await.is_empty() && waiting(&max).await.is_empty());
    // The code goes to the one who asked, by every channel, and to nobody else.
    let code = ada.code_of(request.id).await;
    for admin in [&grace, &max] {
        let inbox: Vec<InboxEntry> = admin.get("/api/inbox").await.expect("inbox");
        assert!(inbox.is_empty());
    }
    ada.verify(&request, &code).await.expect("verified");
    let started = ada.start(&request).await.expect("started");
    let path = format!("/api/sessions/{}", started.session.id);
    let seen: SessionDetail = ada.get(&path).await.expect("the session");
    assert_eq!(seen.session.approved_by.expect("Grace").name, "Grace");
    let told: Vec<_> = seen.milestones.iter().map(|m| (m.kind, m.by.as_ref().map(|by| &*by.name))).collect();
    let way = [
        (MilestoneKind::CodeRequested, None),
        (MilestoneKind::CodeHandedOver, Some("Grace")),
        (MilestoneKind::CodeVerified, None),
        (MilestoneKind::SessionStarted, None),
    ];
    assert_eq!(told, way);
    let ledger = world.ledger().await;
    let entry = |kind: &str| &ledger.iter().find(|(known, _)| known == kind).expect(kind).1;
    assert_eq!(entry("code_requested")["recipient"], "approver");
    for kind in ["approval_taken", "code_handed_over"] {
        let by = (entry(kind)["staff_id"].as_str(), entry(kind)["for"].as_str());
        let wanted = (id_of(&grace).to_string(), id_of(&ada).to_string());
        assert_eq!(by, (Some(wanted.0.as_str()), Some(wanted.1.as_str())), "{kind}");
    }
    let place = |kind: &str| ledger.iter().position(|(known, _)| known == kind).expect(kind);
    let way = ["code_requested", "approval_taken", "code_handed_over", "code_delivered", "session_started"];
    assert!(way.map(place).is_sorted());
    world.stop().await;
}

#[tokio::test]
async fn a_denial_ends_the_request_and_its_reason_reaches_the_one_who_asked() {
    let world = World::with(by_approver, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let request = ask(&ada, Mode::View).await;
    let mut told = Box::pin(
        ada.request(Method::GET, "/api/events?cursor=0").send().await.expect("a stream").bytes_stream(),
    );
    answer(&grace, request.id, "take").await.expect("taken");
    for reason in ["", "no", "..........", "1234567890123"] {
        let path = format!("/api/approvals/{}/deny", request.id);
        let problem = grace.post::<Value>(&path, &json!({ "reason": reason })).await.unwrap_err();
        assert_eq!((problem.code, problem.field.as_deref()), (ErrorCode::Invalid, Some("reason")));
    }
    answer(&grace, request.id, "deny").await.expect("denied");
    let denied = now(&ada, request.id).await;
    assert_eq!(denied.state, RequestState::Denied);
    let approval = denied.approval.expect("asked");
    assert_eq!((approval.by.expect("Grace").name.as_str(), approval.reason.as_deref()), ("Grace", Some(NO)));
    let mut heard = String::new();
    while !heard.contains("\"code_denied\"") {
        let chunk = tokio::time::timeout(Duration::from_secs(5), told.next()).await.expect("in time");
        heard.push_str(&String::from_utf8_lossy(&chunk.expect("an event").expect("bytes")));
    }
    assert!(!heard.contains("approval_asked") && !heard.contains("approval_changed"), "{heard}");
    let ledger = world.ledger().await;
    let (_, entry) = ledger.iter().find(|(kind, _)| kind == "approval_denied").expect("on record");
    assert_eq!((&entry["reason"], &entry["staff_id"]), (&json!(NO), &json!(id_of(&grace).to_string())));
    let (_, entry) = ledger.iter().find(|(kind, _)| kind == "request_closed").expect("on record");
    assert_eq!(entry["why"], "denied");
    // And that is that.
    for what in ["take", "hand-over", "deny"] {
        assert_eq!(answer(&grace, request.id, what).await, Err(ErrorCode::RequestAnswered), "{what}");
    }
    assert_eq!(ada.verify(&request, "BBBB-BBBB").await.unwrap_err(), ErrorCode::RequestDenied);
    assert_eq!(ada.start(&request).await.err(), Some(ErrorCode::RequestDenied));
    assert_eq!(now(&ada, request.id).await.state, RequestState::Denied);
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_nobody_answers_their_own_request_with_any_account_of_theirs() {
    let world = World::with(by_approver, false).await;
    let grace = world.app("Grace", &[Role::Admin]).await;
    let other = world.app("Grace2", &[Role::Admin]).await;
    let max = world.app("Max", &[Role::Admin]).await;
    for (email, person) in [("grace", "INV-000042"), ("grace2", "inv-000042"), ("max", "INV-000043")] {
        let email = format!("{email}@support.example");
        staff::link(&world.core.store, &email, Some(person)).await.expect("linked");
    }
    let request = ask(&grace, Mode::Act).await;
    assert_eq!(request.approval.as_ref().expect("asked").on_duty, 1);
    let again = world.sign_in("grace@support.example").await;
    for own in [&grace, &again, &other] {
        assert!(waiting(own).await.is_empty(), "one's own is not offered");
        for what in ["take", "hand-over", "deny"] {
            assert_eq!(answer(own, request.id, what).await, Err(ErrorCode::OwnRequest), "{what}");
        }
    }
    // Not after somebody else has taken it either.
    answer(&max, request.id, "take").await.expect("taken");
    for own in [&grace, &again, &other] {
        assert_eq!(answer(own, request.id, "hand-over").await, Err(ErrorCode::OwnRequest));
    }
    assert_eq!(now(&grace, request.id).await.state, RequestState::Pending);
    let refused = world.ledger().await.into_iter().filter(|(kind, _)| kind == "refused");
    let who: Vec<_> = refused.map(|(_, details)| details["staff_id"].clone()).collect();
    assert_eq!(who.len(), 12);
    assert_eq!(who.iter().filter(|id| **id == json!(id_of(&other).to_string())).count(), 4);
    answer(&max, request.id, "hand-over").await.expect("somebody else may");
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_only_administrators_with_a_fresh_second_factor_hand_codes_over() {
    let world = World::with(by_approver, false).await;
    let (ada, bob) = (world.agent().await, world.app("Bob", &[Role::Support]).await);
    let (lea, grace) = (world.app("Lea", &[Role::Lead]).await, world.app("Grace", &[Role::Admin]).await);
    let request = ask(&ada, Mode::View).await;
    for nobody in [&ada, &bob, &lea] {
        let list = nobody.get::<Value>("/api/approvals").await.unwrap_err();
        assert_eq!((list.code, list.status), (ErrorCode::Forbidden, 403));
        for what in ["take", "hand-over", "deny"] {
            assert_eq!(answer(nobody, request.id, what).await, Err(ErrorCode::Forbidden), "{what}");
        }
    }
    let stale = world.sign_in_by_password("grace@support.example").await;
    answer(&stale, request.id, "take").await.expect("taking it is no more than saying so");
    let not_shown = answer(&stale, request.id, "hand-over").await;
    assert_eq!(not_shown, Err(ErrorCode::SecondFactorNeeded));
    assert_eq!(now(&ada, request.id).await.state, RequestState::Pending);
    // Taken, and then an administrator no more.
    staff::set_roles(&world.core, "grace@support.example", &[Role::Support]).await.expect("demoted");
    for what in ["hand-over", "deny"] {
        assert_eq!(answer(&grace, request.id, what).await, Err(ErrorCode::Forbidden), "{what}");
    }
    staff::set_roles(&world.core, "grace@support.example", &[Role::Admin]).await.expect("promoted");
    staff::disable(&world.core, "grace@support.example").await.expect("disabled");
    assert_eq!(answer(&grace, request.id, "hand-over").await, Err(ErrorCode::SignedOut));
    assert_eq!(now(&ada, request.id).await.state, RequestState::Pending);
    // Requests that nobody was asked about are none of theirs.
    let max = world.app("Max", &[Role::Admin]).await;
    assert_eq!(answer(&max, Uuid::now_v7(), "take").await, Err(ErrorCode::NotFound));
    world.stop().await;
}

#[tokio::test]
async fn invariant_4_while_a_request_is_pending_there_is_no_code_to_guess() {
    let world = World::with(by_approver, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let request = ask(&ada, Mode::Act).await;
    answer(&grace, request.id, "take").await.expect("taken");
    let guesses = join_all((0..50).map(|_| ada.verify(&request, "BBBB-BBBB"))).await;
    assert!(guesses.iter().all(|guess| *guess == Err(ErrorCode::NotHandedOver)));
    assert_eq!(ada.start(&request).await.err(), Some(ErrorCode::NotVerified));
    let db = &world.core.store.db;
    let row = impersonation::Entity::find_by_id(request.id).one(db).await.expect("read").expect("the row");
    assert_eq!((row.code_mac, row.code_sealed), (None, None));
    assert!(delivery::Entity::find().all(db).await.expect("read").is_empty());
    answer(&grace, request.id, "hand-over").await.expect("handed over");
    let again = answer(&grace, request.id, "hand-over").await;
    assert_eq!(again, Err(ErrorCode::RequestAnswered), "one code a request");
    let code = ada.code_of(request.id).await;
    ada.verify(&request, &code).await.expect("the guesses before cost no try");
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_of_two_administrators_at_once_one_has_it_twenty_times_over() {
    let world = World::with(by_approver, false).await;
    let (grace, max) = (world.app("Grace", &[Role::Admin]).await, world.app("Max", &[Role::Admin]).await);
    for round in 0..20 {
        let app = world.app(&format!("Ada{round}"), &[Role::Support]).await;
        let request = ask(&app, Mode::View).await;
        let taken = tokio::join!(answer(&grace, request.id, "take"), answer(&max, request.id, "take"));
        let winner = match taken {
            (Ok(()), Err(ErrorCode::RequestTaken)) => "Grace",
            (Err(ErrorCode::RequestTaken), Ok(())) => "Max",
            other => panic!("{other:?}"),
        };
        let by = waiting(&grace).await.into_iter().find(|entry| entry.request_id == request.id);
        assert_eq!(by.expect("it waits").taken_by.expect("taken").name, winner);
        // They say yes and no at the same moment, and the requester gives up: one of it happens.
        let (has, other) = if winner == "Grace" { (&grace, &max) } else { (&max, &grace) };
        let answers = tokio::join!(
            answer(has, request.id, "hand-over"),
            answer(has, request.id, "deny"),
            answer(other, request.id, "hand-over"),
            answer(other, request.id, "deny"),
        );
        assert!(answers.0.is_ok() != answers.1.is_ok(), "{answers:?}");
        assert!(answers.2.is_err() && answers.3.is_err(), "{answers:?}");
        let state = now(&app, request.id).await.state;
        assert_eq!(state == RequestState::Denied, answers.1.is_ok(), "{answers:?}: {state:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn whoever_took_a_request_and_went_away_keeps_it_from_the_others_for_ten_minutes() {
    let world = World::with(by_approver, true).await;
    let ada = world.agent().await;
    let (grace, max) = (world.app("Grace", &[Role::Admin]).await, world.app("Max", &[Role::Admin]).await);
    let request = ask(&ada, Mode::View).await;
    answer(&grace, request.id, "take").await.expect("taken");
    world.pass(Duration::from_secs(10 * 60 - 1));
    assert_eq!(answer(&max, request.id, "take").await, Err(ErrorCode::RequestTaken));
    assert_eq!(waiting(&max).await[0].held_for_ms, 1_000);
    world.pass(Duration::from_secs(1));
    // Their access tokens have run out as well.
    let (grace, max) = (grace.refreshed().await, max.refreshed().await);
    assert_eq!(answer(&max, request.id, "hand-over").await, Err(ErrorCode::NotTaken));
    answer(&max, request.id, "take").await.expect("taken over");
    assert_eq!(answer(&grace, request.id, "hand-over").await, Err(ErrorCode::RequestTaken));
    answer(&max, request.id, "hand-over").await.expect("handed over");
    world.stop().await;
}

#[tokio::test]
async fn what_is_cancelled_replaced_too_old_or_switched_off_leaves_every_inbox_and_stays_shut() {
    let world = World::with(by_approver, true).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let shut = async |request: &Request, state, code| {
        assert_eq!(now(&ada, request.id).await.state, state);
        assert!(waiting(&grace).await.iter().all(|entry| entry.request_id != request.id));
        for what in ["take", "hand-over", "deny"] {
            assert_eq!(answer(&grace, request.id, what).await, Err(ErrorCode::RequestAnswered), "{what}");
        }
        assert_eq!(ada.verify(request, "BBBB-BBBB").await.unwrap_err(), code);
    };
    let cancelled = ask(&ada, Mode::View).await;
    answer(&grace, cancelled.id, "take").await.expect("taken");
    let path = format!("/api/requests/{}/cancel", cancelled.id);
    ada.post::<Request>(&path, &json!({})).await.expect("cancelled");
    shut(&cancelled, RequestState::Cancelled, ErrorCode::RequestCancelled).await;

    let replaced = ask(&ada, Mode::View).await;
    answer(&grace, replaced.id, "take").await.expect("taken");
    let old = ask(&ada, Mode::Act).await;
    shut(&replaced, RequestState::Replaced, ErrorCode::RequestReplaced).await;

    answer(&grace, old.id, "take").await.expect("taken");
    world.pass(Duration::from_secs(60 * 60));
    // Their access tokens have run out as well.
    let (ada, grace) = (ada.refreshed().await, grace.refreshed().await);
    assert!(waiting(&grace).await.is_empty(), "also before the sweeper was there");
    assert_eq!(answer(&grace, old.id, "hand-over").await, Err(ErrorCode::SecondFactorNeeded));
    grace.show_second_factor().await;
    assert_eq!(answer(&grace, old.id, "hand-over").await, Err(ErrorCode::RequestAnswered));
    assert_eq!(now(&ada, old.id).await.state, RequestState::Unanswered);
    assert_eq!(ada.verify(&old, "BBBB-BBBB").await.unwrap_err(), ErrorCode::RequestUnanswered);

    let off = ask(&ada, Mode::View).await;
    answer(&grace, off.id, "take").await.expect("taken");
    let switch = json!({ "on": false, "reason": "A stolen laptop, until it is found" });
    grace.post::<Value>("/api/switch", &switch).await.expect("off");
    assert_eq!(answer(&grace, off.id, "hand-over").await, Err(ErrorCode::SwitchedOff));
    assert!(waiting(&grace).await.is_empty());
    assert_eq!(now(&ada, off.id).await.state, RequestState::SwitchedOff);
    let kinds = world.kinds().await;
    assert!(kinds.iter().all(|kind| kind != "code_handed_over" && kind != "code_delivered"), "{kinds:?}");
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_whoever_may_no_longer_impersonate_waits_for_no_code() {
    let world = World::with(by_approver, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let request = ask(&ada, Mode::View).await;
    answer(&grace, request.id, "take").await.expect("taken");
    staff::set_roles(&world.core, "ada@support.example", &[Role::Lead]).await.expect("changed");
    assert_eq!(answer(&grace, request.id, "hand-over").await, Err(ErrorCode::RequestAnswered));
    eventually("it leaves the inboxes", async || waiting(&grace).await.is_empty().then_some(())).await;
    staff::set_roles(&world.core, "ada@support.example", &[Role::Support]).await.expect("changed back");
    assert_eq!(now(&ada, request.id).await.state, RequestState::Cancelled);
    world.stop().await;
}

#[tokio::test]
async fn administrators_hear_of_it_at_once_and_nobody_else_does() {
    let world = World::with(by_approver, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let (bob, lea) = (world.app("Bob", &[Role::Support]).await, world.app("Lea", &[Role::Lead]).await);
    let stream = async |app: &App<'_>| {
        let mut stream =
            Box::pin(app.request(Method::GET, "/api/events").send().await.expect("a stream").bytes_stream());
        stream.next().await.expect("the greeting").expect("bytes");
        stream
    };
    let (mut to_grace, mut to_bob, mut to_lea) =
        (stream(&grace).await, stream(&bob).await, stream(&lea).await);
    let request = ask(&ada, Mode::View).await;
    let mut heard = String::new();
    for (word, what) in
        [("approval_asked", ""), ("approval_changed", "take"), ("approval_changed", "hand-over")]
    {
        if !what.is_empty() {
            answer(&grace, request.id, what).await.expect(what);
        }
        heard.clear();
        while !heard.contains(word) {
            let chunk = tokio::time::timeout(Duration::from_secs(5), to_grace.next()).await.expect("in time");
            heard.push_str(&String::from_utf8_lossy(&chunk.expect("an event").expect("bytes")));
        }
        assert!(heard.contains(&request.id.to_string()) && !heard.contains("Marchand"), "{heard}");
    }
    for other in [&mut to_bob, &mut to_lea] {
        let chunk = tokio::time::timeout(Duration::from_millis(600), other.next()).await;
        assert!(chunk.is_err(), "{chunk:?}");
    }
    world.stop().await;
}

#[tokio::test]
async fn who_decides_is_a_rule_by_role_and_by_mode_and_only_delivered_codes_count() {
    let rules = |config: &mut Config| {
        let approver = Recipient::Approver;
        config.code.rule =
            vec![CodeRule { role: Some(Role::Support), mode: Some(Mode::Act), recipient: approver }];
    };
    let world = World::with(rules, true).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    for _ in 0..5 {
        let request = ask(&ada, Mode::Act).await;
        assert_eq!((request.state, request.recipient), (RequestState::Pending, Recipient::Approver));
    }
    // None of these had a code, so none of them counts.
    let (request, _) = ada.code(ELISE, Mode::View).await;
    assert_eq!((request.recipient, request.approval), (Recipient::Requester, None));
    assert_eq!(answer(&grace, request.id, "take").await, Err(ErrorCode::NotFound));
    let own = ask(&grace, Mode::Act).await;
    assert_eq!(own.recipient, Recipient::Requester, "the rule is for the role support");
    let answered = ada.request(Method::GET, &format!("/api/approvals/{}", own.id)).send().await;
    assert_eq!(answered.expect("an answer").status(), StatusCode::NOT_FOUND);
    world.stop().await;
}

#[tokio::test]
async fn a_code_for_the_person_goes_to_them_by_mail_and_nowhere_else() {
    let world = World::with(|config| config.code.recipient = Recipient::Person, false).await;
    let app = world.agent().await;
    // Nobody states a consent that the person gives by reading the code out.
    let stated: Problem =
        app.post::<Value>("/api/requests", &asking_for(ELISE, Mode::View)).await.unwrap_err();
    assert_eq!((stated.code, stated.field.as_deref()), (ErrorCode::Invalid, Some("consent")));
    let wanted = NewRequest { consent: Consent::Code, ..asking_for(ELISE, Mode::View) };
    let request: Request = app.post("/api/requests", &wanted).await.expect("requested");
    let sent = eventually("the mail is sent", async || {
        let request = now(&app, request.id).await;
        (request.state == RequestState::CodeSent).then_some(request)
    })
    .await;
    assert_eq!((sent.recipient, sent.approval), (Recipient::Person, None));
    let [delivery] = sent.deliveries.try_into().expect("one delivery");
    let mails = std::fs::read_dir(world.data_dir.join("mail")).expect("mails");
    let mails: Vec<_> = mails
        .flatten()
        .map(|file| file.path())
        .filter(|p| p.extension().is_some_and(|e| e == "eml"))
        .collect();
    let [mail] = mails.try_into().expect("one mail");
    let mail = std::fs::read_to_string(mail).expect("text");
    let to = delivery.to.expect("an address");
    assert!(!to.contains("support.example") && mail.contains(&format!("To: {to}")), "{to}: {mail}");
    for part in ["Ada", "The payment is stuck", "change nothing", "30 minutes", "called yourself"] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
    let code = mail.split_whitespace().find_map(understudy_rules::code::Code::parse).expect("a code").shown();
    // Whoever asked sees it nowhere.
    let inbox: Vec<InboxEntry> = app.get("/api/inbox").await.expect("inbox");
    assert!(inbox.is_empty());
    for path in ["/api/requests/current".to_owned(), format!("/api/requests/{}", request.id)] {
        let seen: Value = app.get(&path).await.expect("the request");
        assert!(!seen.to_string().contains(&code), "{seen}");
    }
    app.verify(&request, &code).await.expect("read out, it is right");
    app.start(&request).await.expect("started");
    let ledger = world.ledger().await;
    let (_, given) = ledger.iter().find(|(kind, _)| kind == "consent_given").expect("on record");
    assert_eq!((given["evidence"].as_str(), given["scope"].as_str()), (Some("code"), Some("view")));
    let text = given["text"].as_str().expect("what they read");
    assert!(mail.replace("=\r\n", "").contains("asks to sign in to your account as you"), "{mail}");
    assert!(text.contains("asks to sign in to your account as you") && !text.contains(&code), "{text}");
    world.stop().await;
}
