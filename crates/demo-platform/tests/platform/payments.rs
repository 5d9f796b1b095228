use reqwest::{StatusCode, header};

use crate::common::{Browser, ELISE, JONAS, Platform};

/// The address of the payment that the bank does not confirm.
async fn stuck(browser: &mut Browser) -> anyhow::Result<String> {
    let page = browser.text("/transactions").await?;
    let (before, _) = page.split_once("Awaiting bank confirmation").expect("a stuck payment");
    let (_, path) = before.rsplit_once("href=\"").expect("its link");
    Ok(path.split('"').next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_stuck_payment_shows_both_references_and_moves_on_when_corrected() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let path = stuck(&mut browser).await?;
    let page = browser.text(&path).await?;
    assert!(page.contains("<li class=\"now\" aria-current=\"step\">"));
    assert!(page.contains("id=\"reference-received\">MER-INV-000173<"));
    assert!(page.contains("id=\"reference-expected\">MER-INV-000137<"));

    let form = format!("{path}/reference");
    let wrong = browser.post(&form, &[("reference", "MER-INV-000731")]).await?;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().await?.contains("value=\"MER-INV-000731\""));
    assert!(browser.text(&path).await?.contains("Awaiting bank confirmation</span>"));

    let right = browser.post(&form, &[("reference", " mer-inv-000137 ")]).await?;
    assert_eq!(right.headers()[header::LOCATION], format!("{path}?done=reference"));
    let page = browser.text(&path).await?;
    assert!(page.contains("class=\"status processing\">Processing<"));
    assert!(page.contains("The reference was changed from MER-INV-000173 to MER-INV-000137."));
    assert!(!page.contains("id=\"correct-reference\""));
    assert!(browser.text("/messages").await?.contains("is being processed"));

    let again = browser.post(&form, &[("reference", "MER-INV-000137")]).await?;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    Ok(())
}

#[tokio::test]
async fn the_reference_of_another_person_is_out_of_reach() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let path = stuck(&mut platform.signed_in(ELISE).await?).await?;
    let mut jonas = platform.signed_in(JONAS).await?;
    let answer = jonas.post(&format!("{path}/reference"), &[("reference", "MER-INV-000137")]).await?;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn an_order_that_waits_has_nothing_to_correct() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let answer = browser.post("/offers/sicily-solar/order", &[("units", "1")]).await?;
    let place = answer.headers()[header::LOCATION].to_str()?.to_owned();
    let page = browser.text(&place).await?;
    assert!(page.contains("Order placed") && !page.contains("correct-reference"));
    Ok(())
}
