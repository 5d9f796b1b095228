use reqwest::StatusCode;

use crate::common::{ELISE, Platform};

#[tokio::test]
async fn an_offer_opens_a_brochure_in_a_new_tab_and_a_calculator_in_a_window() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let page = browser.text("/offers/sicily-solar").await?;
    assert!(page.contains("href=\"/offers/sicily-solar/brochure\" target=\"_blank\" rel=\"noopener\""));
    assert!(page.contains("data-window=\"/offers/sicily-solar/calculator\""));
    assert!(browser.text("/offers/sicily-solar/brochure").await?.contains("Risks"));

    let page = browser.text("/offers/sicily-solar/calculator?amount=10000&years=5").await?;
    assert!(page.contains("€560.00") && page.contains("€2,800.00"));
    let page = browser.text("/offers/sicily-solar/calculator?amount=-1&years=5").await?;
    assert!(page.contains("Enter an amount"));
    assert_eq!(browser.get("/offers/none/brochure").await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}
