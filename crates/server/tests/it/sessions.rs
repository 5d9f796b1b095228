//! Sessions: how they begin, how they end, who sees them.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _, future::join_all};
use reqwest::{Method, StatusCode, header};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};
use serde_json::json;
use understudy_protocol::{
    EndCause, ErrorCode, Mode, Note, Role, Session, SessionDetail, SessionsPage, Staff, Started,
};
use understudy_server::{
    store::entities::{gateway_cookie, impersonation, jar_cookie, staff},
    sweeper,
};

use crate::world::{App, ELISE, World, client, eventually};

async fn cause(app: &App<'_>, session: &Session) -> Option<EndCause> {
    let detail: SessionDetail = app.get(&format!("/api/sessions/{}", session.id)).await.expect("the session");
    detail.session.end_cause
}

#[tokio::test]
async fn invariant_3_without_renewal_the_session_ends_after_30_seconds() {
    let world = World::at_rest().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    assert_eq!(stage.status("/").await, StatusCode::OK);
    world.pass(Duration::from_secs(20));
    assert_eq!(app.renew(&started).await.expect("renewed").ends_in_ms, 30_000);
    world.pass(Duration::from_millis(29_999));
    app.renew(&started).await.expect("in the last moment");
    world.pass(Duration::from_secs(30));
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    assert_eq!(app.renew(&started).await.unwrap_err(), ErrorCode::SessionEnded);
    assert_eq!(app.handoff(&started).await.unwrap_err(), ErrorCode::SessionEnded);
    assert_eq!(cause(&app, &started.session).await, Some(EndCause::ClientLost));
    sweeper::sweep(&world.core).await.expect("swept");
    let ends: Vec<_> = world.ledger().await.into_iter().filter(|(kind, _)| kind == "session_ended").collect();
    assert_eq!(ends.len(), 1, "its end is written once");
    assert_eq!(ends[0].1["cause"], "client_lost");
    world.stop().await;
}

#[tokio::test]
async fn invariant_3_an_app_that_starts_again_ends_what_it_lost_and_nobody_else_can_call_it_lost() {
    let world = World::at_rest().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let lost = format!("/api/sessions/{}/end?lost=true", started.session.id);
    let session: Session = app.post(&lost, &json!({})).await.expect("ended");
    assert_eq!(session.end_cause, Some(EndCause::ClientLost));
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    // What has ended stays as it ended.
    assert_eq!(app.end(&started).await.expect("already").end_cause, Some(EndCause::ClientLost));

    let other = app.session(ELISE, Mode::View).await;
    let lost = format!("/api/sessions/{}/end?lost=true", other.session.id);
    let admin = world.app("Max", &[Role::Admin]).await;
    let session: Session = admin.post(&lost, &json!({})).await.expect("stopped");
    assert_eq!(session.end_cause, Some(EndCause::StoppedByStaff));
    world.stop().await;
}

#[tokio::test]
async fn invariant_3_a_session_ends_at_its_limit_however_often_it_is_renewed() {
    let world = World::with(|config| config.session.minutes = 5, true).await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    for _ in 0..14 {
        world.pass(Duration::from_secs(20));
        app.renew(&started).await.expect("renewed");
    }
    world.pass(Duration::from_secs(20));
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    assert_eq!(cause(&app, &started.session).await, Some(EndCause::Limit));
    world.stop().await;
}

#[tokio::test]
async fn invariant_3_a_session_that_nobody_touches_ends_however_much_its_page_asks_for() {
    let world = World::at_rest().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::Act).await;
    let mut idle = Duration::ZERO;
    for _ in 0..14 {
        world.pass(Duration::from_secs(20));
        idle += Duration::from_secs(20);
        let lease = app.renew_idle(&started, idle).await.expect("renewed");
        assert_eq!(lease.idle_after_ms, 300_000);
        // A page that polls is not somebody.
        assert_eq!(stage.status("/").await, StatusCode::OK);
    }
    // "I am still here", at 280 s.
    app.renew_idle(&started, Duration::ZERO).await.expect("renewed");
    for _ in 0..14 {
        world.pass(Duration::from_secs(20));
        app.renew_idle(&started, Duration::from_secs(600)).await.expect("renewed");
    }
    world.pass(Duration::from_secs(20));
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    assert_eq!(app.renew(&started).await.unwrap_err(), ErrorCode::SessionEnded);
    assert_eq!(cause(&app, &started.session).await, Some(EndCause::Idle));
    // What was not said is not guessed.
    let path = format!("/api/sessions/{}/lease", started.session.id);
    let silent = app.post::<serde_json::Value>(&path, &json!({ "token": started.token })).await;
    assert_eq!(silent.unwrap_err().code, ErrorCode::BadRequest);
    world.stop().await;
}

#[tokio::test]
async fn invariant_3_an_end_cuts_a_websocket_an_event_stream_and_a_slow_download_within_a_second() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::Act).await;
    let mut slow =
        Box::pin(stage.get("/documents/statement.csv?rows=1000000&delay_ms=50").await.bytes_stream());
    slow.next().await.expect("a chunk").expect("bytes");
    let mut prices = Box::pin(stage.get("/live/prices?interval_ms=50").await.bytes_stream());
    prices.next().await.expect("a chunk").expect("bytes");
    let mut socket = super::stage::socket(&stage, "/live/echo").await;
    socket.send("hello".into()).await.expect("sent");
    assert_eq!(socket.next().await.expect("an echo").expect("text").to_text().expect("text"), "hello");

    let begun = Instant::now();
    app.end(&started).await.expect("ended");
    let rest = async {
        while let Some(Ok(_)) = slow.next().await {}
        while let Some(Ok(_)) = prices.next().await {}
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), rest).await.expect("everything is cut");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    world.stop().await;
}

#[tokio::test]
async fn invariant_3_an_end_on_one_server_cuts_what_is_open_on_another() {
    let world = World::new().await;
    let app = world.agent().await;
    let started = app.session(ELISE, Mode::View).await;
    let handoff = app.handoff(&started).await.expect("a handoff");
    let second = world.second().await;
    let there = second.gateway;
    let at_second = |path: &str| format!("http://{there}{path}");
    let get = |url: String| client().get(url).header(header::HOST, world.gateway.authority());
    let entered = get(at_second(&format!("{}?{}", handoff.path(), handoff.query().expect("a pass"))))
        .send()
        .await
        .expect("an answer");
    let cookie = entered.headers()[header::SET_COOKIE]
        .to_str()
        .expect("text")
        .split(';')
        .next()
        .expect("a pair")
        .to_owned();
    let prices = get(at_second("/live/prices?interval_ms=50"))
        .header(header::COOKIE, &cookie)
        .send()
        .await
        .expect("an answer");
    assert_eq!(prices.status(), StatusCode::OK);
    let mut prices = Box::pin(prices.bytes_stream());
    prices.next().await.expect("a chunk").expect("bytes");

    let begun = Instant::now();
    app.end(&started).await.expect("ended on the first");
    let rest = async { while let Some(Ok(_)) = prices.next().await {} };
    tokio::time::timeout(Duration::from_secs(5), rest).await.expect("it is cut on the second");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    second.stop().await;
    world.stop().await;
}

#[tokio::test]
async fn invariant_3_an_end_cuts_an_upload_that_is_under_way() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    let csrf = stage.csrf().await;
    let first = format!(
        "--x\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{csrf}\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"
    );
    let endless = futures_util::stream::once(async { Ok::<_, std::io::Error>(first) }).chain(
        futures_util::stream::repeat_with(|| Ok("x".repeat(1_000))).then(async |chunk| {
            tokio::time::sleep(Duration::from_millis(10)).await;
            chunk
        }),
    );
    let upload = stage
        .request(Method::POST, "/documents")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(reqwest::Body::wrap_stream(Box::pin(endless)))
        .send();
    let ended = async {
        eventually("the upload is on record", async || {
            world
                .ledger()
                .await
                .iter()
                .any(|(kind, d)| kind == "action" && d["method"] == "POST")
                .then_some(())
        })
        .await;
        app.end(&started).await.expect("ended");
    };
    let both = async { tokio::join!(upload, ended).0 };
    let answer = tokio::time::timeout(Duration::from_secs(5), both).await.expect("it is cut");
    assert!(answer.is_err() || answer.is_ok_and(|a| a.status() == StatusCode::UNAUTHORIZED));
    world.stop().await;
}

#[tokio::test]
async fn invariant_5_ending_a_session_leaves_both_sides_signed_in_as_themselves() {
    let world = World::new().await;
    let app = world.agent().await;
    // Élise's own browser.
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let page = http.get(world.platform.join("/sign-in").expect("a URL")).send().await.expect("a page");
    let cookie = |answer: &reqwest::Response, name: &str| {
        let mut lines = answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|v| v.to_str().ok());
        lines
            .find(|line| line.starts_with(name))
            .map(|line| line.split(';').next().expect("a pair").to_owned())
    };
    let csrf = cookie(&page, "csrf_token=").expect("a CSRF token");
    let form = [
        ("csrf_token", csrf.trim_start_matches("csrf_token=")),
        ("email", "elise.marchand@example.com"),
        ("password", demo_platform::DEMO_PASSWORD),
    ];
    let signed_in = http
        .post(world.platform.join("/sign-in").expect("a URL"))
        .header(header::COOKIE, &csrf)
        .form(&form)
        .send()
        .await;
    let own = cookie(&signed_in.expect("an answer"), "meridian_session=").expect("signed in");
    let own_page = async || {
        let page = http
            .get(world.platform.join("/profile").expect("a URL"))
            .header(header::COOKIE, &own)
            .send()
            .await;
        page.expect("an answer").status()
    };
    assert_eq!(own_page().await, StatusCode::OK);

    let (started, stage) = app.stage(ELISE, Mode::View).await;
    assert_eq!(stage.status("/").await, StatusCode::OK);
    let jar = jar_cookie::Entity::find().all(&world.core.store.db).await.expect("the jar");
    assert!(jar.iter().any(|cookie| cookie.name == "meridian_session"));
    app.end(&started).await.expect("ended");

    assert_eq!(own_page().await, StatusCode::OK);
    assert_eq!(app.get::<Staff>("/api/me").await.expect("still signed in").name, "Ada");
    let left = jar_cookie::Entity::find().count(&world.core.store.db).await.expect("the jar");
    let cookies = gateway_cookie::Entity::find().count(&world.core.store.db).await.expect("cookies");
    assert_eq!((left, cookies), (0, 0), "what the platform handed out has died with the session");
    world.stop().await;
}

#[tokio::test]
async fn invariant_5_signing_out_ends_the_session_that_lies_over_the_sign_in() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let answer = app.request(Method::POST, "/api/sign-out").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    let again = world.sign_in("ada@support.example").await;
    assert_eq!(cause(&again, &started.session).await, Some(EndCause::Exit));
    assert_eq!(again.renew(&started).await.unwrap_err(), ErrorCode::SessionEnded);
    world.stop().await;
}

#[tokio::test]
async fn invariant_5_another_sign_in_of_the_same_staff_member_does_not_hold_the_session() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, _) = app.stage(ELISE, Mode::View).await;
    let other = world.sign_in("ada@support.example").await;
    assert_eq!(other.renew(&started).await.unwrap_err(), ErrorCode::Forbidden);
    assert_eq!(other.handoff(&started).await.unwrap_err(), ErrorCode::Forbidden);
    let mut forged = started.clone();
    forged.token = "x".repeat(43);
    assert_eq!(app.renew(&forged).await.unwrap_err(), ErrorCode::Forbidden);
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_a_lost_role_ends_the_session_at_the_next_request() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::View).await;
    let demoted = staff::ActiveModel { roles: Set("lead".to_owned()), ..Default::default() };
    let ada = staff::Column::Email.eq("ada@support.example");
    staff::Entity::update_many().set(demoted).filter(ada).exec(&world.core.store.db).await.expect("demoted");
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    assert_eq!(app.renew(&started).await.unwrap_err(), ErrorCode::Forbidden);
    assert_eq!(cause(&app, &started.session).await, Some(EndCause::StaffDisabled));
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_a_kind_that_is_taken_off_the_list_cannot_be_started_or_continued() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let changed =
        impersonation::ActiveModel { person_kind: Set("Administrator".to_owned()), ..Default::default() };
    let all =
        impersonation::Entity::update_many().set(changed).filter(impersonation::Column::PersonId.eq(ELISE));
    all.exec(&world.core.store.db).await.expect("changed");
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    world.stop().await;
}

#[tokio::test]
async fn one_live_session_for_each_staff_member_and_each_person() {
    let world = World::new().await;
    let ada = world.agent().await;
    let bob = world.app("Bob", &[Role::Support]).await;
    let (for_bob, code) = bob.code(ELISE, Mode::View).await;
    bob.verify(&for_bob, &code).await.expect("verified");
    let (started, _) = ada.stage(ELISE, Mode::View).await;
    assert_eq!(bob.start(&for_bob).await.err(), Some(ErrorCode::PersonBusy));
    let path = format!("/api/requests/{}/start", for_bob.id);
    let busy = bob.post::<Started>(&path, &json!({})).await.err().expect("refused");
    assert!(
        busy.name.as_deref() == Some("Ada") && busy.detail.starts_with("Ada is in this person's account"),
        "{busy:?}"
    );
    let other = crate::world::asking_for("INV-000042", Mode::View);
    let again = ada.post::<understudy_protocol::Request>("/api/requests", &other);
    assert_eq!(again.await.unwrap_err().code, ErrorCode::AlreadyImpersonating);
    ada.end(&started).await.expect("ended");
    bob.start(&for_bob).await.expect("free now");
    world.stop().await;
}

#[tokio::test]
async fn of_many_who_start_at_once_one_gets_in() {
    let world = World::new().await;
    let mut apps = Vec::new();
    for name in ["Ada", "Bob", "Cem", "Dua", "Eli"] {
        let app = world.app(name, &[Role::Support]).await;
        let (request, code) = app.code(ELISE, Mode::View).await;
        app.verify(&request, &code).await.expect("verified");
        apps.push((app, request));
    }
    let starts = join_all(apps.iter().map(|(app, request)| app.start(request))).await;
    assert_eq!(starts.iter().filter(|s| s.is_ok()).count(), 1);
    assert!(starts.iter().all(|s| s.is_ok() || s.as_ref().err() == Some(&ErrorCode::PersonBusy)));
    world.stop().await;
}

#[tokio::test]
async fn invariant_2_a_session_that_cannot_record_its_start_does_not_start() {
    let world = World::new().await;
    let app = world.agent().await;
    let (request, code) = app.code(ELISE, Mode::View).await;
    app.verify(&request, &code).await.expect("verified");
    let db = &world.core.store.db;
    db.execute_unprepared("UPDATE ledger_head SET id = 2").await.expect("the head is hidden");
    assert_eq!(app.start(&request).await.err(), Some(ErrorCode::Internal));
    db.execute_unprepared("UPDATE ledger_head SET id = 1").await.expect("the head is back");
    let page: SessionsPage = app.get("/api/sessions").await.expect("history");
    assert_eq!(page.total, 0);
    app.start(&request).await.expect("now it can");
    world.stop().await;
}

#[tokio::test]
async fn invariant_1_a_handoff_opens_one_stage_once_for_ten_seconds() {
    let world = World::at_rest().await;
    let app = world.agent().await;
    let (started, first) = app.stage(ELISE, Mode::View).await;
    let open = async |url: &reqwest::Url, cookies: &str| {
        client().get(url.clone()).header(header::COOKIE, cookies).send().await.expect("an answer")
    };

    // Where a gateway cookie is already there it is refused, and stays good for the right stage.
    let url = app.handoff(&started).await.expect("a handoff");
    assert_eq!(open(&url, &first.cookies).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(open(&url, "understudy=anything").await.status(), StatusCode::FORBIDDEN);
    let answers = join_all((0..50).map(|_| open(&url, "a=b"))).await;
    let won: Vec<_> = answers.iter().filter(|a| a.status() == StatusCode::SEE_OTHER).collect();
    assert_eq!(won.len(), 1, "the first of many wins");
    let cookie = won[0].headers()[header::SET_COOKIE].to_str().expect("text");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Domain"));
    assert_eq!(won[0].headers()[header::REFERRER_POLICY], "no-referrer");
    assert_eq!(won[0].headers()[header::LOCATION], world.gateway.as_str());
    // A new handoff put the old stage out.
    assert_eq!(first.status("/").await, StatusCode::UNAUTHORIZED);

    let late = app.handoff(&started).await.expect("a handoff");
    world.pass(Duration::from_secs(10));
    assert_eq!(open(&late, "a=b").await.status(), StatusCode::FORBIDDEN);

    let unused = app.handoff(&started).await.expect("a handoff");
    app.end(&started).await.expect("ended");
    assert_eq!(open(&unused, "a=b").await.status(), StatusCode::FORBIDDEN);
    world.stop().await;
}

#[tokio::test]
async fn invariant_1_secrets_reach_neither_logs_nor_the_database_nor_the_record() {
    let log = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let writer = std::sync::Arc::clone(&log);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || Writer(std::sync::Arc::clone(&writer)))
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new().await;
    let app = world.agent().await;
    let started = app.session(ELISE, Mode::Act).await;
    let handoff = app.handoff(&started).await.expect("a handoff");
    let pass = handoff.query().expect("a pass").trim_start_matches("pass=").to_owned();
    let mut stage = world.stage();
    stage.enter(handoff).await;
    stage.change_profile("Élise M.").await;
    let cookie =
        stage.cookies.split("; ").next().expect("a cookie").trim_start_matches("understudy=").to_owned();
    app.renew(&started).await.expect("renewed");
    app.end(&started).await.expect("ended");

    let signed_in = app.signed_in.as_ref().expect("signed in");
    let secrets = [
        ("token", started.token.as_str()),
        ("pass", &pass),
        ("cookie", &cookie),
        ("access token", &signed_in.access_token),
        ("refresh token", &signed_in.refresh_token),
        ("password", crate::world::PASSWORD),
    ];
    let log = String::from_utf8_lossy(&log.lock().expect("the log")).into_owned();
    assert!(log.contains("/api/requests/{id}/start"), "the log was caught: {log}");
    let record: String = world.ledger().await.into_iter().map(|(_, details)| details.to_string()).collect();
    let mut stored = Vec::new();
    for file in std::fs::read_dir(&world.data_dir).expect("the data folder").flatten() {
        if file.path().is_file() {
            stored.extend(std::fs::read(file.path()).expect("a file"));
        }
    }
    for (what, secret) in secrets {
        assert!(!log.contains(secret), "the log has the {what}");
        assert!(!record.contains(secret), "the record has the {what}");
        assert!(!stored.windows(secret.len()).any(|w| w == secret.as_bytes()), "a file has the {what}");
    }
    world.stop().await;
}

struct Writer(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_admin_ends_any_session_and_others_only_their_own() {
    let world = World::new().await;
    let ada = world.agent().await;
    let bob = world.app("Bob", &[Role::Support]).await;
    let lea = world.app("Lea", &[Role::Lead]).await;
    let max = world.app("Max", &[Role::Admin]).await;
    let (started, stage) = ada.stage(ELISE, Mode::View).await;
    assert_eq!(bob.end(&started).await.unwrap_err(), ErrorCode::NotFound);
    assert_eq!(lea.end(&started).await.unwrap_err(), ErrorCode::Forbidden);
    assert_eq!(stage.status("/").await, StatusCode::OK);
    let ended = max.end(&started).await.expect("ended");
    assert_eq!(ended.end_cause, Some(EndCause::StoppedByStaff));
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    assert_eq!(ada.end(&started).await.expect("already").end_cause, Some(EndCause::StoppedByStaff));

    for (app, seen) in [(&ada, 1), (&bob, 0), (&lea, 1), (&max, 1)] {
        let page: SessionsPage = app.get("/api/sessions").await.expect("history");
        assert_eq!(page.total, seen);
    }
    // Names, ID, ticket and reason, in whatever order, with or without accents; no wildcards, and nobody else's.
    let found = ["ADA", "élise", "ÉLISE marchand", "marchand  elise", "inv-000137", " payment ", "t-1 ada"];
    let (id, words) = (started.session.id.to_string(), "élise ".repeat(1_000));
    let others = [(&*id, 1), (&*words, 1), ("%", 0), ("_", 0), ("\\", 0), ("Bob", 0), ("elise bob", 0)];
    for (search, total) in found.map(|search| (search, 1)).into_iter().chain(others) {
        let mut path = world.api.join("/api/sessions").expect("a URL");
        path.query_pairs_mut().append_pair("search", search);
        let path = format!("{}?{}", path.path(), path.query().unwrap_or_default());
        let page: SessionsPage = lea.get(&path).await.expect("history");
        assert_eq!(page.total, total, "{search}");
        assert_eq!(bob.get::<SessionsPage>(&path).await.expect("history").total, 0, "{search}");
    }
    let path = format!("/api/sessions/{}", started.session.id);
    assert_eq!(bob.get::<SessionDetail>(&path).await.unwrap_err().code, ErrorCode::NotFound);
    lea.get::<SessionDetail>(&path).await.expect("leads see all");
    world.stop().await;
}

#[tokio::test]
async fn a_note_is_written_by_the_one_who_was_there_and_a_correction_keeps_both() {
    let world = World::new().await;
    let ada = world.agent().await;
    let max = world.app("Max", &[Role::Admin]).await;
    let (started, _) = ada.stage(ELISE, Mode::View).await;
    ada.end(&started).await.expect("ended");
    let path = format!("/api/sessions/{}/note", started.session.id);
    let note = |what: &str| json!({ "what": what, "why": "She asked", "solved": false });
    for (app, owed) in [(&ada, 1), (&max, 0)] {
        assert_eq!(app.get::<SessionsPage>("/api/sessions?only=unnoted").await.expect("a page").total, owed);
    }
    assert_eq!(max.post::<Note>(&path, &note("x")).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(ada.post::<Note>(&path, &note("  ")).await.unwrap_err().field.as_deref(), Some("what"));
    ada.post::<Note>(&path, &note("Looked")).await.expect("written");
    ada.post::<Note>(&path, &note("Looked twice")).await.expect("corrected");
    let detail: SessionDetail =
        ada.get(&format!("/api/sessions/{}", started.session.id)).await.expect("the session");
    assert_eq!(detail.session.note.expect("a note").what, "Looked twice");
    assert_eq!(ada.get::<SessionsPage>("/api/sessions?only=unnoted").await.expect("a page").total, 0);
    let notes = world.ledger().await.into_iter().filter(|(kind, _)| kind == "note_written").count();
    assert_eq!(notes, 2);
    world.stop().await;
}
