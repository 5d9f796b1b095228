//! The people of the platform.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::SqlitePool;

#[derive(Clone, Copy, PartialEq, Eq, sqlx::Type)]
pub(crate) enum Kind {
    Investor,
    Company,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Investor => "Investor",
            Self::Company => "Company",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "lowercase")]
pub(crate) enum Status {
    Active,
    Pending,
    Suspended,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Suspended => "suspended",
        }
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) display_name: String,
    pub(crate) email: String,
    pub(crate) phone: String,
    pub(crate) address: String,
    pub(crate) iban: String,
    pub(crate) status: Status,
    pub(crate) password_hash: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) last_seen_at: Option<DateTime<Utc>>,
    pub(crate) language: String,
}

impl Person {
    pub(crate) fn is_company(&self) -> bool {
        self.kind == Kind::Company
    }

    /// Two letters at most, for the badge beside the name.
    pub(crate) fn initials(&self) -> String {
        let mut words = self.display_name.split_whitespace().filter_map(|word| word.chars().next());
        words.next().into_iter().chain(words.next_back()).collect()
    }
}

/// What the directory is searched by.
#[derive(serde::Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
}

/// Everybody, by ID; as one text, because to fetch a hundred thousand rows takes seconds.
pub(crate) async fn all(db: &SqlitePool) -> sqlx::Result<Vec<Entry>> {
    let entries: String = sqlx::query_scalar(
        "SELECT json_group_array(json_array(id, kind, display_name, email))
         FROM (SELECT id, kind, display_name, email FROM people ORDER BY id)",
    )
    .fetch_one(db)
    .await?;
    serde_json::from_str(&entries).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// These people, in this order.
pub(crate) async fn by_ids(db: &SqlitePool, ids: &[&str]) -> sqlx::Result<Vec<Person>> {
    let ids = serde_json::json!(ids).to_string();
    sqlx::query_as(
        "SELECT people.* FROM json_each(?) AS wanted JOIN people ON people.id = wanted.value ORDER BY wanted.key",
    )
    .bind(ids)
    .fetch_all(db)
    .await
}

pub(crate) async fn by_id(db: &SqlitePool, id: &str) -> sqlx::Result<Option<Person>> {
    sqlx::query_as("SELECT * FROM people WHERE id = ?").bind(id).fetch_optional(db).await
}

pub(crate) async fn by_email(db: &SqlitePool, email: &str) -> sqlx::Result<Option<Person>> {
    sqlx::query_as("SELECT * FROM people WHERE email = ?").bind(email).fetch_optional(db).await
}

/// Notes that the person themselves was here; to the minute, so that not every request writes.
pub(crate) async fn seen(db: &SqlitePool, person: &Person, now: DateTime<Utc>) -> sqlx::Result<()> {
    if person.last_seen_at.is_none_or(|last| now - last > TimeDelta::minutes(1)) {
        sqlx::query("UPDATE people SET last_seen_at = ? WHERE id = ?")
            .bind(now)
            .bind(&person.id)
            .execute(db)
            .await?;
    }
    Ok(())
}
