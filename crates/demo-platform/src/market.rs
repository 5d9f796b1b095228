//! Offers, what people hold of them, and the payments in between.

use chrono::{DateTime, Utc};
use sqlx::SqlitePool;

#[derive(Clone, sqlx::FromRow)]
pub(crate) struct Offer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) category: String,
    pub(crate) summary: String,
    pub(crate) yield_bp: i64,
    pub(crate) price_cents: i64,
    pub(crate) raised_cents: i64,
    pub(crate) target_cents: i64,
}

impl Offer {
    pub(crate) fn percent_raised(&self) -> i64 {
        self.raised_cents * 100 / self.target_cents
    }

    /// The price some ticks from now: a triangle wave of up to one percent, the same in every run.
    pub(crate) fn price_at(&self, tick: i64) -> i64 {
        let phase = (tick * 7 + self.yield_bp) % 200;
        self.price_cents + self.price_cents * (100 - (phase - 100).abs() - 50) / 5000
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct Holding {
    #[sqlx(flatten)]
    pub(crate) offer: Offer,
    pub(crate) units: i64,
}

impl Holding {
    pub(crate) fn value_cents(&self) -> i64 {
        self.units * self.offer.price_cents
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct Transaction {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) amount_cents: i64,
    pub(crate) status: String,
    pub(crate) reference: String,
    pub(crate) expected_reference: String,
    pub(crate) created_at: DateTime<Utc>,
}

impl Transaction {
    pub(crate) fn status_words(&self) -> &'static str {
        match self.status.as_str() {
            "settled" => "Settled",
            "processing" => "Processing",
            "awaiting_bank" => "Awaiting bank confirmation",
            _ => "Rejected",
        }
    }

    /// The payment came, but nobody can tell for whom.
    pub(crate) fn has_wrong_reference(&self) -> bool {
        self.status == "awaiting_bank" && self.reference != self.expected_reference
    }

    pub(crate) fn number(&self) -> String {
        format!("TX-{:06}", self.id)
    }
}

pub(crate) async fn offers(db: &SqlitePool) -> sqlx::Result<Vec<Offer>> {
    sqlx::query_as("SELECT * FROM offers ORDER BY name").fetch_all(db).await
}

pub(crate) async fn offer(db: &SqlitePool, id: &str) -> sqlx::Result<Option<Offer>> {
    sqlx::query_as("SELECT * FROM offers WHERE id = ?").bind(id).fetch_optional(db).await
}

pub(crate) async fn holdings(db: &SqlitePool, person: &str) -> sqlx::Result<Vec<Holding>> {
    sqlx::query_as(
        "SELECT offers.*, units FROM holdings JOIN offers ON offers.id = holdings.offer
         WHERE person = ? ORDER BY units * price_cents DESC",
    )
    .bind(person)
    .fetch_all(db)
    .await
}

/// Newest first; a negative limit means all.
pub(crate) async fn transactions(
    db: &SqlitePool,
    person: &str,
    limit: i64,
) -> sqlx::Result<Vec<Transaction>> {
    sqlx::query_as("SELECT * FROM transactions WHERE person = ? ORDER BY created_at DESC, id DESC LIMIT ?")
        .bind(person)
        .bind(limit)
        .fetch_all(db)
        .await
}

pub(crate) async fn transaction(db: &SqlitePool, person: &str, id: i64) -> sqlx::Result<Option<Transaction>> {
    sqlx::query_as("SELECT * FROM transactions WHERE person = ? AND id = ?")
        .bind(person)
        .bind(id)
        .fetch_optional(db)
        .await
}

/// Orders units of an offer: a payment that waits for the bank.
pub(crate) async fn order(
    db: &SqlitePool,
    person: &str,
    offer: &Offer,
    units: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    let reference = payment_reference(person);
    sqlx::query_scalar(
        "INSERT INTO transactions (person, kind, title, amount_cents, status, reference, expected_reference, created_at)
         VALUES (?, 'investment', ?, ?, 'awaiting_bank', ?, ?, ?) RETURNING id",
    )
    .bind(person)
    .bind(&offer.name)
    .bind(-units * offer.price_cents)
    .bind(&reference)
    .bind(&reference)
    .bind(now)
    .fetch_one(db)
    .await
}

/// What a payment of this person must quote.
pub(crate) fn payment_reference(person: &str) -> String {
    format!("MER-{person}")
}

/// Cents as euros, `€12,345.67`. By reference, as templates pass things.
pub(crate) fn money(cents: &i64) -> String {
    let digits = (cents.unsigned_abs() / 100).to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if *cents < 0 { "−" } else { "" };
    format!("{sign}€{grouped}.{:02}", cents.unsigned_abs() % 100)
}
