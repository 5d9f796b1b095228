//! The list of payments, and one of them with where it stands.

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Html,
    routing::get,
};

use super::{Done, Frame, filters, page, statement};
use crate::{
    App,
    auth::SignedIn,
    error::Error,
    market::{self, Transaction},
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/transactions", get(list)).route("/transactions/{id}", get(show))
}

#[derive(Template)]
#[template(path = "transactions.html")]
struct TransactionsPage {
    frame: Frame,
    transactions: Vec<Transaction>,
    /// With payments in them, newest first.
    years: Vec<i32>,
}

async fn list(State(app): State<App>, account: SignedIn) -> Result<Html<String>, Error> {
    let transactions = market::transactions(&app.db, &account.person.id, -1).await?;
    let years = statement::years(&transactions);
    page(&TransactionsPage { frame: Frame::new(&app, account, "/transactions").await?, transactions, years })
}

#[derive(Template)]
#[template(path = "transaction.html")]
struct TransactionPage {
    frame: Frame,
    transaction: Transaction,
}

async fn show(
    State(app): State<App>,
    account: SignedIn,
    Path(id): Path<i64>,
    Query(done): Query<Done>,
) -> Result<Html<String>, Error> {
    let transaction = market::transaction(&app.db, &account.person.id, id).await?.ok_or(Error::NotFound)?;
    let frame = Frame::new(&app, account, "/transactions").await?.notice(&done);
    page(&TransactionPage { frame, transaction })
}
