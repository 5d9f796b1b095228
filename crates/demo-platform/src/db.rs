//! The database: one SQLite file, created and seeded when it is new.

use std::path::Path;

use anyhow::Context as _;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::seed;

/// Opens the database at `path`; `files` receives the documents of a fresh seed.
pub(crate) async fn open(path: &Path, files: &Path) -> anyhow::Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let db = SqlitePoolOptions::new()
        .max_connections(8)
        .connect_with(options)
        .await
        .with_context(|| format!("cannot open {}", path.display()))?;
    sqlx::raw_sql(include_str!("schema.sql")).execute(&db).await?;
    let people: i64 = sqlx::query_scalar("SELECT count(*) FROM people").fetch_one(&db).await?;
    if people == 0 {
        seed::plant(&db, files).await.context("cannot seed the database")?;
    }
    Ok(db)
}
