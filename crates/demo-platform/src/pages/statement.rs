//! The account statement, as PDF and CSV; the CSV also as long and as slow as a test asks for.

use std::{fmt::Write as _, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Response},
    routing::get,
};
use chrono::{Datelike as _, Days, NaiveDate, Utc};
use futures_util::StreamExt as _;
use serde::Deserialize;

use super::filters::day_of;
use crate::{
    App,
    auth::SignedIn,
    csv,
    error::Error,
    market::{self, Transaction, money},
    pdf::{self, Column},
    people::Person,
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/documents/statement.csv", get(as_csv))
        .route("/documents/statement.pdf", get(as_pdf))
}

/// Years with payments in them, newest first; the payments come newest first, too.
pub(super) fn years(transactions: &[Transaction]) -> Vec<i32> {
    let mut years: Vec<_> = transactions.iter().map(|it| it.created_at.year()).collect();
    years.dedup();
    years
}

#[derive(Deserialize)]
struct Wanted {
    /// Empty or missing: from the beginning.
    #[serde(default)]
    year: String,
    /// So many made-up rows instead of what was booked.
    rows: Option<u64>,
    /// Wait before each chunk of a hundred made-up rows.
    #[serde(default)]
    delay_ms: u64,
}

struct Booked {
    transactions: Vec<Transaction>,
    period: String,
}

/// What was booked in the period, oldest first.
async fn booked(app: &App, person: &Person, wanted: &Wanted) -> Result<Booked, Error> {
    let mut transactions = market::transactions(&app.db, &person.id, -1).await?;
    transactions.reverse();
    let period = match wanted.year.as_str() {
        "" => "all".to_owned(),
        year => {
            let year: i32 = year.parse().map_err(|_| Error::Invalid("A statement is for a year."))?;
            transactions.retain(|it| it.created_at.year() == year);
            year.to_string()
        }
    };
    Ok(Booked { transactions, period })
}

async fn as_csv(
    State(app): State<App>,
    account: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    if let Some(rows) = wanted.rows {
        return Ok(made_up(&app, &account.person.id, rows, wanted.delay_ms));
    }
    let Booked { transactions, period } = booked(&app, &account.person, &wanted).await?;
    let mut text = csv::row(["date", "number", "text", "kind", "status", "reference", "amount"]);
    for it in &transactions {
        text += &csv::row([
            &it.created_at.format("%Y-%m-%d").to_string(),
            &it.number(),
            &it.title,
            &it.kind,
            it.status_words(),
            &it.reference,
            &csv::amount(it.amount_cents),
        ]);
    }
    Ok(csv::download(&format!("meridian-statement-{period}-{}", account.person.id), text))
}

async fn as_pdf(
    State(app): State<App>,
    account: SignedIn,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    const COLUMNS: [Column; 5] = [
        Column { head: "Date", at: 56.0, right: false },
        Column { head: "Number", at: 130.0, right: false },
        Column { head: "What", at: 200.0, right: false },
        Column { head: "Status", at: 340.0, right: false },
        Column { head: "Amount", at: 539.0, right: true },
    ];
    let Booked { transactions, period } = booked(&app, &account.person, &wanted).await?;
    let row = |it: &Transaction| {
        vec![
            day_of(&it.created_at),
            it.number(),
            it.title.clone(),
            it.status_words().into(),
            money(&it.amount_cents),
        ]
    };
    let settled: i64 =
        transactions.iter().filter(|it| it.status == "settled").map(|it| it.amount_cents).sum();
    let mut facts = pdf::holder(&account.person);
    facts.push(("Period", if period == "all" { "From the beginning".into() } else { period.clone() }));
    facts.push(("Issued on", day_of(&Utc::now())));
    let statement = pdf::Statement {
        title: "Account statement",
        facts,
        columns: &COLUMNS,
        rows: transactions.iter().map(row).collect(),
        total: Some(vec!["Settled in total".into(), "".into(), "".into(), "".into(), money(&settled)]),
        note: "Payments that are not settled are not part of the total.",
    };
    Ok(statement.download(&format!("meridian-statement-{period}-{}", account.person.id)))
}

const ROWS_PER_CHUNK: u64 = 100;

/// As many rows as asked for, the same in every run, sent as slowly as asked for.
fn made_up(app: &App, person: &str, rows: u64, delay_ms: u64) -> Response {
    let chunks = async_stream::stream! {
        yield Ok::<_, std::convert::Infallible>("date,text,amount\r\n".to_owned());
        for start in (0..rows).step_by(ROWS_PER_CHUNK as usize) {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            yield Ok(made_up_rows(start, rows.min(start + ROWS_PER_CHUNK)));
        }
    };
    let name = format!("attachment; filename=\"statement-{person}.csv\"");
    let headers = [(header::CONTENT_TYPE, csv::CONTENT_TYPE.into()), (header::CONTENT_DISPOSITION, name)];
    (headers, Body::from_stream(chunks.take_until(app.stopping.clone().cancelled_owned()))).into_response()
}

fn made_up_rows(from: u64, to: u64) -> String {
    let first = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a date");
    let mut text = String::new();
    for row in from..to {
        let date = first + Days::new(row % 10_000);
        let amount = (row * 7919) % 100_000;
        writeln!(text, "{date},Distribution {row},{}.{:02}\r", amount / 100, amount % 100)
            .expect("a string takes anything");
    }
    text
}
