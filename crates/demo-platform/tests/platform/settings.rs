use demo_platform::DEMO_PASSWORD;
use reqwest::StatusCode;

use crate::common::{ELISE, JONAS, Platform};

#[tokio::test]
async fn a_new_password_needs_the_current_one_and_signs_others_out() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut here = platform.signed_in(ELISE).await?;
    let mut elsewhere = platform.signed_in(ELISE).await?;

    let wrong = [("current", "guess"), ("new", "a-new-password"), ("repeat", "a-new-password")];
    assert_eq!(here.post("/settings/password", &wrong).await?.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(elsewhere.get("/").await?.status(), StatusCode::OK);

    let right = [("current", DEMO_PASSWORD), ("new", "a-new-password"), ("repeat", "a-new-password")];
    assert_eq!(here.post("/settings/password", &right).await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(here.get("/").await?.status(), StatusCode::OK);
    assert_eq!(elsewhere.get("/").await?.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(platform.browser().sign_in(ELISE, "a-new-password").await?.status(), StatusCode::SEE_OTHER);
    Ok(())
}

#[tokio::test]
async fn bank_details_must_be_a_valid_iban() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let answer = browser.post("/settings/bank", &[("iban", "DE89 3704 0044 0532 0130 01")]).await?;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let answer = browser.post("/settings/bank", &[("iban", "de89 3704 0044 0532 0130 00")]).await?;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(browser.get("/settings").await?.text().await?.contains("DE89 3704 0044 0532 0130 00"));
    Ok(())
}

#[tokio::test]
async fn an_email_address_belongs_to_one_account() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let taken = browser.post("/settings/email", &[("email", &JONAS.to_uppercase())]).await?;
    assert_eq!(taken.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let free = browser.post("/settings/email", &[("email", "elise@example.org")]).await?;
    assert_eq!(free.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        platform.browser().sign_in("elise@example.org", DEMO_PASSWORD).await?.status(),
        StatusCode::SEE_OTHER
    );
    Ok(())
}

#[tokio::test]
async fn an_order_becomes_a_payment_that_waits_for_the_bank() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let answer = browser.post("/offers/sicily-solar/order", &[("units", "7")]).await?;
    let place = answer.headers()["location"].to_str()?.to_owned();
    let page = browser.get(&place).await?.text().await?;
    assert!(page.contains("−€700.00") && page.contains("Awaiting bank confirmation"));
    let refused = browser.post("/offers/sicily-solar/order", &[("units", "-1")]).await?;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    Ok(())
}
