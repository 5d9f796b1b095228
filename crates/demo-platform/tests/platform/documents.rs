use reqwest::{Method, StatusCode, header};

use crate::common::{Browser, ELISE, JONAS, Platform};

/// The address of the newest document.
async fn newest(browser: &mut Browser) -> anyhow::Result<String> {
    let page = browser.get("/documents").await?.text().await?;
    let (_, rest) = page.split_once("<tbody>").expect("a table");
    let (_, rest) = rest.split_once("href=\"").expect("a document");
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn an_upload_comes_back_whole_and_in_ranges_under_its_name() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let answer = browser.upload("Reçu \u{20ac}.txt", "0123456789").await?;
    assert_eq!(answer.headers()[header::LOCATION], "/documents?done=uploaded");

    let path = newest(&mut browser).await?;
    let whole = browser.get(&path).await?;
    assert_eq!(
        whole.headers()[header::CONTENT_DISPOSITION],
        "attachment; filename=\"Re_u _.txt\"; filename*=UTF-8''Re%C3%A7u%20%E2%82%AC.txt"
    );
    assert_eq!(whole.headers()[header::CONTENT_TYPE], "text/plain");
    assert_eq!(whole.text().await?, "0123456789");

    let request = browser.request(Method::GET, &path).header(header::RANGE, "bytes=3-5");
    let part = browser.send(request).await?;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()[header::CONTENT_RANGE], "bytes 3-5/10");
    assert_eq!(part.text().await?, "345");

    let request = browser.request(Method::GET, &path).header(header::RANGE, "bytes=20-");
    assert_eq!(browser.send(request).await?.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    Ok(())
}

#[tokio::test]
async fn documents_of_others_are_out_of_reach() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut elise = platform.signed_in(ELISE).await?;
    elise.upload("private.txt", "secret").await?;
    let path = newest(&mut elise).await?;

    let mut jonas = platform.signed_in(JONAS).await?;
    assert_eq!(jonas.get(&path).await?.status(), StatusCode::NOT_FOUND);
    assert_eq!(jonas.post(&format!("{path}/delete"), &[]).await?.status(), StatusCode::NOT_FOUND);

    elise.post(&format!("{path}/delete"), &[]).await?;
    assert_eq!(elise.get(&path).await?.status(), StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn a_forged_upload_leaves_nothing_behind() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let platform = Platform::start_with(|config| config.data_dir = Some(folder.path().into())).await?;
    let files = || -> anyhow::Result<usize> { Ok(std::fs::read_dir(folder.path().join("files"))?.count()) };
    let before = files()?;
    let mut browser = platform.signed_in(ELISE).await?;
    browser.cookies.insert("csrf_token".into(), "forged".into());
    assert_eq!(browser.upload("a.txt", "x").await?.status(), StatusCode::FORBIDDEN);
    assert_eq!(files()?, before);
    Ok(())
}

#[tokio::test]
async fn a_special_character_in_the_name_stops_an_upload() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let answer = browser.upload("Passport #2.pdf", "x").await?;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await?.contains("Upload failed (error 4071)."));
    let renamed = browser.upload("Passport 2.pdf", "x").await?;
    assert_eq!(renamed.status(), StatusCode::SEE_OTHER);
    assert!(browser.text("/documents").await?.contains("Passport 2.pdf"));
    Ok(())
}

#[tokio::test]
async fn a_document_is_renamed_by_its_owner_and_under_the_same_rules() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut elise = platform.signed_in(ELISE).await?;
    elise.upload("scan.pdf", "x").await?;
    let path = format!("{}/rename", newest(&mut elise).await?);

    let refused = elise.post(&path, &[("name", "Lease #4.pdf")]).await?;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await?.contains("Renaming failed (error 4071)."));
    let mut jonas = platform.signed_in(JONAS).await?;
    assert_eq!(jonas.post(&path, &[("name", "mine.pdf")]).await?.status(), StatusCode::NOT_FOUND);

    let answer = elise.post(&path, &[("name", " Lease 4.pdf ")]).await?;
    assert_eq!(answer.headers()[header::LOCATION], "/documents?done=renamed");
    let page = elise.text("/documents?done=renamed").await?;
    assert!(page.contains("<bdi>Lease 4.pdf</bdi>") && page.contains("data-alert"));
    Ok(())
}

#[tokio::test]
async fn a_statement_is_of_what_was_booked_as_csv_and_pdf() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let all = browser.text("/documents/statement.csv").await?;
    let year = browser.text("/documents/statement.csv?year=2025").await?;
    let of_2025 = all.lines().filter(|line| line.starts_with("2025-")).collect::<Vec<_>>();
    assert!(!of_2025.is_empty());
    assert_eq!(year.lines().skip(1).collect::<Vec<_>>(), of_2025);

    let pdf = browser.get("/documents/statement.pdf?year=2025").await?;
    assert_eq!(pdf.headers()[header::CONTENT_TYPE], "application/pdf");
    assert_eq!(
        pdf.headers()[header::CONTENT_DISPOSITION],
        "attachment; filename=\"meridian-statement-2025-INV-000137.pdf\""
    );
    let pdf = pdf.bytes().await?;
    assert!(pdf.starts_with(b"%PDF-"));
    for line in of_2025 {
        let number = line.split(',').nth(1).expect("a number");
        assert!(pdf.windows(number.len()).any(|it| it == number.as_bytes()), "{number}");
    }
    let wrong = browser.get("/documents/statement.pdf?year=x").await?;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    Ok(())
}

#[tokio::test]
async fn a_large_upload_passes() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let content = "x".repeat(20_000_000);
    assert_eq!(browser.upload("large.bin", &content).await?.status(), StatusCode::SEE_OTHER);
    let path = newest(&mut browser).await?;
    assert_eq!(browser.get(&path).await?.content_length(), Some(20_000_000));
    Ok(())
}

#[tokio::test]
async fn a_statement_is_as_long_as_asked_for_and_the_same_each_time() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(ELISE).await?;
    let first = browser.get("/documents/statement.csv?rows=250").await?;
    assert_eq!(first.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let first = first.text().await?;
    assert_eq!(first.lines().count(), 251);
    assert_eq!(browser.get("/documents/statement.csv?rows=250&delay_ms=1").await?.text().await?, first);
    Ok(())
}
