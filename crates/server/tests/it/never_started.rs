//! History: requests that came to nothing.

use std::time::Duration;

use serde_json::json;
use understudy_protocol::{
    ClosedRequest, Mode, Recipient, Request, RequestState, RequestsPage, Role, SessionsPage,
};

use crate::world::{App, ELISE, World, asking_for, eventually};

const NO: &str = "She has not called back yet, so wait for her";

async fn listed(app: &App<'_>, query: &str) -> RequestsPage {
    app.get(&format!("/api/requests{query}")).await.expect("requests")
}

async fn counted(app: &App<'_>) -> u32 {
    app.get::<SessionsPage>("/api/sessions").await.expect("history").never_started
}

/// The newest one, once there are `total` of them: what time closes is written a moment later.
async fn newest(app: &App<'_>, total: u32) -> ClosedRequest {
    let page =
        eventually("it is listed", async || Some(listed(app, "").await).filter(|page| page.total == total));
    page.await.requests.remove(0)
}

#[tokio::test]
async fn each_is_listed_with_what_became_of_it_and_a_session_is_not() {
    let world = World::at_rest().await;
    let (ada, bob) = (world.agent().await, world.app("Bob", &[Role::Support]).await);
    let lea = world.app("Lea", &[Role::Lead]).await;

    let (request, _) = ada.code(ELISE, Mode::View).await;
    assert_eq!(listed(&ada, "").await.total, 0, "it is open");
    for _ in 0..3 {
        ada.verify(&request, "BBBB-BBBB").await.unwrap_err();
    }
    let tried = newest(&ada, 1).await;
    assert_eq!((tried.state, tried.wrong_codes), (RequestState::TooManyTries, 3));
    assert_eq!((tried.staff.name.as_str(), tried.person.id.as_str()), ("Ada", ELISE));

    let (request, _) = ada.code(ELISE, Mode::Act).await;
    ada.post::<Request>(&format!("/api/requests/{}/cancel", request.id), &json!({}))
        .await
        .expect("cancelled");
    let given_up = newest(&ada, 2).await;
    assert_eq!(
        (given_up.state, given_up.mode, given_up.wrong_codes),
        (RequestState::Cancelled, Mode::Act, 0)
    );

    ada.code(ELISE, Mode::View).await;
    world.pass(Duration::from_secs(11 * 60));
    let late = newest(&ada.refreshed().await, 3).await;
    assert_eq!(late.state, RequestState::Expired);
    assert_eq!(
        (late.closed_at - late.asked_at).num_minutes(),
        10,
        "when it ran out, not when that was written"
    );

    let (bob, lea) = (bob.refreshed().await, lea.refreshed().await);
    let (started, _) = bob.stage(ELISE, Mode::View).await;
    bob.end(&started).await.expect("ended");
    assert_eq!((listed(&bob, "").await.total, counted(&bob).await), (0, 0), "nobody else's, and no session");
    assert_eq!((listed(&lea, "").await.total, counted(&lea).await), (3, 3));
    let queries = [
        ("search=elise+ada", 3),
        ("search=bob", 0),
        ("search=%25", 0),
        ("person=INV-000137", 3),
        ("person=x", 0),
    ];
    for (query, total) in queries {
        assert_eq!(listed(&lea, &format!("?{query}")).await.total, total, "{query}");
    }
    let page = listed(&lea, "?offset=1&limit=1").await;
    assert_eq!((page.requests.len(), page.total, page.offset), (1, 3, 1));
    assert_eq!(page.requests[0].id, given_up.id);
    world.stop().await;
}

#[tokio::test]
async fn a_denied_one_says_who_denied_it_and_why() {
    let world = World::with(|config| config.code.recipient = Recipient::Approver, false).await;
    let (ada, grace) = (world.agent().await, world.app("Grace", &[Role::Admin]).await);
    let request: Request =
        ada.post("/api/requests", &asking_for(ELISE, Mode::View)).await.expect("requested");
    for (what, body) in [("take", json!({})), ("deny", json!({ "reason": NO }))] {
        let path = format!("/api/approvals/{}/{what}", request.id);
        let answer = grace.request(reqwest::Method::POST, &path).json(&body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{what}");
    }
    for app in [&ada, &grace] {
        let denied = newest(app, 1).await;
        assert_eq!(denied.state, RequestState::Denied);
        assert_eq!(denied.approver.expect("an administrator").name, "Grace");
        assert_eq!(denied.denial.as_deref(), Some(NO));
    }
    world.stop().await;
}
