//! Offer prices: a table that a WebSocket keeps up to date.

use askama::Template;
use axum::{Router, extract::State, response::Html, routing::get};

use super::{Frame, filters, page};
use crate::{
    App,
    auth::SignedIn,
    error::Error,
    live,
    market::{self, Offer},
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/offers/prices", get(show)).route("/offers/prices/live", get(live::offer_prices))
}

#[derive(Template)]
#[template(path = "prices.html")]
struct PricesPage {
    frame: Frame,
    offers: Vec<Offer>,
}

async fn show(State(app): State<App>, account: SignedIn) -> Result<Html<String>, Error> {
    let offers = market::offers(&app.db).await?;
    page(&PricesPage { frame: Frame::new(&app, account, "/offers").await?, offers })
}
