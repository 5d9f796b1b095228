use ed25519_dalek::SigningKey;
use jsonwebtoken::get_current_timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::{Browser, ELISE, Issuer, JONAS, KEY_ID, Platform, encoding_key, sign};

const HEADER: &str = "Understudy-Identity";

async fn setup() -> anyhow::Result<(Issuer, Platform, Browser)> {
    let issuer = Issuer::start().await?;
    let platform = Platform::start_for(&issuer).await?;
    let jar = platform.browser();
    Ok((issuer, platform, jar))
}

/// `GET /` with a token of these claims.
async fn status(platform: &Platform, token: &str) -> anyhow::Result<StatusCode> {
    let request = platform.browser().request(Method::GET, "/").header(HEADER, token);
    Ok(request.send().await?.status())
}

#[tokio::test]
async fn a_request_with_a_good_token_acts_as_the_person() -> anyhow::Result<()> {
    let (issuer, platform, mut jar) = setup().await?;
    let request = jar.request(Method::GET, "/").header(HEADER, issuer.token(&platform.origin, "GET", "/"));
    let answer = jar.send(request).await?;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.text().await?.contains("Élise Marchand"));

    // The session that came with it is used again, and its CSRF token opens forms.
    let cookies = jar.cookies.clone();
    let token = issuer.token(&platform.origin, "POST", "/profile");
    let form = [("display_name", "Élise M. Marchand"), ("phone", ""), ("address", "")];
    let request = jar.request(Method::POST, "/profile").header(HEADER, token).form(&jar.with_token(&form));
    assert_eq!(jar.send(request).await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(jar.cookies, cookies);
    Ok(())
}

#[tokio::test]
async fn the_query_is_no_part_of_what_a_token_is_for() -> anyhow::Result<()> {
    let (issuer, platform, jar) = setup().await?;
    let token = issuer.token(&platform.origin, "GET", "/documents");
    let answer = jar.request(Method::GET, "/documents?done=uploaded").header(HEADER, token).send().await?;
    assert_eq!(answer.status(), StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn a_token_is_good_once() -> anyhow::Result<()> {
    let (issuer, platform, _) = setup().await?;
    let token = issuer.token(&platform.origin, "GET", "/");
    assert_eq!(status(&platform, &token).await?, StatusCode::OK);
    assert_eq!(status(&platform, &token).await?, StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn a_token_for_anything_else_is_refused() -> anyhow::Result<()> {
    let (issuer, platform, _) = setup().await?;
    let wrong: [(&str, Value); 8] = [
        ("iss", json!("https://evil.example")),
        ("aud", json!("https://other.example")),
        ("exp", json!(get_current_timestamp() - 30)),
        ("htm", json!("POST")),
        ("htu", json!(format!("{}/profile", platform.origin))),
        ("htu", json!("https://other.example/")),
        ("sub", json!("INV-999999")),
        ("act", Value::Null),
    ];
    for (claim, value) in wrong {
        let mut claims = Issuer::claims(&platform.origin, "GET", "/");
        claims[claim] = value;
        assert_eq!(status(&platform, &issuer.sign(&claims)).await?, StatusCode::UNAUTHORIZED, "{claim}");
    }
    assert_eq!(status(&platform, "not a token").await?, StatusCode::UNAUTHORIZED);

    let two = platform
        .browser()
        .request(Method::GET, "/")
        .header(HEADER, issuer.token(&platform.origin, "GET", "/"))
        .header(HEADER, issuer.token(&platform.origin, "GET", "/"));
    assert_eq!(two.send().await?.status(), StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn a_token_by_another_key_is_refused_and_keys_are_not_fetched_for_each() -> anyhow::Result<()> {
    let (issuer, platform, _) = setup().await?;
    let forger = encoding_key(&SigningKey::from_bytes(&[8; 32]))?;
    for kid in [KEY_ID, "made-up-1", "made-up-2"] {
        let token = sign(kid, &forger, &Issuer::claims(&platform.origin, "GET", "/"));
        assert_eq!(status(&platform, &token).await?, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(issuer.times_fetched(), 1);
    Ok(())
}

#[tokio::test]
async fn a_session_minted_for_an_impersonation_is_worth_nothing_alone() -> anyhow::Result<()> {
    let (issuer, platform, mut jar) = setup().await?;
    let request = jar.request(Method::GET, "/").header(HEADER, issuer.token(&platform.origin, "GET", "/"));
    jar.send(request).await?;
    let minted = jar.cookies["meridian_session"].clone();
    assert_eq!(jar.get("/").await?.status(), StatusCode::UNAUTHORIZED);

    // Nor is it taken over by another session of the same staff in the same account.
    let mut claims = Issuer::claims(&platform.origin, "GET", "/");
    claims["sid"] = json!("SES-2");
    let request = jar.request(Method::GET, "/").header(HEADER, issuer.sign(&claims));
    assert_eq!(jar.send(request).await?.status(), StatusCode::OK);
    assert_ne!(jar.cookies["meridian_session"], minted);
    Ok(())
}

#[tokio::test]
async fn the_persons_own_sign_in_stays_as_it_was() -> anyhow::Result<()> {
    let (issuer, platform, mut jar) = setup().await?;
    let mut own = platform.signed_in(ELISE).await?;

    // Even if her cookie were to reach the gateway's jar, it is not used.
    jar.cookies = own.cookies.clone();
    let request = jar.request(Method::GET, "/").header(HEADER, issuer.token(&platform.origin, "GET", "/"));
    jar.send(request).await?;
    assert_ne!(jar.cookies["meridian_session"], own.cookies["meridian_session"]);

    let token = issuer.token(&platform.origin, "POST", "/settings/password");
    let form = [("new", "another-password"), ("repeat", "another-password")];
    let request =
        jar.request(Method::POST, "/settings/password").header(HEADER, token).form(&jar.with_token(&form));
    assert_eq!(jar.send(request).await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(own.get("/").await?.status(), StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn whoever_acts_as_somebody_cannot_sign_in_as_them() -> anyhow::Result<()> {
    let (issuer, platform, mut jar) = setup().await?;
    let request = jar.request(Method::GET, "/").header(HEADER, issuer.token(&platform.origin, "GET", "/"));
    jar.send(request).await?;
    let cookies = jar.cookies.clone();
    let form = [("email", ELISE), ("password", demo_platform::DEMO_PASSWORD)];
    let token = issuer.token(&platform.origin, "POST", "/sign-in");
    let request = jar.request(Method::POST, "/sign-in").header(HEADER, token).form(&jar.with_token(&form));
    jar.send(request).await?;
    assert_eq!(jar.cookies, cookies);
    Ok(())
}

#[tokio::test]
async fn being_impersonated_is_not_being_seen() -> anyhow::Result<()> {
    let (issuer, platform, jar) = setup().await?;
    let last_seen = async || -> anyhow::Result<Value> {
        let request = platform.browser().request(Method::GET, "/scim/v2/Users/INV-000137");
        let user: Value = request.bearer_auth("meridian-scim").send().await?.json().await?;
        Ok(user["urn:meridian:2.0:User"]["lastSeen"].clone())
    };
    let before = last_seen().await?;
    jar.request(Method::GET, "/").header(HEADER, issuer.token(&platform.origin, "GET", "/")).send().await?;
    assert_eq!(last_seen().await?, before);
    platform.signed_in(ELISE).await?;
    assert_ne!(last_seen().await?, before);
    Ok(())
}

#[tokio::test]
async fn without_an_issuer_the_header_means_nothing() -> anyhow::Result<()> {
    let issuer = Issuer::start().await?;
    let platform = Platform::start().await?;
    let token = issuer.token(&platform.origin, "GET", "/");
    let mut jonas = platform.signed_in(JONAS).await?;
    let request = jonas.request(Method::GET, "/").header(HEADER, token);
    assert!(jonas.send(request).await?.text().await?.contains("Jonas Weber"));
    assert_eq!(issuer.times_fetched(), 0);
    Ok(())
}
