use data_encoding::HEXUPPER;
use reqwest::{StatusCode, header};

use crate::common::{ELISE, JONAS, Platform};

#[tokio::test]
async fn the_tax_statement_is_two_menus_deep_and_linked_nowhere_else() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    for path in ["/", "/transactions", "/portfolio", "/profile", "/settings", "/messages", "/documents"] {
        let page = browser.text(path).await?;
        assert!(!page.contains("/tax"), "{path}");
        assert_eq!(page.contains("/documents/certificates"), path == "/documents", "{path}");
    }
    let menu = browser.text("/documents/certificates").await?;
    assert!(menu.contains("href=\"/documents/certificates/tax\""));
    let years = browser.text("/documents/certificates/tax").await?;
    assert!(years.contains("href=\"/documents/certificates/tax/2025/statement.pdf\""));
    Ok(())
}

#[tokio::test]
async fn a_tax_statement_has_the_income_of_its_person_and_year() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut elise = platform.signed_in(ELISE).await?;
    let booked = elise.text("/documents/statement.csv?year=2025").await?;
    let sum = |csv: &str, kind: &str, column: usize| -> f64 {
        let rows = csv.lines().filter(|row| row.contains(kind)).map(|row| row.split(',').nth(column));
        rows.map(|amount| amount.expect("an amount").parse::<f64>().expect("a number")).sum()
    };
    let csv = elise.text("/documents/certificates/tax/2025/statement.csv").await?;
    assert!(sum(&csv, "2025,", 3) > 0.0);
    assert_eq!(sum(&csv, "2025,", 3), sum(&booked, ",distribution,", 6));

    let pdf = elise.get("/documents/certificates/tax/2025/statement.pdf").await?;
    assert_eq!(
        pdf.headers()[header::CONTENT_DISPOSITION],
        "attachment; filename=\"meridian-tax-2025-INV-000137.pdf\""
    );
    let pdf = pdf.bytes().await?;
    // An amount stands there in hexadecimal, because of its euro sign.
    let total = [&b"\x80"[..], format!("{:.2}", sum(&csv, "2025,", 3)).as_bytes()].concat();
    for text in ["Annual tax statement 2025", "INV-000137", &HEXUPPER.encode(&total)] {
        assert!(pdf.windows(text.len()).any(|it| it == text.as_bytes()), "{text}");
    }

    let mut jonas = platform.signed_in(JONAS).await?;
    let other = jonas.get("/documents/certificates/tax/2025/statement.csv").await?;
    assert_ne!(other.text().await?, csv);
    Ok(())
}

#[tokio::test]
async fn there_is_no_tax_statement_of_a_year_that_is_not_over() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    for year in ["9999", "1999"] {
        for kind in ["pdf", "csv"] {
            let path = format!("/documents/certificates/tax/{year}/statement.{kind}");
            assert_eq!(browser.get(&path).await?.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
    Ok(())
}
