//! The close-out: who still owes a note asks for no further code.

use std::time::Duration;

use serde_json::{Value, json};
use understudy_protocol::{
    EndCause, ErrorCode, Mode, Note, Problem, Request, Role, Session, SessionDetail, Started,
};

use crate::world::{App, ELISE, World, asking_for};

const WHY: &str = "She is on leave until Monday";

async fn ended(app: &App<'_>) -> Started {
    let started = app.session(ELISE, Mode::View).await;
    app.end(&started).await.expect("ended");
    started
}

async fn ask(app: &App<'_>) -> Result<Request, Problem> {
    app.post("/api/requests", &asking_for(ELISE, Mode::View)).await
}

async fn write(app: &App<'_>, started: &Started) {
    let note = json!({ "what": "Looked", "why": "She asked", "solved": true });
    let path = format!("/api/sessions/{}/note", started.session.id);
    app.post::<Note>(&path, &note).await.expect("written");
}

async fn lift(app: &App<'_>, started: &Started, reason: &str) -> Result<Session, ErrorCode> {
    let path = format!("/api/sessions/{}/note/lift", started.session.id);
    app.post(&path, &json!({ "reason": reason })).await.map_err(|problem| problem.code)
}

async fn detail(app: &App<'_>, started: &Started) -> SessionDetail {
    app.get(&format!("/api/sessions/{}", started.session.id)).await.expect("the session")
}

#[tokio::test]
async fn a_note_may_stay_open_for_15_minutes_and_no_longer() {
    let world = World::at_rest().await;
    let ada = world.agent().await;
    let started = ended(&ada).await;
    world.pass(Duration::from_secs(15 * 60 - 1));
    let ada = world.sign_in("ada@support.example").await;
    let asked = ask(&ada).await.expect("in time");
    world.pass(Duration::from_secs(1));
    let refused = ask(&ada).await.unwrap_err();
    assert_eq!((refused.code, refused.status), (ErrorCode::NoteMissing, 409));
    assert_eq!(refused.session_id, Some(started.session.id), "which one it is");
    assert!(refused.detail.contains("Élise Marchand"), "{}", refused.detail);
    // Refused, and what was open before stays so.
    let open: Option<Request> = ada.get("/api/requests/current").await.expect("the open request");
    assert_eq!(open.map(|request| request.id), Some(asked.id));
    // Nobody else's note is asked for.
    let bob = world.app("Bob", &[Role::Support]).await;
    ask(&bob).await.expect("he owes none");
    write(&ada, &started).await;
    ask(&ada).await.expect("written");
    world.stop().await;
}

#[tokio::test]
async fn of_two_notes_none_may_stay_open() {
    let world = World::at_rest().await;
    let ada = world.agent().await;
    let first = ended(&ada).await;
    world.pass(Duration::from_secs(1));
    let second = ended(&ada).await;
    let refused = ask(&ada).await.unwrap_err();
    assert_eq!((refused.code, refused.session_id), (ErrorCode::NoteMissing, Some(first.session.id)));
    write(&ada, &first).await;
    ask(&ada).await.expect("one may stay open");
    world.pass(Duration::from_secs(5 * 60));
    write(&ada, &second).await;
    ask(&ada).await.expect("none is open");
    world.stop().await;
}

#[tokio::test]
async fn a_session_that_nobody_ended_owes_its_note_from_the_moment_its_lease_ran_out() {
    let world = World::with(|config| config.session.note_minutes = 1, true).await;
    let ada = world.agent().await;
    let started = ada.session(ELISE, Mode::View).await;
    world.pass(Duration::from_secs(30 + 59));
    ask(&ada).await.expect("in time");
    world.pass(Duration::from_secs(1));
    assert_eq!(ask(&ada).await.unwrap_err().session_id, Some(started.session.id));
    let detail: SessionDetail =
        ada.get(&format!("/api/sessions/{}", started.session.id)).await.expect("the session");
    assert_eq!(detail.session.end_cause, Some(EndCause::ClientLost));
    world.stop().await;
}

#[tokio::test]
async fn an_admin_lifts_it_with_a_reason_on_record_and_nobody_for_themselves() {
    let world = World::with(|config| config.session.note_minutes = 1, true).await;
    let ada = world.agent().await;
    let (max, mia) = (world.app("Max", &[Role::Admin]).await, world.app("Mia", &[Role::Admin]).await);
    let lea = world.app("Lea", &[Role::Lead]).await;
    let (hers, his) = (ended(&ada).await, ended(&max).await);
    world.pass(Duration::from_secs(60));
    for app in [&ada, &lea] {
        assert_eq!(lift(app, &hers, WHY).await.unwrap_err(), ErrorCode::Forbidden);
    }
    assert_eq!(lift(&max, &his, WHY).await.unwrap_err(), ErrorCode::Forbidden);
    assert_eq!(lift(&max, &hers, ".").await.unwrap_err(), ErrorCode::Invalid);
    for app in [&ada, &max] {
        assert_eq!(ask(app).await.unwrap_err().code, ErrorCode::NoteMissing);
    }
    assert!(lift(&max, &hers, WHY).await.expect("lifted").note_lifted);
    lift(&max, &hers, WHY).await.expect("and it stays so");
    lift(&mia, &his, WHY).await.expect("another admin may");
    for app in [&ada, &max] {
        ask(app).await.expect("lifted");
    }
    let lifted: Vec<Value> =
        world.ledger().await.into_iter().filter(|(kind, _)| kind == "note_lifted").map(|(_, d)| d).collect();
    assert_eq!(lifted.len(), 2);
    let id = |app: &App<'_>| app.signed_in.as_ref().expect("signed in").staff.id.to_string();
    assert_eq!((&lifted[0]["reason"], &lifted[0]["staff_id"]), (&json!(WHY), &json!(id(&max))));
    assert_eq!(lifted[0]["for"], json!(id(&ada)));
    let detail = detail(&ada, &hers).await;
    let told = detail.lifted.expect("who, and why");
    assert_eq!((told.by.name.as_str(), told.reason.as_str()), ("Max", WHY));
    assert!(detail.session.note_lifted);
    // It can still be written.
    write(&ada, &hers).await;
    world.stop().await;
}

#[tokio::test]
async fn a_session_that_still_runs_has_no_note_to_lift() {
    let world = World::at_rest().await;
    let (ada, max) = (world.agent().await, world.app("Max", &[Role::Admin]).await);
    let started = ada.session(ELISE, Mode::View).await;
    assert_eq!(lift(&max, &started, WHY).await.unwrap_err(), ErrorCode::Invalid);
    assert!(world.kinds().await.iter().all(|kind| kind != "note_lifted"));
    world.stop().await;
}

#[tokio::test]
async fn a_correction_is_a_new_entry_and_the_first_one_stays() {
    let world = World::new().await;
    let ada = world.agent().await;
    let started = ended(&ada).await;
    let path = format!("/api/sessions/{}/note", started.session.id);
    for what in ["Changed the phone", "Changed the phone and the address"] {
        let note = json!({ "what": what, "why": "She asked", "solved": true });
        ada.post::<Note>(&path, &note).await.expect("written");
    }
    let notes: Vec<Value> =
        world.ledger().await.into_iter().filter(|(kind, _)| kind == "note_written").map(|(_, d)| d).collect();
    assert_eq!(notes.len(), 2);
    assert_eq!(notes[0]["what"], "Changed the phone");
    assert_eq!(notes[1]["what"], "Changed the phone and the address");
    let detail = detail(&ada, &started).await;
    let earlier: Vec<_> = detail.earlier_notes.iter().map(|note| note.what.as_str()).collect();
    assert_eq!(earlier, ["Changed the phone"], "the report has both");
    assert_eq!(detail.earlier_notes[0].written_by, detail.session.staff);
    assert_eq!(detail.session.note.expect("the note").what, "Changed the phone and the address");
    assert!(detail.lifted.is_none() && !detail.session.note_lifted);
    world.stop().await;
}
