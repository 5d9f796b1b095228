//! The server as whoever runs it sees it: whether it is well, and how it stops.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use understudy_protocol::{Mode, Staff};

use crate::world::{ELISE, World, client};

#[tokio::test]
async fn a_server_that_cannot_write_its_record_is_not_well() {
    let world = World::new().await;
    let health = async || {
        let asked = client().get(world.api.join("/healthz").expect("a URL")).send().await.expect("an answer");
        asked.status()
    };
    assert_eq!(health().await, StatusCode::OK);
    // A good answer counts for a second.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    // Somebody holds the lock that every writer needs; reading still works.
    let lock = world.core.store.db.begin().await.expect("a transaction");
    lock.execute_unprepared("UPDATE ledger_head SET id = id").await.expect("locked");
    assert_eq!(health().await, StatusCode::INTERNAL_SERVER_ERROR);
    lock.rollback().await.expect("let go");
    assert_eq!(health().await, StatusCode::OK);
    world.stop().await;
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_finishes_what_is_running_and_cuts_what_has_no_end() {
    let mut world = World::new().await;
    let finished = {
        let app = world.agent().await;
        let (_, stage) = app.stage(ELISE, Mode::View).await;
        let events = app.request(reqwest::Method::GET, "/api/events").send().await.expect("an answer");
        assert_eq!(events.status(), StatusCode::OK);
        let mut short =
            Box::pin(stage.get("/documents/statement.csv?rows=20&delay_ms=50").await.bytes_stream());
        let mut endless = Box::pin(stage.get("/live/prices?interval_ms=50").await.bytes_stream());
        for stream in [&mut short, &mut endless] {
            stream.next().await.expect("a chunk").expect("bytes");
        }
        async move {
            let mut whole = true;
            while let Some(chunk) = short.next().await {
                whole &= chunk.is_ok();
            }
            while let Some(Ok(_)) = endless.next().await {}
            drop(events);
            whole
        }
    };
    let begun = Instant::now();
    let (finished, ()) =
        tokio::join!(tokio::time::timeout(Duration::from_secs(6), finished), world.stop_server());
    assert!(finished.expect("what is running ends"), "the download was cut in the middle");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let refused = client().get(world.api.join("/healthz").expect("a URL")).send().await;
    assert!(refused.is_err(), "nobody listens any more");
    world.stop().await;
}

#[tokio::test]
async fn a_server_whose_apps_only_listen_stops_at_once() {
    let mut world = World::new().await;
    let app = world.agent().await;
    let events = app.request(reqwest::Method::GET, "/api/events").send().await.expect("an answer");
    assert!(app.get::<Staff>("/api/me").await.is_ok());
    drop(app);
    let begun = Instant::now();
    world.stop_server().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(events);
    world.stop().await;
}
