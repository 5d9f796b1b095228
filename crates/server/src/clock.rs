//! What time it is. Several servers share one database, so the database's clock is the one that judges.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use understudy_rules::Millis;

#[derive(Debug, Clone, Default)]
pub enum Clock {
    #[default]
    Database,
    /// For tests: stands still until it is set.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub async fn now(&self, db: &impl ConnectionTrait) -> Result<Millis, DbErr> {
        if let Self::Manual(now) = self {
            return Ok(now.load(Ordering::SeqCst));
        }
        let backend = db.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => "SELECT (extract(epoch from clock_timestamp()) * 1000)::bigint AS now",
            _ => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now",
        };
        db.query_one_raw(Statement::from_string(backend, sql))
            .await?
            .ok_or_else(|| DbErr::RecordNotFound("the clock".to_owned()))?
            .try_get("", "now")
    }
}

/// RFC 3339 for the wire.
pub fn time(at: Millis) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_millis(at).unwrap_or_default()
}
