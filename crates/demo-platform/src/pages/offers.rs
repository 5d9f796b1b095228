//! Offers, ordering units of one, and the portfolio.

use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
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
