//! The record in a real database, against somebody who may write to it.

use std::sync::Arc;

use futures_util::future::join_all;
use sea_orm::ConnectionTrait as _;
use serde_json::json;
use understudy_ledger::{Head, verify::Finding};
use understudy_protocol::Mode;
use understudy_server::{
    clock::Clock,
    ledger_check::{check, parse_head, show_head},
    serve,
    store::{Entry, Job},
};

use crate::world::{ELISE, World};

fn entry(n: usize) -> Job {
    let entry = Entry {
        kind: "person_viewed",
        staff: None,
        person: Some(format!("P{n}")),
        session: None,
        details: json!({ "n": n }),
    };
    Job { entries: vec![entry], ..Job::default() }
}

async fn findings(world: &World, noted: &[Head]) -> Vec<Finding> {
    check(&world.core.store.db, &world.core.keys, noted).await.expect("checked").findings
}

#[tokio::test]
async fn invariant_10_the_verifier_finds_what_was_done_to_the_database() {
    let world = World::new().await;
    for n in 0..20 {
        world.core.store.write(entry(n)).await.expect("written");
    }
    let db = &world.core.store.db;
    let noted = check(db, &world.core.keys, &[]).await.expect("checked").head;
    assert_eq!(findings(&world, &[noted]).await, []);

    let attacks = [
        "UPDATE ledger_entry SET details = '{\"n\":99}' WHERE idx = 7",
        "DELETE FROM ledger_entry WHERE idx = 7",
        "DELETE FROM ledger_entry WHERE idx = 19",
        "UPDATE ledger_entry SET idx = 100 WHERE idx = 7; UPDATE ledger_entry SET idx = 7 WHERE idx = 8; UPDATE ledger_entry SET idx = 8 WHERE idx = 100",
        "UPDATE ledger_entry SET leaf = (SELECT leaf FROM ledger_entry WHERE idx = 8), details = NULL WHERE idx = 7",
        "INSERT INTO ledger_entry (idx, leaf, salt, details, kind, at) SELECT 20, leaf, salt, details, kind, at FROM ledger_entry WHERE idx = 8",
        "UPDATE ledger_head SET size = 19",
        "UPDATE ledger_entry SET kind = 'other' WHERE idx = 7",
        "UPDATE ledger_entry SET session_id = NULL, at = at + 1 WHERE idx = 7",
    ];
    db.execute_unprepared("CREATE TABLE entry_copy AS SELECT * FROM ledger_entry").await.expect("copied");
    db.execute_unprepared("CREATE TABLE head_copy AS SELECT * FROM ledger_head").await.expect("copied");
    for attack in attacks {
        for statement in attack.split("; ") {
            db.execute_unprepared(statement).await.expect(statement);
        }
        assert!(!findings(&world, &[]).await.is_empty(), "{attack}");
        for statement in [
            "DELETE FROM ledger_entry",
            "INSERT INTO ledger_entry SELECT * FROM entry_copy",
            "DELETE FROM ledger_head",
            "INSERT INTO ledger_head SELECT * FROM head_copy",
        ] {
            db.execute_unprepared(statement).await.expect(statement);
        }
        assert_eq!(findings(&world, &[noted]).await, [], "put back");
    }

    // Somebody cuts off the end and lets the server build a new one: the stored head fits, the noted does not.
    let shorter = World::new().await;
    for n in 0..10 {
        shorter.core.store.write(entry(n)).await.expect("written");
    }
    assert_eq!(findings(&shorter, &[]).await, []);
    assert!(!findings(&shorter, &[noted]).await.is_empty());
    shorter.stop().await;

    // Details may be erased; the record stays whole.
    db.execute_unprepared("UPDATE ledger_entry SET details = NULL WHERE idx = 3").await.expect("erased");
    assert_eq!(findings(&world, &[noted]).await, []);
    world.stop().await;
}

#[tokio::test]
async fn invariant_10_two_servers_that_write_at_once_make_one_whole_record() {
    let world = World::new().await;
    let second = serve::open(world.core.config.clone(), Clock::Database).await.expect("a second server");
    let stores = [Arc::clone(&world.core), second];
    let writes = (0..400).map(|n| {
        let core = Arc::clone(&stores[n % 2]);
        async move { core.store.write(entry(n)).await.expect("written") }
    });
    let mut places = join_all(writes).await;
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 400, "each has a place of its own");
    let report = check(&world.core.store.db, &world.core.keys, &[]).await.expect("checked");
    assert_eq!((report.head.size, report.findings), (400, vec![]));
    world.stop().await;
}

#[tokio::test]
async fn a_server_with_another_key_does_not_start_on_the_same_database() {
    let world = World::new().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = world.core.config.clone();
    let file = format!("sqlite:{}", world.data_dir.join("understudy.db").display());
    config.database.url.get_or_insert_with(|| file.into());
    config.data_dir = folder.path().to_owned();
    let refused = serve::open(config, Clock::Database).await.err().expect("refused");
    assert!(refused.to_string().contains("another key"), "{refused:#}");
    world.stop().await;
}

#[tokio::test]
async fn a_head_reads_as_it_is_printed() {
    let head = Head { size: 42, root: [0xab; 32] };
    assert_eq!(parse_head(&show_head(&head)), Ok(head));
    for bad in ["", "42", "42:xyz", "x:ab", "42:abab"] {
        assert!(parse_head(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn leaves_have_pseudonyms_and_details_say_who() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, _) = app.stage(ELISE, Mode::View).await;
    let leaves = world.core.store.db.query_all_raw(sea_orm::Statement::from_string(
        world.core.store.db.get_database_backend(),
        "SELECT leaf FROM ledger_entry",
    ));
    for row in leaves.await.expect("entries") {
        let leaf: Vec<u8> = row.try_get("", "leaf").expect("bytes");
        let leaf = String::from_utf8(leaf).expect("JSON");
        assert!(!leaf.contains(ELISE) && !leaf.contains(&started.session.id.to_string()), "{leaf}");
    }
    let (_, details) =
        world.ledger().await.into_iter().find(|(kind, _)| kind == "session_started").expect("recorded");
    assert_eq!(details["person_id"], ELISE);
    assert_eq!(details["staff_id"], started.session.staff.id.to_string());
    world.stop().await;
}
