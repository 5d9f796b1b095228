use reqwest::{StatusCode, header};

use crate::common::{COMPANY, ELISE, Platform};

const MISLEADING: &str = "The legal form is not valid for this company.";

fn company<'a>(form: &'a str, number: &'a str, then: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("legal_name", "Elbufer Logistik"),
        ("legal_form", form),
        ("registration_number", number),
        ("country", "Germany"),
        ("then", then),
    ]
}

#[tokio::test]
async fn spaces_in_the_registration_number_are_blamed_on_the_legal_form() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(COMPANY).await?;
    let entered = browser.get("/application").await?;
    assert_eq!(entered.headers()[header::LOCATION], "/application/company");
    assert!(browser.text("/application/company").await?.contains("value=\"HRB 128 074\""));

    for form in ["GmbH &amp; Co. KG", "GmbH & Co. KG", "GmbH", "AG"] {
        let answer = browser.post("/application/company", &company(form, "HRB 128 074", "next")).await?;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().await?.contains(MISLEADING));
    }
    let solved = browser.post("/application/company", &company("GmbH & Co. KG", "HRB128074", "next")).await?;
    assert_eq!(solved.headers()[header::LOCATION], "/application/people");
    Ok(())
}

#[tokio::test]
async fn drafts_are_kept_from_step_to_step_until_the_application_is_submitted() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut browser = platform.signed_in(COMPANY).await?;
    let half = [("director", "Ada <b>"), ("director_born", ""), ("owner", ""), ("owner_share", "")];
    let draft = browser.post("/application/people", &[&half[..], &[("then", "draft")]].concat()).await?;
    assert_eq!(draft.headers()[header::LOCATION], "/application/people?done=draft");
    let page = browser.text("/application/people?done=draft").await?;
    assert!(page.contains("Your draft is saved.") && page.contains("Ada &#60;b&#62;"));

    let early = browser.post("/application/submit", &[]).await?;
    assert_eq!(early.status(), StatusCode::UNPROCESSABLE_ENTITY);

    browser.post("/application/company", &company("GmbH & Co. KG", "HRB128074", "next")).await?;
    let people = [
        ("director", "Ada Brandt"),
        ("director_born", "1979-02-14"),
        ("owner", "Jo Brandt"),
        ("owner_share", "60"),
    ];
    let next = browser.post("/application/people", &people).await?;
    assert_eq!(next.headers()[header::LOCATION], "/application/bank");
    let bank = [
        ("account_holder", "Elbufer Logistik"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("source_of_funds", "Sales"),
    ];
    let next = browser.post("/application/bank", &bank).await?;
    assert_eq!(next.headers()[header::LOCATION], "/application/review");
    let done = browser.post("/application/submit", &[]).await?;
    assert_eq!(done.headers()[header::LOCATION], "/application/review?done=submitted");
    assert!(browser.text("/messages").await?.contains("We have received your application"));

    let late = browser.post("/application/bank", &bank).await?;
    assert_eq!(late.status(), StatusCode::BAD_REQUEST);
    let entered = browser.get("/application/company").await?;
    assert_eq!(entered.headers()[header::LOCATION], "/application/review");
    Ok(())
}

#[tokio::test]
async fn only_companies_have_an_application() -> anyhow::Result<()> {
    let platform = Platform::start().await?;
    let mut elise = platform.signed_in(ELISE).await?;
    assert!(!elise.text("/").await?.contains("/application"));
    for path in ["/application", "/application/company", "/application/review"] {
        assert_eq!(elise.get(path).await?.status(), StatusCode::NOT_FOUND);
    }
    for path in ["/application/company", "/application/submit"] {
        let answer = elise.post(path, &company("AG", "1", "next")).await?;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
    Ok(())
}
