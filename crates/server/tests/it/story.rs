//! The specification's flow, over HTTP.

use reqwest::{Method, StatusCode};
use serde_json::json;
use understudy_protocol::{EndCause, Mode, PeoplePage, Person, SessionDetail, SessionsPage};

use crate::world::{ELISE, World};

#[tokio::test]
async fn from_identifying_the_user_to_the_record() {
    let world = World::new().await;
    let app = world.agent().await;

    let page: PeoplePage =
        app.get("/api/people?kind=Investor&search=marchand&limit=10").await.expect("people");
    assert!(page.people.iter().any(|person| person.id == ELISE));
    let everybody: PeoplePage =
        app.get("/api/people?kind=Investor&offset=230&limit=50").await.expect("people");
    assert_eq!((everybody.total, everybody.people.len()), (240, 10));
    let elise: Person =
        app.get("/api/people/find?identifier=ELISE.marchand@example.com").await.expect("Élise");
    assert_eq!((elise.id.as_str(), elise.kind.as_str()), (ELISE, "Investor"));

    let (started, mut stage) = app.stage(&elise.email, Mode::Act).await;
    let dashboard = stage.get("/").await;
    assert_eq!(dashboard.status(), StatusCode::OK);
    assert!(dashboard.text().await.expect("a page").contains("Élise Marchand"));
    assert_eq!(stage.change_profile("Élise M.").await.status(), StatusCode::SEE_OTHER);
    let csrf = stage.csrf().await;
    let form = reqwest::multipart::Form::new()
        .text("csrf_token", csrf)
        .part("file", reqwest::multipart::Part::bytes(b"proof of address".to_vec()).file_name("proof.txt"));
    let uploaded = stage.request(Method::POST, "/documents").multipart(form).send().await.expect("an answer");
    assert_eq!(uploaded.status(), StatusCode::SEE_OTHER);
    assert!(stage.get("/documents").await.text().await.expect("a page").contains("proof.txt"));

    let ended = app.end(&started).await.expect("ended");
    assert_eq!(ended.end_cause, Some(EndCause::Exit));
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    let note = json!({ "what": "Corrected the name", "why": "She asked for it", "solved": true });
    let _: understudy_protocol::Note =
        app.post(&format!("/api/sessions/{}/note", started.session.id), &note).await.expect("a note");

    let page: SessionsPage = app.get("/api/sessions").await.expect("history");
    assert_eq!(page.total, 1);
    let detail: SessionDetail =
        app.get(&format!("/api/sessions/{}", started.session.id)).await.expect("a session");
    assert!(detail.session.note.expect("the note").solved);
    let done: Vec<(&str, &str, Option<u16>)> =
        detail.actions.iter().map(|a| (a.name.as_str(), a.method.as_str(), a.status)).collect();
    assert_eq!(
        done,
        [
            ("Viewed the dashboard", "GET", Some(200)),
            ("Viewed the profile", "GET", Some(200)),
            ("Changed the profile", "POST", Some(303)),
            ("Viewed the profile", "GET", Some(200)),
            ("Uploaded a document", "POST", Some(303)),
            ("Viewed the documents", "GET", Some(200)),
        ]
    );
    assert_eq!(detail.actions[2].fields, ["display_name", "phone", "address"]);
    assert_eq!(detail.actions[4].fields, ["file"]);

    let kinds = world.kinds().await;
    let expected = [
        "staff_added",
        "signed_in",
        "person_viewed",
        "code_requested",
        "code_delivered",
        "code_verified",
        "session_started",
        "handoff_made",
        "stage_entered",
        "action",
        "action_answered",
        "session_ended",
        "note_written",
        "session_viewed",
    ];
    for kind in expected {
        assert!(kinds.iter().any(|k| k == kind), "{kind} is on record: {kinds:?}");
    }

    // What Meridian saw is what the ledger says, line by line.
    let seen: Vec<_> =
        world.meridian.access_log().expect("the log").into_iter().filter(|e| e.actor.is_some()).collect();
    assert_eq!(seen.len(), detail.actions.len());
    for (line, action) in seen.iter().zip(&detail.actions) {
        assert_eq!(
            (&line.method, &line.path, Some(line.status)),
            (&action.method, &action.path, action.status)
        );
        assert_eq!(line.person.as_deref(), Some(ELISE));
        assert_eq!(line.actor.as_deref(), Some(started.session.staff.id.to_string().as_str()));
        assert_eq!(line.session.as_deref(), Some(started.session.id.to_string().as_str()));
    }
    world.stop().await;
}
