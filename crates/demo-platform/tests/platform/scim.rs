use demo_platform::Config;
use reqwest::{Client, StatusCode, header};
use serde_json::Value;

use crate::common::Platform;

async fn get(platform: &Platform, path: &str, query: &[(&str, &str)]) -> anyhow::Result<(StatusCode, Value)> {
    let request = Client::new().get(format!("{}/scim/v2{path}", platform.origin)).query(query);
    let answer = request.bearer_auth(Config::default().scim_token).send().await?;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/scim+json");
    Ok((answer.status(), answer.json().await?))
}

async fn ids(platform: &Platform, filter: &str) -> anyhow::Result<Vec<String>> {
    let (status, list) = get(platform, "/Users", &[("filter", filter), ("count", "500")]).await?;
    assert_eq!(status, StatusCode::OK, "{list}");
    let users = list["Resources"].as_array().expect("a list");
    assert_eq!(list["totalResults"], users.len());
    Ok(users.iter().filter_map(|user| user["id"].as_str().map(Into::into)).collect())
}

#[tokio::test]
async fn the_directory_needs_its_bearer_token() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let url = format!("{}/scim/v2/Users", platform.origin);
    for request in [Client::new().get(&url), Client::new().get(&url).bearer_auth("meridian-scin")] {
        let answer = request.send().await?;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(answer.headers()[header::WWW_AUTHENTICATE].to_str()?.starts_with("Bearer"));
    }
    Ok(())
}

#[tokio::test]
async fn a_user_is_shown_whole_and_a_missing_one_is_an_error() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let (_, user) = get(&platform, "/Users/INV-000137", &[]).await?;
    assert_eq!(user["displayName"], "Élise Marchand");
    assert_eq!(user["userName"], "elise.marchand@example.com");
    assert_eq!(user["emails"][0]["value"], "elise.marchand@example.com");
    assert_eq!(user["userType"], "Investor");
    assert_eq!(user["active"], true);
    assert_eq!(user["urn:meridian:2.0:User"]["status"], "active");
    assert!(user["meta"]["created"].is_string() && user["urn:meridian:2.0:User"]["lastSeen"].is_string());

    let (status, error) = get(&platform, "/Users/INV-999999", &[]).await?;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(error["status"], "404");
    Ok(())
}

#[tokio::test]
async fn filters_find_people_by_kind_name_address_and_id() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    assert_eq!(ids(&platform, r#"userType eq "Investor""#).await?.len(), 240);
    assert_eq!(ids(&platform, r#"userType eq "company""#).await?.len(), 60);
    assert_eq!(ids(&platform, r#"id sw "com-""#).await?.len(), 60);
    for filter in [
        r#"displayName co "éLISE march""#,
        r#"emails.value eq "ELISE.marchand@example.com""#,
        r#"USERNAME sw "elise.marchand@" and not (userType eq "Company")"#,
        r#"id eq "INV-000137" or (id eq "INV-000042" and displayName co "nobody")"#,
    ] {
        assert_eq!(ids(&platform, filter).await?, ["INV-000137"], "{filter}");
    }
    Ok(())
}

#[tokio::test]
async fn a_filter_that_makes_no_sense_is_refused_in_scim_words() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let (status, error) = get(&platform, "/Users", &[("filter", r#"shoeSize eq "42""#)]).await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(error["scimType"], "invalidFilter");
    assert_eq!(error["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error");

    let (status, error) = get(&platform, "/Users", &[("count", "many")]).await?;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(error["scimType"], "invalidValue");
    Ok(())
}

#[tokio::test]
async fn pages_fit_together_without_gap_or_overlap() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let filter = r#"userType eq "Company""#;
    let mut seen = Vec::new();
    for start in ["1", "26", "51", "76"] {
        let query = [("filter", filter), ("startIndex", start), ("count", "25")];
        let (_, list) = get(&platform, "/Users", &query).await?;
        assert_eq!(list["totalResults"], 60);
        assert_eq!(list["startIndex"].to_string(), start);
        let page = list["Resources"].as_array().expect("a list");
        assert_eq!(list["itemsPerPage"], page.len());
        seen.extend(page.iter().filter_map(|user| user["id"].as_str().map(str::to_owned)));
    }
    assert_eq!(seen, ids(&platform, filter).await?);

    let (_, counted) = get(&platform, "/Users", &[("count", "0")]).await?;
    assert_eq!(counted["totalResults"], 300);
    assert_eq!(counted["Resources"].as_array().map(Vec::len), Some(0));
    Ok(())
}

#[tokio::test]
async fn every_start_has_the_same_people() -> anyhow::Result<()> {
    let everybody = async || -> anyhow::Result<Value> {
        let platform = Platform::start().await?;
        let (_, mut list) = get(&platform, "/Users", &[("count", "500")]).await?;
        let users = list["Resources"].as_array_mut().expect("a list");
        users.iter_mut().for_each(|user| user["meta"]["location"] = Value::Null);
        Ok(list)
    };
    let first = everybody().await?;
    assert_eq!(first, everybody().await?);
    assert!(first.to_string().contains("ليلى عبد الرحمن"));
    Ok(())
}
