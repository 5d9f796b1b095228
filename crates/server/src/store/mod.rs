//! Storage: one set of entities and queries, for SQLite and for PostgreSQL.

pub mod entities;
mod migrations;
mod writer;

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use sea_orm::{
    ActiveValue::Set, ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection,
    DatabaseTransaction, DbBackend, DbErr, EntityTrait as _, Statement, TransactionTrait as _,
    sea_query::OnConflict, sqlx::sqlite,
};
use sea_orm_migration::MigratorTrait as _;
use tokio::sync::Notify;
use understudy_rules::Millis;

use crate::{
    clock::Clock,
    keys::{Keys, Secret},
};
pub use writer::{ADMINS, EVERYBODY, Entry, Job, LEADS, NewEvent, WriteError, statement};

/// The database, its clock, and the one way to change what matters: [`Store::write`].
#[derive(Clone)]
pub struct Store {
    pub db: DatabaseConnection,
    pub clock: Clock,
    writer: writer::Writer,
    /// Woken when this process wrote an event.
    pub written: Arc<Notify>,
}

impl Store {
    /// Connects and brings the schema up to date. `url` is `sqlite:<path>` or `postgres://…`.
    pub async fn open(url: &str, clock: Clock, keys: &Keys) -> anyhow::Result<Self> {
        let mut options = ConnectOptions::new(match url.strip_prefix("sqlite:") {
            Some(path) => format!("sqlite://{path}?mode=rwc"),
            None => url.to_owned(),
        });
        options.sqlx_logging(false).max_connections(16).map_sqlx_sqlite_opts(|options| {
            options
                .journal_mode(sqlite::SqliteJournalMode::Wal)
                .synchronous(sqlite::SqliteSynchronous::Full)
                .busy_timeout(std::time::Duration::from_secs(10))
        });
        if let Some(path) = url.strip_prefix("sqlite:") {
            private_file(Path::new(path)).with_context(|| format!("the database {path} cannot be made"))?;
        }
        let db = Database::connect(options).await.context("the database cannot be opened")?;
        migrate(&db).await.context("the database's schema cannot be brought up to date")?;
        check_key(&db, keys).await?;
        let written = Arc::new(Notify::new());
        let writer =
            writer::Writer::start(db.clone(), clock.clone(), keys.pseudonyms(), Arc::clone(&written));
        Ok(Self { db, clock, writer, written })
    }

    pub async fn now(&self) -> Result<Millis, DbErr> {
        self.clock.now(&self.db).await
    }

    /// A transaction that waits for all others at `what`, on every server. On SQLite the first write waits, so it has to
    /// come before what is read.
    pub async fn turn_at(&self, what: &str) -> Result<DatabaseTransaction, DbErr> {
        let turn = self.db.begin().await?;
        if turn.get_database_backend() == DbBackend::Postgres {
            let lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            turn.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, lock, [what.into()]))
                .await?;
        }
        Ok(turn)
    }

    /// Makes a change, its record and its events durable, all or nothing. Answers the index of the first
    /// entry.
    pub async fn write(&self, job: Job) -> Result<u64, WriteError> {
        self.writer.write(job).await
    }
}

/// One server at a time.
async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    let turn = db.begin().await?;
    if db.get_database_backend() == DbBackend::Postgres {
        turn.execute_unprepared("SELECT pg_advisory_xact_lock(8693)").await?;
        migrations::Migrator::up(db, None).await?;
        return turn.commit().await;
    }
    turn.rollback().await?;
    migrations::Migrator::up(db, None).await
}

/// Servers on one database must have one key: codes, tokens and pseudonyms of another would mean nothing.
async fn check_key(db: &DatabaseConnection, keys: &Keys) -> anyhow::Result<()> {
    use entities::installation::{ActiveModel, Column, Entity};
    let constant = b"understudy";
    let row = ActiveModel { id: Set(1), key_check: Set(keys.mac(Secret::Installation, constant)) };
    let first = OnConflict::column(Column::Id).do_nothing().to_owned();
    Entity::insert(row).on_conflict(first).exec_without_returning(db).await?;
    let known =
        Entity::find_by_id(1).one(db).await?.context("the database has lost its row `installation`")?;
    if !keys.matches(Secret::Installation, constant, &known.key_check) {
        anyhow::bail!(
            "this database was set up with another key: copy the file server.key from the data folder of the \
             server that set it up"
        );
    }
    Ok(())
}

/// Makes the file before SQLite does, so that nobody else can read it (WAL files take its mode).
fn private_file(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
