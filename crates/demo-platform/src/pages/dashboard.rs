//! The first page: who is signed in, what they have, what is new.

use askama::Template;
use axum::{Router, extract::State, response::Html, routing::get};

use super::{Frame, filters, page};
use crate::{
    App,
    auth::SignedIn,
    error::Error,
    market::{self, Offer, Transaction},
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage {
    frame: Frame,
    value_cents: i64,
    holdings: usize,
    waiting: usize,
    yearly_cents: i64,
    transactions: Vec<Transaction>,
    offers: Vec<Offer>,
}

async fn show(State(app): State<App>, account: SignedIn) -> Result<Html<String>, Error> {
    let holdings = market::holdings(&app.db, &account.person.id).await?;
    let mut transactions = market::transactions(&app.db, &account.person.id, -1).await?;
    let waiting = transactions.iter().filter(|it| it.status == "awaiting_bank").count();
    transactions.truncate(6);
    let mut offers = market::offers(&app.db).await?;
    offers.truncate(3);
    page(&DashboardPage {
        value_cents: holdings.iter().map(|it| it.value_cents()).sum(),
        yearly_cents: holdings.iter().map(|it| it.value_cents() * it.offer.yield_bp / 10_000).sum(),
        holdings: holdings.len(),
        waiting,
        transactions,
        offers,
        frame: Frame::new(&app, account, "/").await?,
    })
}
