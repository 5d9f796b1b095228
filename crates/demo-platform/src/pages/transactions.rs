//! The list of payments, and one of them with where it stands.

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

use super::{Done, Frame, filters, page, statement};
use crate::{
    App,
    auth::{SignedIn, csrf::SignedForm},
    error::Error,
    market::{self, Transaction},
    messages,
    payments::{self, Step},
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/transactions", get(list))
        .route("/transactions/{id}", get(show))
        .route("/transactions/{id}/reference", post(correct))
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
    steps: Vec<Step>,
    /// What stands in the form; `None` when nothing is to be corrected.
    correct: Option<String>,
    transaction: Transaction,
}

impl TransactionPage {
    async fn new(app: &App, frame: Frame, transaction: Transaction) -> Result<Self, Error> {
        let correction = payments::correction(&app.db, transaction.id).await?;
        let steps = payments::timeline(&transaction, correction.as_ref());
        let correct = transaction.has_wrong_reference().then(|| transaction.reference.clone());
        Ok(Self { frame, steps, correct, transaction })
    }
}

async fn show(
    State(app): State<App>,
    account: SignedIn,
    Path(id): Path<i64>,
    Query(done): Query<Done>,
) -> Result<Html<String>, Error> {
    let transaction = market::transaction(&app.db, &account.person.id, id).await?.ok_or(Error::NotFound)?;
    let frame = Frame::new(&app, account, "/transactions").await?.notice(&done);
    page(&TransactionPage::new(&app, frame, transaction).await?)
}

#[derive(Deserialize)]
struct ReferenceForm {
    reference: String,
}

async fn correct(
    State(app): State<App>,
    Path(id): Path<i64>,
    SignedForm(account, form): SignedForm<ReferenceForm>,
) -> Result<Response, Error> {
    let person = account.person.id.clone();
    let transaction = market::transaction(&app.db, &person, id).await?.ok_or(Error::NotFound)?;
    if !transaction.has_wrong_reference() {
        return Err(Error::Invalid("The reference of this payment does not need a correction."));
    }
    if !form.reference.trim().eq_ignore_ascii_case(&transaction.expected_reference) {
        let problem = "No account has this reference. Compare it with the reference that is expected.";
        let frame = Frame::new(&app, account, "/transactions").await?.problem(problem);
        let mut again = TransactionPage::new(&app, frame, transaction).await?;
        again.correct = Some(form.reference);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response());
    }
    let now = Utc::now();
    if payments::correct_reference(&app.db, &transaction, now).await? {
        let subject = format!("Payment {} is being processed", transaction.number());
        let body = format!(
            "The reference of your payment of {} has been corrected to {}. It will be booked within one working day.",
            market::money(&transaction.amount_cents),
            transaction.expected_reference,
        );
        messages::send(&app, &person, &subject, &body, now).await?;
    }
    Ok(Redirect::to(&format!("/transactions/{id}?done=reference")).into_response())
}
