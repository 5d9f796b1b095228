//! `/documents/statement.csv`: a statement as long and as slow as one asks for.

use std::{fmt::Write as _, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::header,
    response::IntoResponse,
    routing::get,
};
use chrono::{Days, NaiveDate};
use futures_util::StreamExt as _;
use serde::Deserialize;

use crate::{App, auth::SignedIn};

pub(super) fn router() -> Router<App> {
    Router::new().route("/documents/statement.csv", get(download))
}

const ROWS_PER_CHUNK: u64 = 100;

#[derive(Deserialize)]
struct Shape {
    #[serde(default = "a_year")]
    rows: u64,
    /// Wait before each chunk of a hundred rows.
    #[serde(default)]
    delay_ms: u64,
}

fn a_year() -> u64 {
    365
}

async fn download(
    State(app): State<App>,
    account: SignedIn,
    Query(shape): Query<Shape>,
) -> impl IntoResponse {
    let chunks = async_stream::stream! {
        yield Ok::<_, std::convert::Infallible>("date,text,amount\r\n".to_owned());
        for start in (0..shape.rows).step_by(ROWS_PER_CHUNK as usize) {
            tokio::time::sleep(Duration::from_millis(shape.delay_ms)).await;
            yield Ok(rows(start, shape.rows.min(start + ROWS_PER_CHUNK)));
        }
    };
    let name = format!("attachment; filename=\"statement-{}.csv\"", account.person.id);
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".into()), (header::CONTENT_DISPOSITION, name)];
    (headers, Body::from_stream(chunks.take_until(app.stopping.clone().cancelled_owned())))
}

/// Made up, and the same in every run.
fn rows(from: u64, to: u64) -> String {
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
