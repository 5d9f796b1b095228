//! Statements and certificates: a menu below the documents, and the yearly tax statements in it.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::{Html, Response},
    routing::get,
};
use chrono::{Datelike as _, Utc};

use super::{Frame, filters, page};
use crate::{
    App,
    auth::SignedIn,
    csv,
    error::Error,
    market::money,
    pdf::{self, Column},
    tax::{self, Income},
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/documents/certificates", get(menu))
        .route("/documents/certificates/account", get(account_statements))
        .route("/documents/certificates/tax", get(tax_statements))
        .route("/documents/certificates/tax/{year}/statement.pdf", get(tax_pdf))
        .route("/documents/certificates/tax/{year}/statement.csv", get(tax_csv))
}

#[derive(Template)]
#[template(path = "certificates.html")]
struct MenuPage {
    frame: Frame,
}

async fn menu(State(app): State<App>, account: SignedIn) -> Result<Html<String>, Error> {
    page(&MenuPage { frame: Frame::new(&app, account, "/documents").await? })
}

#[derive(Template)]
#[template(path = "certificates_account.html")]
struct AccountPage {
    frame: Frame,
    years: Vec<i32>,
}

async fn account_statements(State(app): State<App>, account: SignedIn) -> Result<Html<String>, Error> {
    let transactions = crate::market::transactions(&app.db, &account.person.id, -1).await?;
    let years = super::statement::years(&transactions);
    page(&AccountPage { frame: Frame::new(&app, account, "/documents").await?, years })
}

#[derive(Template)]
#[template(path = "certificates_tax.html")]
struct TaxPage {
    frame: Frame,
    /// Years that are over, newest first, with what was earned in them.
    years: Vec<(i32, i64)>,
    this_year: i32,
}

async fn tax_statements(State(app): State<App>, account: SignedIn) -> Result<Html<String>, Error> {
    let this_year = Utc::now().year();
    let years = tax::years(&app.db, &account.person.id, this_year).await?;
    page(&TaxPage { frame: Frame::new(&app, account, "/documents").await?, years, this_year })
}

/// What was earned in a year that is over and that the person had an account in.
async fn earned(app: &App, account: &SignedIn, year: i32) -> Result<Vec<Income>, Error> {
    let years = tax::years(&app.db, &account.person.id, Utc::now().year()).await?;
    if !years.iter().any(|(known, _)| *known == year) {
        return Err(Error::NotFound);
    }
    Ok(tax::income(&app.db, &account.person.id, year).await?)
}

async fn tax_pdf(
    State(app): State<App>,
    account: SignedIn,
    Path(year): Path<i32>,
) -> Result<Response, Error> {
    const COLUMNS: [Column; 4] = [
        Column { head: "Offer", at: 56.0, right: false },
        Column { head: "Payouts", at: 330.0, right: true },
        Column { head: "Income", at: 435.0, right: true },
        Column { head: "Tax withheld", at: 539.0, right: true },
    ];
    let income = earned(&app, &account, year).await?;
    let row =
        |it: &Income| vec![it.offer.clone(), it.payouts.to_string(), money(&it.cents), money(&it.withheld())];
    let payouts: i64 = income.iter().map(|it| it.payouts).sum();
    let cents: i64 = income.iter().map(|it| it.cents).sum();
    let withheld: i64 = income.iter().map(Income::withheld).sum();
    let mut facts = pdf::holder(&account.person);
    facts.push(("Tax year", year.to_string()));
    let statement = pdf::Statement {
        title: &format!("Annual tax statement {year}"),
        facts,
        columns: &COLUMNS,
        rows: income.iter().map(row).collect(),
        total: Some(vec!["Total".into(), payouts.to_string(), money(&cents), money(&withheld)]),
        note: "Meridian pays out gross. Please declare this income where you are liable for tax.",
    };
    Ok(statement.download(&format!("meridian-tax-{year}-{}", account.person.id)))
}

async fn tax_csv(
    State(app): State<App>,
    account: SignedIn,
    Path(year): Path<i32>,
) -> Result<Response, Error> {
    let income = earned(&app, &account, year).await?;
    let mut text = csv::row(["year", "offer", "payouts", "income", "tax_withheld"]);
    for it in &income {
        text += &csv::row([
            &year.to_string(),
            &it.offer,
            &it.payouts.to_string(),
            &csv::amount(it.cents),
            &csv::amount(it.withheld()),
        ]);
    }
    Ok(csv::download(&format!("meridian-tax-{year}-{}", account.person.id), text))
}
