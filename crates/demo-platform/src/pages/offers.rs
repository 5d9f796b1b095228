//! Offers, ordering units of one, and the portfolio.

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use chrono::Utc;
use serde::Deserialize;

use super::{Frame, filters, page};
use crate::{
    App,
    auth::{SignedIn, csrf::SignedForm},
    error::Error,
    market::{self, Holding, Offer},
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/offers", get(list))
        .route("/offers/{id}", get(show))
        .route("/offers/{id}/order", post(order))
        .route("/offers/{id}/brochure", get(brochure))
        .route("/offers/{id}/calculator", get(calculator))
        .route("/portfolio", get(portfolio))
}

#[derive(Template)]
#[template(path = "offers.html")]
struct OffersPage {
    frame: Frame,
    offers: Vec<Offer>,
}

async fn list(State(app): State<App>, account: SignedIn) -> Result<Html<String>, Error> {
    let offers = market::offers(&app.db).await?;
    page(&OffersPage { frame: Frame::new(&app, account, "/offers").await?, offers })
}

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage {
    frame: Frame,
    offer: Offer,
    units: String,
}

async fn show(
    State(app): State<App>,
    account: SignedIn,
    Path(id): Path<String>,
) -> Result<Html<String>, Error> {
    let offer = market::offer(&app.db, &id).await?.ok_or(Error::NotFound)?;
    page(&OfferPage { frame: Frame::new(&app, account, "/offers").await?, offer, units: "10".into() })
}

#[derive(Deserialize)]
struct OrderForm {
    units: String,
}

async fn order(
    State(app): State<App>,
    Path(id): Path<String>,
    SignedForm(account, form): SignedForm<OrderForm>,
) -> Result<Response, Error> {
    let offer = market::offer(&app.db, &id).await?.ok_or(Error::NotFound)?;
    match form.units.trim().parse() {
        Ok(units @ 1..=10_000) => {
            let id = market::order(&app.db, &account.person.id, &offer, units, Utc::now()).await?;
            Ok(Redirect::to(&format!("/transactions/{id}?done=ordered")).into_response())
        }
        _ => {
            let frame = Frame::new(&app, account, "/offers")
                .await?
                .problem("Units must be a whole number from 1 to 10,000.");
            let again = page(&OfferPage { frame, offer, units: form.units })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
    }
}

#[derive(Template)]
#[template(path = "brochure.html")]
struct BrochurePage {
    offer: Offer,
}

/// A page of its own, for a new tab.
async fn brochure(
    State(app): State<App>,
    _: SignedIn,
    Path(id): Path<String>,
) -> Result<Html<String>, Error> {
    page(&BrochurePage { offer: market::offer(&app.db, &id).await?.ok_or(Error::NotFound)? })
}

#[derive(Deserialize)]
struct Calculation {
    /// Whole euros.
    #[serde(default = "ten_thousand")]
    amount: String,
    #[serde(default = "five")]
    years: String,
}

fn ten_thousand() -> String {
    "10000".into()
}

fn five() -> String {
    "5".into()
}

#[derive(Template)]
#[template(path = "calculator.html")]
struct CalculatorPage {
    offer: Offer,
    form: Calculation,
    /// Interest of a year and of all years, in cents; `None` when the form makes no sense.
    result: Option<(i64, i64)>,
}

/// A small window beside the offer.
async fn calculator(
    State(app): State<App>,
    _: SignedIn,
    Path(id): Path<String>,
    Query(form): Query<Calculation>,
) -> Result<Html<String>, Error> {
    let offer = market::offer(&app.db, &id).await?.ok_or(Error::NotFound)?;
    let result = match (form.amount.trim().parse::<i64>(), form.years.trim().parse::<i64>()) {
        (Ok(amount @ 1..=10_000_000), Ok(years @ 1..=30)) => {
            let yearly = amount * offer.yield_bp / 100;
            Some((yearly, yearly * years))
        }
        _ => None,
    };
    page(&CalculatorPage { offer, form, result })
}

#[derive(Template)]
#[template(path = "portfolio.html")]
struct PortfolioPage {
    frame: Frame,
    holdings: Vec<Holding>,
    value_cents: i64,
}

async fn portfolio(State(app): State<App>, account: SignedIn) -> Result<Html<String>, Error> {
    let holdings = market::holdings(&app.db, &account.person.id).await?;
    let value_cents = holdings.iter().map(|it| it.value_cents()).sum();
    page(&PortfolioPage { frame: Frame::new(&app, account, "/portfolio").await?, holdings, value_cents })
}
