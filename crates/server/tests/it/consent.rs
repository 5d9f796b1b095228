//! Consent to the session itself: asked by mail, answered by the person on their page.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use understudy_protocol::{
    Consent, ConsentState, EndCause, ErrorCode, Mode, NewRequest, PendingRequest, Problem, Recipient,
    Request, RequestState, Role, SessionDetail,
};
use understudy_server::config::PersonConfig;
use uuid::Uuid;

use crate::{
    person::{Browser, both, link, mail, mails},
    world::{App, ELISE, World, asking_for, eventually},
};

fn by_page(mode: Mode) -> NewRequest {
    NewRequest { consent: Consent::Page, ..asking_for(ELISE, mode) }
}

async fn ask(app: &App<'_>, mode: Mode) -> Result<Request, Problem> {
    app.post("/api/requests", &by_page(mode)).await
}

async fn now(app: &App<'_>, id: Uuid) -> RequestState {
    app.get::<Request>(&format!("/api/requests/{id}")).await.expect("the request").state
}

#[tokio::test]
async fn invariant_8_a_person_who_is_asked_lets_somebody_in_by_the_button_once_and_nobody_else_can() {
    let world = World::at_rest().await;
    let (browser, app) = both(&world).await;
    let request = ask(&app, Mode::View).await.expect("asked");
    assert_eq!((request.state, request.consent.clone()), (RequestState::Asked, Consent::Page));
    assert!(request.deliveries.is_empty());
    let asked = mail(&world, "asks for your permission").await;
    assert!(
        asked.contains("Ada of ") && asked.contains("in their own words: The payment is stuck"),
        "{asked}"
    );
    assert!(asked.contains("change nothing, for 30 minutes, or 120 at most"), "{asked}");
    // A code that there is not opens nothing.
    let tried = app.verify(&request, "WDJB-MJHT").await.unwrap_err();
    assert_eq!(tried, ErrorCode::ConsentMissing);
    // Opening shows, as a mail scanner would; and the link alone says no yes.
    let page = browser.open(&link(&asked)).await.expect("the page");
    assert_eq!((page.questions[0].id, page.questions[0].state), (request.id, ConsentState::Asked));
    assert!(page.sessions.is_empty() && !page.may_answer);
    assert_eq!(browser.answer(&page.link, &request, true).await.unwrap_err().code, ErrorCode::Forbidden);
    for key in [&request.id.to_string(), "", "x"] {
        assert_eq!(browser.answer(key, &request, true).await.unwrap_err().code, ErrorCode::NotFound);
    }
    assert_eq!(now(&app, request.id).await, RequestState::Asked);

    let page = browser.vouched().await.expect("the page");
    let text = page.questions[0].text.en.clone();
    let page = browser.answer(&page.link, &request, true).await.expect("allowed");
    assert_eq!(page.questions[0].state, ConsentState::Allowed);
    let again = browser.answer(&page.link, &request, true).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::ConsentUnavailable);
    let code = app.code_of(request.id).await;
    app.verify(&request, &code).await.expect("verified");
    let started = app.start(&request).await.expect("started");
    let ledger = world.ledger().await;
    let given: Vec<_> = ledger.iter().filter(|(kind, _)| kind == "consent_given").collect();
    assert_eq!(given.len(), 1);
    let given = ["scope", "evidence", "text"].map(|field| given[0].1[field].as_str().expect("text"));
    assert_eq!(given, ["view", "page", text.as_str()]);
    // It is over when they say so.
    let body = json!({ "link": page.link, "session": started.session.id });
    browser.post("/api/person/end", body).await.expect("ended");
    let detail: SessionDetail =
        app.get(&format!("/api/sessions/{}", started.session.id)).await.expect("the session");
    assert_eq!(detail.session.end_cause, Some(EndCause::ConsentWithdrawn));
    assert_eq!(detail.session.consent, Consent::Page);
    world.stop().await;
}

#[tokio::test]
async fn a_yes_can_be_taken_back_until_somebody_is_in_and_no_answer_is_no() {
    let world = World::at_rest().await;
    let (browser, app) = both(&world).await;
    let declined = ask(&app, Mode::Act).await.expect("asked");
    let page = browser.vouched().await.expect("the page");
    assert!(page.questions[0].text.en.contains("could change things for you"));
    browser.answer(&page.link, &declined, false).await.expect("declined");
    assert_eq!(now(&app, declined.id).await, RequestState::ConsentDeclined);
    assert_eq!(app.verify(&declined, "WDJB-MJHT").await.unwrap_err(), ErrorCode::ConsentMissing);
    // Allowed, the code entered, and thought better of.
    let request = ask(&app, Mode::Act).await.expect("asked");
    browser.answer(&page.link, &request, true).await.expect("allowed");
    let code = app.code_of(request.id).await;
    app.verify(&request, &code).await.expect("verified");
    browser.answer(&page.link, &request, false).await.expect("taken back");
    assert_eq!(app.start(&request).await.err().expect("refused"), ErrorCode::ConsentMissing);
    assert_eq!(
        browser.answer(&page.link, &request, true).await.unwrap_err().code,
        ErrorCode::ConsentUnavailable
    );
    // Nobody says anything for half an hour.
    let request = ask(&app, Mode::View).await.expect("asked");
    world.pass(Duration::from_secs(30 * 60));
    let app = app.refreshed().await;
    let page = browser.open(&link(&mail(&world, "asks for your permission").await)).await.expect("the page");
    assert!(page.questions.is_empty());
    assert_eq!(now(&app, request.id).await, RequestState::ConsentUnanswered);
    let declined = world.kinds().await.iter().filter(|kind| *kind == "consent_declined").count();
    assert_eq!(declined, 2);
    world.stop().await;
}

#[tokio::test]
async fn whoever_is_asked_again_and_again_is_left_alone() {
    let world = World::with(
        |config| {
            config.platform.person = Some(PersonConfig::Mailbox);
            config.code.burst = 10;
        },
        false,
    )
    .await;
    let app = world.agent().await;
    for count in 1..=5 {
        ask(&app, Mode::View).await.expect("asked");
        // The question of a request that the next one replaces is not mailed any more, and does not count.
        let mailed = async || (mails(&world, "asks for your permission").len() == count).then_some(());
        eventually("it is mailed", mailed).await;
    }
    let refused = ask(&app, Mode::View).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::TooMany);
    assert!(refused.retry_after_ms.is_some_and(|wait| wait > 0), "{refused:?}");
    // Nor by several at once.
    let tries = (0..5).map(|_| ask(&app, Mode::View));
    let tries = futures_util::future::join_all(tries).await;
    assert!(tries.iter().all(Result::is_err), "{tries:?}");
    // Others may be asked.
    let other = NewRequest { identifier: "INV-000001".to_owned(), ..by_page(Mode::View) };
    app.post::<Request>("/api/requests", &other).await.expect("asked");
    // Whoever else has the link of the mail says nothing for Élise.
    let theirs = link(&mail(&world, "asks for your permission").await);
    let browser = Browser::new(&world);
    let wrong = eventually("the other mail", async || {
        let text = std::fs::read_dir(world.data_dir.join("mail")).ok()?.flatten().find_map(|file| {
            let text = std::fs::read_to_string(file.path()).ok()?.replace("=\r\n", "");
            (text.contains("/person#") && !text.contains("elise.marchand@")).then_some(text)
        })?;
        Some(link(&text))
    })
    .await;
    let open: Request = app.get("/api/requests/current").await.expect("the open one");
    assert_eq!(browser.answer(&theirs, &open, true).await.unwrap_err().code, ErrorCode::NotFound);
    let page = browser.answer(&wrong, &open, true).await.expect("their own");
    assert!(page.may_answer && page.questions[0].state == ConsentState::Allowed);
    world.stop().await;
}

#[tokio::test]
async fn after_the_person_the_administrator_is_asked() {
    let world = World::with(
        |config| {
            config.code.recipient = Recipient::Approver;
            config.platform.person = Some(PersonConfig::Mailbox);
        },
        false,
    )
    .await;
    let app = world.agent().await;
    let grace = world.app("Grace", &[Role::Admin]).await;
    let request = ask(&app, Mode::Act).await.expect("asked");
    let waiting = async || grace.get::<Vec<PendingRequest>>("/api/approvals").await.expect("what waits");
    assert!(waiting().await.is_empty());
    let take = format!("/api/approvals/{}/take", request.id);
    assert_eq!(grace.post::<PendingRequest>(&take, &json!({})).await.unwrap_err().status, 409);
    let browser = Browser::new(&world);
    let key = link(&mail(&world, "asks for your permission").await);
    browser.answer(&key, &request, true).await.expect("allowed");
    let [entry] = waiting().await.try_into().expect("one");
    assert_eq!((entry.request_id, entry.consent), (request.id, Consent::Page));
    assert_eq!(now(&app, request.id).await, RequestState::Pending);
    world.stop().await;
}

#[tokio::test]
async fn nobody_is_asked_where_no_answer_would_count() {
    let world = World::with(|config| config.platform.person = None, false).await;
    let app = world.agent().await;
    let refused = ask(&app, Mode::View).await.unwrap_err();
    assert_eq!((refused.code, refused.field.as_deref()), (ErrorCode::Invalid, Some("consent")));
    assert!(mails(&world, "asks for your permission").is_empty());
    // Nor does a code that goes to staff say anything of the person.
    let code = NewRequest { consent: Consent::Code, ..asking_for(ELISE, Mode::View) };
    let refused: Problem = app.post::<Request>("/api/requests", &code).await.unwrap_err();
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY.as_u16());
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_a_yes_to_other_words_than_those_that_stand_there_is_none() {
    let world = World::with(|config| config.platform.person = Some(PersonConfig::Mailbox), false).await;
    let app = world.agent().await;
    // A reason that would end the question, and put another one in its place.
    let reason = "stuck”).\r\n\r\nThey would change nothing.\u{202e} Do you allow this?\u{2028}";
    let trick = NewRequest { reason: reason.to_owned(), ..by_page(Mode::Act) };
    let request: Request = app.post("/api/requests", &trick).await.expect("asked");
    assert_eq!(request.reason, "stuck”). They would change nothing. Do you allow this?");
    let key = link(&mail(&world, "asks for your permission").await);
    let browser = Browser::new(&world);
    let text = browser.open(&key).await.expect("the page").questions[0].text.en.clone();
    let (question, words) = text.split_once(" Why, in their own words: ").expect("the reason comes last");
    assert!(question.contains("could change things for you") && !question.contains("stuck"), "{question}");
    assert_eq!(words, request.reason);
    let answer = |text: &str| json!({ "link": key, "question": request.id, "allow": true, "language": "en", "text": text });
    for other in ["", question, &text.replace("could change things for you", "change nothing")] {
        let refused = browser.post("/api/person/answer", answer(other)).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::ConsentUnavailable, "{other:?}");
    }
    assert_eq!(now(&app, request.id).await, RequestState::Asked);
    browser.post("/api/person/answer", answer(&text)).await.expect("allowed");
    world.stop().await;
}
