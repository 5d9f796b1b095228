use demo_platform::AccessEntry;
use reqwest::Method;

use crate::common::{ELISE, Issuer, Platform, origin_of};

/// Method, path, status, person, actor and session of an entry.
fn facts(entry: &AccessEntry) -> (&str, &str, u16, Option<&str>, Option<&str>, Option<&str>) {
    let AccessEntry { method, path, status, person, actor, session, .. } = entry;
    (method, path, *status, person.as_deref(), actor.as_deref(), session.as_deref())
}

#[tokio::test]
async fn each_request_is_one_line_with_person_actor_and_session() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("log.jsonl");
    let issuer = Issuer::start().await?;
    let platform = Platform::start_with(|config| {
        config.identity = Some(issuer.identity(&origin_of(config)));
        config.access_log = Some(file.clone());
    })
    .await?;

    let mut own = platform.signed_in(ELISE).await?;
    own.get("/documents?done=x").await?;
    own.get("/static/meridian.css").await?;
    let token = issuer.token(&platform.origin, "GET", "/nothing");
    for _ in 0..2 {
        let request = platform.browser().request(Method::GET, "/nothing");
        request.header("Understudy-Identity", &token).send().await?;
    }

    let log = platform.running.access_log()?;
    let elise = Some("INV-000137");
    assert_eq!(
        log.iter().map(facts).collect::<Vec<_>>(),
        [
            ("GET", "/sign-in", 200, None, None, None),
            ("POST", "/sign-in", 303, None, None, None),
            ("GET", "/documents", 200, elise, None, None),
            ("GET", "/static/meridian.css", 200, None, None, None),
            ("GET", "/nothing", 404, elise, Some("STF-7"), Some("SES-1")),
            ("GET", "/nothing", 401, None, None, None),
        ]
    );
    assert!(log.is_sorted_by_key(|entry| entry.time));

    platform.running.stop().await;
    assert_eq!(std::fs::read_to_string(file)?.lines().count(), log.len());
    Ok(())
}
