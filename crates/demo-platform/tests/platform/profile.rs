use reqwest::{StatusCode, header};

use crate::common::{ELISE, Platform};

#[tokio::test]
async fn a_profile_is_saved_and_what_is_typed_is_shown_as_text() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let form = [("display_name", "<b>Élise</b>"), ("phone", "+33 1 23"), ("address", "1 rue X")];
    let answer = browser.post("/profile", &form).await?;
    assert_eq!(answer.headers()[header::LOCATION], "/profile?done=profile");
    let page = browser.get("/profile?done=profile").await?.text().await?;
    assert!(page.contains("Your profile is saved.") && page.contains("+33 1 23"));
    assert!(!page.contains("<b>Élise</b>"));
    Ok(())
}

#[tokio::test]
async fn a_profile_without_a_name_is_refused_and_nothing_typed_is_lost() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let form = [("display_name", " "), ("phone", ""), ("address", "9 rue Neuve")];
    let answer = browser.post("/profile", &form).await?;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await?.contains("9 rue Neuve"));
    Ok(())
}
