//! What a person earned in a year, for their tax return.

use sqlx::SqlitePool;

/// Payouts of one offer in one year.
#[derive(sqlx::FromRow)]
pub(crate) struct Income {
    pub(crate) offer: String,
    pub(crate) payouts: i64,
    pub(crate) cents: i64,
}

impl Income {
    /// Meridian pays out gross.
    pub(crate) fn withheld(&self) -> i64 {
        0
    }
}

/// Years before `this_year` in which something was booked, newest first, each with its income in cents.
pub(crate) async fn years(db: &SqlitePool, person: &str, this_year: i32) -> sqlx::Result<Vec<(i32, i64)>> {
    sqlx::query_as(
        "SELECT CAST(substr(created_at, 1, 4) AS INTEGER) AS year,
                sum(CASE kind WHEN 'distribution' THEN amount_cents ELSE 0 END)
         FROM transactions WHERE person = ? AND status = 'settled' GROUP BY year HAVING year < ?
         ORDER BY year DESC",
    )
    .bind(person)
    .bind(this_year)
    .fetch_all(db)
    .await
}

pub(crate) async fn income(db: &SqlitePool, person: &str, year: i32) -> sqlx::Result<Vec<Income>> {
    sqlx::query_as(
        "SELECT title AS offer, count(*) AS payouts, sum(amount_cents) AS cents FROM transactions
         WHERE person = ? AND status = 'settled' AND kind = 'distribution' AND substr(created_at, 1, 4) = ?
         GROUP BY title ORDER BY title",
    )
    .bind(person)
    .bind(year.to_string())
    .fetch_all(db)
    .await
}
