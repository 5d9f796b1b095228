//! The switch of the whole installation: what it ends, what it refuses, who may turn it.

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, future::join_all};
use reqwest::{Method, StatusCode, header};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
};
use serde_json::{Value, json};
use understudy_protocol::{
    EndCause, ErrorCode, Mode, Problem, Request, RequestState, Role, ServerInfo, SessionDetail, Switch,
    Turned,
};
use understudy_server::store::entities::impersonation;

use crate::world::{App, ELISE, World, asking_for, client, eventually};

const WHY: &str = "A stolen laptop, until it is found";

async fn turn(app: &App<'_>, on: bool, reason: &str) -> Result<Switch, Problem> {
    app.post("/api/switch", &json!({ "on": on, "reason": reason })).await
}

async fn admin(world: &World) -> App<'_> {
    world.app("Max", &[Role::Admin]).await
}

async fn is_off(app: &App<'_>) -> bool {
    app.get::<ServerInfo>("/api/info").await.expect("info").switched_off
}

async fn turned_by(app: &App<'_>) -> Option<Turned> {
    app.get::<Switch>("/api/switch").await.expect("the switch").turned
}

async fn live(world: &World) -> u64 {
    let live = impersonation::Entity::find().filter(impersonation::Column::State.eq("live"));
    live.count(&world.core.store.db).await.expect("a number")
}

async fn cause(app: &App<'_>, id: uuid::Uuid) -> Option<EndCause> {
    app.get::<SessionDetail>(&format!("/api/sessions/{id}")).await.expect("the session").session.end_cause
}

#[tokio::test]
async fn invariant_3_switching_off_ends_every_session_on_every_server_within_a_second() {
    let world = World::new().await;
    let (ada, max) = (world.agent().await, admin(&world).await);
    let bob = world.app("Bob", &[Role::Support]).await;
    let (first, stage) = ada.stage(ELISE, Mode::Act).await;
    let mut here = Box::pin(stage.get("/live/prices?interval_ms=50").await.bytes_stream());
    here.next().await.expect("a chunk").expect("bytes");
    let second = bob.session("INV-000042", Mode::View).await;
    let other_server = world.second().await;
    let handoff = bob.handoff(&second).await.expect("a handoff");
    let get = |path: &str| {
        let url = format!("http://{}{path}", other_server.gateway);
        client().get(url).header(header::HOST, world.gateway.authority())
    };
    let door = format!("{}?{}", handoff.path(), handoff.query().expect("a pass"));
    let entered = get(&door).send().await.expect("an answer");
    let cookie = entered.headers()[header::SET_COOKIE].to_str().expect("text");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    let prices = get("/live/prices?interval_ms=50").header(header::COOKIE, &cookie);
    let mut there = Box::pin(prices.send().await.expect("an answer").bytes_stream());
    there.next().await.expect("a chunk").expect("bytes");
    let dua = world.app("Dua", &[Role::Support]).await;
    let (waiting, code) = dua.code("INV-000007", Mode::View).await;
    let mut told =
        Box::pin(dua.request(Method::GET, "/api/events").send().await.expect("a stream").bytes_stream());
    told.next().await.expect("the greeting").expect("bytes");

    let begun = Instant::now();
    assert!(!turn(&max, false, WHY).await.expect("turned").on);
    let rest = async {
        while let Some(Ok(_)) = here.next().await {}
        while let Some(Ok(_)) = there.next().await {}
    };
    tokio::time::timeout(Duration::from_secs(5), rest).await.expect("everything is cut");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert!(is_off(&max).await);
    for id in [first.session.id, second.session.id] {
        assert_eq!(cause(&max, id).await, Some(EndCause::SwitchedOff));
    }
    let closed: Request = dua.get(&format!("/api/requests/{}", waiting.id)).await.expect("the request");
    assert_eq!(closed.state, RequestState::SwitchedOff);
    let mut heard = String::new();
    while !heard.contains("\"switched\"") {
        let chunk = tokio::time::timeout(Duration::from_secs(5), told.next()).await.expect("in time");
        heard.push_str(&String::from_utf8_lossy(&chunk.expect("an event").expect("bytes")));
    }
    // On again opens nothing that was open before.
    let office = world.app("Moe", &[Role::Admin]).await;
    let turned = turned_by(&office).await.expect("it was turned");
    assert_eq!((turned.by.expect("an admin").name, turned.reason.as_deref()), ("Max".to_owned(), Some(WHY)));
    let refused = ada.get::<Switch>("/api/switch").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Forbidden, "why is for administrators");
    assert!(turn(&max, true, "The laptop was found").await.expect("turned").on);
    assert!(!is_off(&max).await);
    assert_eq!(dua.verify(&waiting, &code).await.unwrap_err(), ErrorCode::SwitchedOff);
    assert_eq!(ada.renew(&first).await.unwrap_err(), ErrorCode::SessionEnded);
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    dua.session("INV-000007", Mode::View).await;
    let entries: Vec<_> =
        world.ledger().await.into_iter().filter(|(kind, _)| kind.starts_with("switched_")).collect();
    assert_eq!(
        entries.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(),
        ["switched_off", "switched_on"]
    );
    let by = max.signed_in.as_ref().expect("signed in").staff.id.to_string();
    assert_eq!((&entries[0].1["reason"], &entries[0].1["staff_id"]), (&json!(WHY), &json!(by)));
    other_server.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_while_it_is_off_nothing_begins_and_nothing_goes_on() {
    let world = World::at_rest().await;
    let (ada, bob, cem) = (
        world.agent().await,
        world.app("Bob", &[Role::Support]).await,
        world.app("Cem", &[Role::Support]).await,
    );
    let (started, stage) = ada.stage(ELISE, Mode::Act).await;
    let door = ada.handoff(&started).await.expect("a handoff");
    let mut stage_again = world.stage();
    stage_again.enter(ada.handoff(&started).await.expect("a handoff")).await;
    let (sent, code) = bob.code("INV-000042", Mode::View).await;
    let (verified, right) = cem.code("INV-000007", Mode::View).await;
    cem.verify(&verified, &right).await.expect("verified");
    let before = world.meridian.access_log().expect("the log").len();
    // The row alone, as on a server that died before it could end anything.
    let db = &world.core.store.db;
    db.execute_unprepared("UPDATE switch SET is_on = false").await.expect("off");
    assert_eq!(bob.verify(&sent, &code).await.unwrap_err(), ErrorCode::SwitchedOff);
    assert_eq!(cem.start(&verified).await.err(), Some(ErrorCode::SwitchedOff));
    let asked = bob.post::<Request>("/api/requests", &asking_for(ELISE, Mode::View)).await.unwrap_err();
    assert_eq!((asked.code, asked.status), (ErrorCode::SwitchedOff, 403));
    assert!(asked.detail.contains("switched impersonation off"), "{}", asked.detail);
    assert_eq!(ada.renew(&started).await.unwrap_err(), ErrorCode::SwitchedOff);
    assert_eq!(ada.handoff(&started).await.err(), Some(ErrorCode::SwitchedOff));
    for page in [
        stage.get("/").await,
        stage_again.get("/").await,
        client().get(door).send().await.expect("an answer"),
    ] {
        assert_eq!(page.status(), StatusCode::FORBIDDEN);
    }
    let page = stage_again.get("/static/meridian.css").await.text().await.expect("a page");
    assert!(page.contains("Impersonation is switched off"), "{page}");
    let seen = world.meridian.access_log().expect("the log");
    assert!(seen[before..].iter().all(|line| line.actor.is_none()), "nothing was sent as the person");
    eventually("the sweeper has ended what was open", async || {
        let open = impersonation::Entity::find().filter(impersonation::Column::EndedAt.is_null());
        (open.count(db).await.expect("a number") == 0).then_some(())
    })
    .await;
    assert_eq!(cause(&ada, started.session.id).await, Some(EndCause::SwitchedOff));
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_a_switch_that_cannot_be_read_counts_as_off() {
    let world = World::new().await;
    let (ada, max) = (world.agent().await, admin(&world).await);
    let (request, code) = ada.code(ELISE, Mode::View).await;
    ada.verify(&request, &code).await.expect("verified");
    let db = &world.core.store.db;
    db.execute_unprepared("ALTER TABLE switch RENAME TO gone").await.expect("hidden");
    assert!(is_off(&ada).await);
    assert_eq!(ada.start(&request).await.err(), Some(ErrorCode::SwitchedOff));
    db.execute_unprepared("ALTER TABLE gone RENAME TO switch").await.expect("back");
    ada.start(&request).await.expect("what could not be read has ended nothing");
    db.execute_unprepared("DELETE FROM switch").await.expect("lost");
    assert!(is_off(&ada).await);
    eventually("no row is off", async || (live(&world).await == 0).then_some(())).await;
    assert!(turn(&max, true, "The row was lost").await.expect("turned").on);
    ada.session(ELISE, Mode::View).await;
    world.stop().await;
}

#[tokio::test]
async fn nobody_but_an_admin_with_a_fresh_second_factor_and_a_reason_turns_it() {
    let world = World::at_rest().await;
    let (ada, max) = (world.agent().await, admin(&world).await);
    let lea = world.app("Lea", &[Role::Lead]).await;
    for app in [&ada, &lea] {
        assert_eq!(turn(app, false, WHY).await.unwrap_err().code, ErrorCode::Forbidden);
    }
    let nobody = App { world: &world, http: client(), signed_in: None };
    assert_eq!(turn(&nobody, false, WHY).await.unwrap_err().code, ErrorCode::SignedOut);
    let by_password = world.sign_in_by_password("max@support.example").await;
    assert_eq!(turn(&by_password, false, WHY).await.unwrap_err().code, ErrorCode::SecondFactorNeeded);
    for reason in ["", "why", "..........", "1234567890123"] {
        let problem = turn(&max, false, reason).await.unwrap_err();
        assert_eq!((problem.code, problem.field.as_deref()), (ErrorCode::Invalid, Some("reason")));
    }
    assert!(!is_off(&ada).await);
    turn(&max, false, WHY).await.expect("off");
    turn(&max, false, WHY).await.expect("and off it stays");
    // Whoever cannot switch it off cannot switch it on either.
    assert_eq!(turn(&ada, true, WHY).await.unwrap_err().code, ErrorCode::Forbidden);
    assert!(is_off(&ada).await);
    assert_eq!(world.kinds().await.iter().filter(|kind| *kind == "switched_off").count(), 1);
    world.stop().await;
}

#[tokio::test]
async fn invariant_3_no_session_that_starts_as_the_switch_falls_survives_it() {
    let world = World::new().await;
    let max = admin(&world).await;
    let mut apps = Vec::new();
    for (place, name) in ["Ada", "Bob", "Cem", "Dua", "Eli", "Fay"].into_iter().enumerate() {
        let app = world.app(name, &[Role::Support]).await;
        let (request, code) = app.code(&format!("INV-0000{:02}", place + 40), Mode::View).await;
        app.verify(&request, &code).await.expect("verified");
        apps.push((app, request));
    }
    let starts = join_all(apps.iter().enumerate().map(async |(place, (app, request))| {
        tokio::time::sleep(Duration::from_millis(4 * place as u64)).await;
        app.start(request).await.err()
    }));
    let off = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        turn(&max, false, WHY).await
    };
    let (refused, off) = tokio::join!(starts, off);
    off.expect("off");
    assert_eq!(live(&world).await, 0, "{refused:?}");
    for refusal in refused.into_iter().flatten() {
        assert!(matches!(refusal, ErrorCode::SwitchedOff | ErrorCode::SessionEnded), "{refusal:?}");
    }
    // Not by the order of reads alone: a start that was let in before is held up in its own transaction.
    let kinds = world.kinds().await;
    let fell = kinds.iter().position(|kind| kind == "switched_off").expect("on record");
    assert!(kinds[fell..].iter().all(|kind| kind != "session_started"), "{:?}", &kinds[fell..]);
    world.stop().await;
}

#[tokio::test]
async fn the_command_line_turns_it_while_a_server_runs() {
    let world = World::new().await;
    let ada = world.agent().await;
    let (started, stage) = ada.stage(ELISE, Mode::View).await;
    let mut prices = Box::pin(stage.get("/live/prices?interval_ms=50").await.bytes_stream());
    prices.next().await.expect("a chunk").expect("bytes");
    let off = world.command(&["off", "--reason", WHY]).await;
    assert!(off.status.success(), "{off:?}");
    let rest = async { while let Some(Ok(_)) = prices.next().await {} };
    tokio::time::timeout(Duration::from_secs(1), rest).await.expect("it is cut within a second of the end");
    assert_eq!(cause(&ada, started.session.id).await, Some(EndCause::SwitchedOff));
    let (_, entry) =
        world.ledger().await.into_iter().find(|(kind, _)| kind == "switched_off").expect("on record");
    assert_eq!(entry, json!({ "reason": WHY, "by": "command line" }));
    let turned = turned_by(&admin(&world).await).await.expect("it was turned");
    assert_eq!((turned.by, turned.reason.as_deref()), (None, Some(WHY)));
    let wordless = world.command(&["off", "--reason", "."]).await;
    assert!(!wordless.status.success() && String::from_utf8_lossy(&wordless.stderr).contains("at least 10"));
    assert!(world.command(&["on"]).await.status.success());
    let _: Value = ada.post("/api/requests", &asking_for(ELISE, Mode::View)).await.expect("on again");
    world.stop().await;
}
