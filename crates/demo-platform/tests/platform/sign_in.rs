use reqwest::{Method, StatusCode, header};

use crate::common::{ELISE, JONAS, Platform};

#[tokio::test]
async fn a_person_signs_in_sees_their_dashboard_and_signs_out() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let dashboard = browser.get("/").await?.text().await?;
    assert!(dashboard.contains("Élise Marchand") && dashboard.contains("INV-000137"));

    let stolen = browser.cookies.clone();
    let answer = browser.post("/sign-out", &[]).await?;
    assert_eq!(answer.headers()[header::LOCATION], "/sign-in");
    browser.cookies = stolen;
    assert_eq!(browser.get("/").await?.status(), StatusCode::UNAUTHORIZED);
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_one_answer() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut answers = Vec::new();
    for email in [JONAS, "nobody@example.com"] {
        let mut browser = platform.browser();
        let answer = browser.sign_in(email, "wrong").await?;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let text = answer.text().await?.replace(email, "");
        answers.push(text.replace(&browser.cookies["csrf_token"], ""));
        assert!(!browser.cookies.contains_key("meridian_session"));
    }
    assert_eq!(answers[0], answers[1]);
    Ok(())
}

#[tokio::test]
async fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() -> anyhow::Result<()> {
    for (origin, secure) in [("http://127.0.0.1:7100", false), ("https://meridian.example", true)] {
        let platform =
            Platform::start_with(|config| config.public_origin = origin.parse().expect("a URL")).await?;
        let answer = platform.browser().sign_in(ELISE, demo_platform::DEMO_PASSWORD).await?;
        let set = |name: &str| -> String {
            let lines =
                answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
            lines.filter(|line| line.starts_with(name)).collect()
        };
        let session = set("meridian_session=");
        assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax"), "{session}");
        assert_eq!(session.contains("Secure"), secure);
        assert!(!set("csrf_token=").contains("HttpOnly"));
        assert_eq!(answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), secure);
    }
    Ok(())
}

#[tokio::test]
async fn a_browser_is_sent_to_sign_in_and_back_but_never_to_another_site() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.browser();
    let wanted = browser.request(Method::GET, "/transactions?a=b").header(header::ACCEPT, "text/html");
    let answer = browser.send(wanted).await?;
    assert_eq!(answer.headers()[header::LOCATION], "/sign-in?next=%2Ftransactions%3Fa%3Db");

    for (next, place) in [
        ("/transactions?a=b", "/transactions?a=b"),
        ("//evil.example", "/"),
        ("/\\evil", "/"),
        ("https://e", "/"),
    ] {
        let mut browser = platform.browser();
        browser.get("/sign-in").await?;
        let fields = [("email", JONAS), ("password", demo_platform::DEMO_PASSWORD), ("next", next)];
        let answer = browser.post("/sign-in", &fields).await?;
        assert_eq!(answer.headers()[header::LOCATION], place);
    }
    Ok(())
}

#[tokio::test]
async fn a_change_needs_the_csrf_token_of_this_session_in_form_and_cookie() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut elise = platform.signed_in(ELISE).await?;
    let jonas = platform.signed_in(JONAS).await?;
    let form = [("display_name", "Élise M."), ("phone", ""), ("address", "")];
    let own = elise.cookies["csrf_token"].clone();
    let other = jonas.cookies["csrf_token"].clone();

    let without = elise.request(Method::POST, "/profile").form(&form);
    assert_eq!(elise.send(without).await?.status(), StatusCode::FORBIDDEN);

    let of_another = elise.request(Method::POST, "/profile").form(&form).header("x-csrf-token", &other);
    assert_eq!(elise.send(of_another).await?.status(), StatusCode::FORBIDDEN);

    // Both halves agree, but they belong to somebody else's session.
    elise.cookies.insert("csrf_token".into(), other);
    assert_eq!(elise.post("/profile", &form).await?.status(), StatusCode::FORBIDDEN);

    elise.cookies.insert("csrf_token".into(), own.clone());
    let by_script = elise.request(Method::POST, "/profile").form(&form).header("x-csrf-token", own);
    assert_eq!(elise.send(by_script).await?.status(), StatusCode::SEE_OTHER);
    Ok(())
}

#[tokio::test]
async fn a_suspended_person_cannot_sign_in() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let users: serde_json::Value = platform
        .browser()
        .request(Method::GET, "/scim/v2/Users?count=500")
        .bearer_auth("meridian-scim")
        .send()
        .await?
        .json()
        .await?;
    let suspended = users["Resources"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|user| user["active"] == false && user["urn:meridian:2.0:User"]["status"] == "suspended");
    let email =
        suspended.and_then(|user| user["userName"].as_str()).expect("the seed has somebody suspended");
    let answer = platform.browser().sign_in(email, demo_platform::DEMO_PASSWORD).await?;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await?.contains("suspended"));
    Ok(())
}

#[tokio::test]
async fn every_page_opens_and_forbids_what_is_not_its_own() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    for path in [
        "/",
        "/offers",
        "/offers/sicily-solar",
        "/offers/sicily-solar/brochure",
        "/offers/sicily-solar/calculator",
        "/offers/prices",
        "/live",
        "/portfolio",
        "/transactions",
        "/documents",
        "/documents/certificates",
        "/documents/certificates/account",
        "/documents/certificates/tax",
        "/messages",
        "/profile",
        "/settings",
        "/static/meridian.css",
        "/static/meridian.js",
        "/static/messages.js",
        "/static/prices.js",
        "/static/meridian.svg",
    ] {
        let answer = browser.get(path).await?;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str()?;
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{path}");
        let text = answer.text().await?;
        assert!(!text.contains("style=") && !text.contains("onclick="), "{path}");
    }
    assert_eq!(browser.get("/nothing").await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}
