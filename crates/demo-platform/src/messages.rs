//! Messages from Meridian to a person: what is there, what is unread, and word that something arrived.

use chrono::{DateTime, Utc};
use sqlx::SqlitePool;

use crate::Platform;

#[derive(sqlx::FromRow)]
pub(crate) struct Message {
    pub(crate) id: i64,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) arrives_at: DateTime<Utc>,
    pub(crate) read_at: Option<DateTime<Utc>>,
}

impl Message {
    /// The first words, for lists.
    pub(crate) fn preview(&self) -> String {
        match self.body.char_indices().nth(90) {
            Some((end, _)) => {
                let whole_words = self.body[..end].rsplit_once(' ').map_or(&self.body[..end], |it| it.0);
                format!("{}…", whole_words.trim_end_matches([',', '.']))
            }
            None => self.body.clone(),
        }
    }
}

/// Writes a message and wakes whoever follows; it may arrive later.
pub(crate) async fn send(
    app: &Platform,
    person: &str,
    subject: &str,
    body: &str,
    arrives_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO messages (person, subject, body, arrives_at) VALUES (?, ?, ?, ?)")
        .bind(person)
        .bind(subject)
        .bind(body)
        .bind(arrives_at)
        .execute(&app.db)
        .await?;
    app.messages.send_replace(());
    Ok(())
}

/// Newest first.
pub(crate) async fn all(db: &SqlitePool, person: &str, now: DateTime<Utc>) -> sqlx::Result<Vec<Message>> {
    sqlx::query_as(
        "SELECT * FROM messages WHERE person = ? AND arrives_at <= ? ORDER BY arrives_at DESC, id DESC",
    )
    .bind(person)
    .bind(now)
    .fetch_all(db)
    .await
}

pub(crate) async fn one(
    db: &SqlitePool,
    person: &str,
    id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Message>> {
    sqlx::query_as("SELECT * FROM messages WHERE person = ? AND id = ? AND arrives_at <= ?")
        .bind(person)
        .bind(id)
        .bind(now)
        .fetch_optional(db)
        .await
}

/// What arrived after `since` and until `now`, oldest first.
pub(crate) async fn arrived(
    db: &SqlitePool,
    person: &str,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Message>> {
    sqlx::query_as(
        "SELECT * FROM messages WHERE person = ? AND arrives_at > ? AND arrives_at <= ? ORDER BY arrives_at, id",
    )
    .bind(person)
    .bind(since)
    .bind(now)
    .fetch_all(db)
    .await
}

/// When the next message is due that is not there yet.
pub(crate) async fn next_arrival(
    db: &SqlitePool,
    person: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("SELECT min(arrives_at) FROM messages WHERE person = ? AND arrives_at > ?")
        .bind(person)
        .bind(now)
        .fetch_one(db)
        .await
}

pub(crate) async fn unread(db: &SqlitePool, person: &str, now: DateTime<Utc>) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*) FROM messages WHERE person = ? AND arrives_at <= ? AND read_at IS NULL",
    )
    .bind(person)
    .bind(now)
    .fetch_one(db)
    .await
}

/// Marks one message as read, or all that have arrived.
pub(crate) async fn mark_read(
    app: &Platform,
    person: &str,
    id: Option<i64>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE messages SET read_at = ?1
         WHERE person = ?2 AND read_at IS NULL AND arrives_at <= ?1 AND (?3 IS NULL OR id = ?3)",
    )
    .bind(now)
    .bind(person)
    .bind(id)
    .execute(&app.db)
    .await?;
    app.messages.send_replace(());
    Ok(())
}
