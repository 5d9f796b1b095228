//! Where a payment stands, step by step, and how a wrong reference is put right.

use chrono::{DateTime, Utc};
use sqlx::SqlitePool;

use crate::market::Transaction;

/// What the reference of a payment was before it was corrected.
#[derive(sqlx::FromRow)]
pub(crate) struct Correction {
    pub(crate) was: String,
    pub(crate) corrected_at: DateTime<Utc>,
}

pub(crate) async fn correction(db: &SqlitePool, transaction: i64) -> sqlx::Result<Option<Correction>> {
    sqlx::query_as("SELECT was, corrected_at FROM corrected_references WHERE transaction_id = ?")
        .bind(transaction)
        .fetch_optional(db)
        .await
}

/// Puts the expected reference in place of the received one: the payment is processed. False if somebody else
/// was first.
pub(crate) async fn correct_reference(
    db: &SqlitePool,
    transaction: &Transaction,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let mut tx = db.begin().await?;
    let changed = sqlx::query(
        "UPDATE transactions SET reference = expected_reference, status = 'processing'
         WHERE id = ? AND status = 'awaiting_bank' AND reference = ? AND reference <> expected_reference",
    )
    .bind(transaction.id)
    .bind(&transaction.reference)
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("INSERT INTO corrected_references VALUES (?, ?, ?)")
        .bind(transaction.id)
        .bind(&transaction.reference)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Progress {
    Done,
    Now,
    Next,
}

impl Progress {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Next => "next",
        }
    }
}

/// One line of the timeline.
pub(crate) struct Step {
    pub(crate) progress: Progress,
    pub(crate) title: &'static str,
    pub(crate) text: String,
    pub(crate) at: Option<DateTime<Utc>>,
}

/// From the first thing that happened to the last that will.
pub(crate) fn timeline(transaction: &Transaction, correction: Option<&Correction>) -> Vec<Step> {
    use Progress::{Done, Next, Now};
    let step = |progress, title, text: &str| Step { progress, title, text: text.into(), at: None };
    let (title, text) = match transaction.kind.as_str() {
        "deposit" => ("Transfer received", "Your bank has sent us the money."),
        "investment" => ("Order placed", "You ordered units of this offer."),
        "distribution" => ("Payout announced", "The issuer has announced a payout."),
        _ => ("Withdrawal requested", "You asked us to pay out to your bank account."),
    };
    let mut steps = vec![Step { at: Some(transaction.created_at), ..step(Done, title, text) }];
    const WAITS: &str = "Awaiting bank confirmation";
    if transaction.status == "awaiting_bank" {
        let text = "We are waiting until the bank confirms this payment. This usually takes one to three working days.";
        steps.push(step(Now, WAITS, text));
    } else {
        let text = match correction {
            Some(_) => "The bank could not tell whose payment this is.",
            None => "The payment was matched with your account.",
        };
        steps.push(step(Done, WAITS, text));
    }
    if let Some(Correction { was, corrected_at }) = correction {
        let text = format!("The reference was changed from {was} to {}.", transaction.reference);
        steps.push(Step { text, at: Some(*corrected_at), ..step(Done, "Reference corrected", "") });
    }
    match transaction.status.as_str() {
        "settled" => {
            steps.push(step(Done, "Processing", "The payment was booked."));
            steps.push(step(Done, "Settled", "The payment is complete."));
        }
        "rejected" => steps.push(step(Done, "Rejected", "The bank has refused this payment.")),
        status => {
            let progress = if status == "processing" { Now } else { Next };
            steps.push(step(progress, "Processing", "The payment is booked within one working day."));
            steps.push(step(Next, "Settled", "The payment is complete."));
        }
    }
    steps
}
