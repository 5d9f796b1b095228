//! The one writer of the ledger. Jobs that arrive while a transaction runs share the next one (group commit).
//!
//! A job is a change of state with its record and its events: all of it is durable, or none. Several servers
//! on one database take turns by the lock on the `ledger_head` row, which also makes the events' numbers
//! appear in order.

use std::sync::Arc;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait as _,
    ExprTrait as _, SqlErr, Statement, TransactionTrait as _,
    sea_query::Expr,
};
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};
use understudy_ledger::{Details, Frontier, Sealed, entry::Parties};
use understudy_rules::Millis;
use uuid::Uuid;

use super::entities::{event, ledger_entry, ledger_head};
use crate::{clock::Clock, keys::Pseudonyms};

/// What happened, for the record.
#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: &'static str,
    pub staff: Option<Uuid>,
    pub person: Option<String>,
    pub session: Option<Uuid>,
    pub details: Value,
}

/// Addressee of what everybody hears; nobody's ID.
pub const EVERYBODY: Uuid = Uuid::nil();

/// Addressee of what every administrator hears; nobody's ID.
pub const ADMINS: Uuid = Uuid::from_u128(1);

/// Addressee of what every lead hears; nobody's ID.
pub const LEADS: Uuid = Uuid::from_u128(2);

/// Something to tell apps and other servers.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub staff_id: Uuid,
    pub overseers: bool,
    pub sign_in_id: Option<Uuid>,
    pub event: understudy_protocol::Event,
}

#[derive(Debug, Default)]
pub struct Job {
    /// Each must change exactly one row, else the job fails with [`WriteError::Conflict`].
    pub guards: Vec<Statement>,
    /// Carried out after the guards, whatever number of rows they change.
    pub effects: Vec<Statement>,
    pub entries: Vec<Entry>,
    pub events: Vec<NewEvent>,
}

#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody else changed the row first: read again.
    #[error("somebody else changed this first")]
    Conflict,
    /// A unique column had the value already; the text names it.
    #[error("this exists already: {0}")]
    Exists(String),
    #[error("the database cannot write: {0}")]
    Database(String),
}

impl From<DbErr> for WriteError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(what)) => Self::Exists(what),
            _ => Self::Database(error.to_string()),
        }
    }
}

/// Most jobs of one transaction.
const BATCH: usize = 256;

type Answer = oneshot::Sender<Result<u64, WriteError>>;

#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<(Job, Answer)>);

impl Writer {
    pub(super) fn start(
        db: DatabaseConnection,
        clock: Clock,
        pseudonyms: Pseudonyms,
        written: Arc<Notify>,
    ) -> Self {
        let (sender, mut jobs) = mpsc::channel(BATCH * 4);
        tokio::spawn(async move {
            let mut batch: Vec<(Job, Answer)> = Vec::new();
            while jobs.recv_many(&mut batch, BATCH).await > 0 {
                let (jobs, answers): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
                let told = jobs.iter().any(|job| !job.events.is_empty());
                match commit(&db, &clock, &pseudonyms, jobs).await {
                    Ok(results) => {
                        if told {
                            written.notify_waiters();
                        }
                        // Whoever does not wait any longer loses nothing.
                        answers
                            .into_iter()
                            .zip(results)
                            .for_each(|(answer, result)| drop(answer.send(result)));
                    }
                    Err(error) => {
                        tracing::error!(%error, "the record cannot be written");
                        let error = error.to_string();
                        for answer in answers {
                            drop(answer.send(Err(WriteError::Database(error.clone()))));
                        }
                    }
                }
            }
        });
        Self(sender)
    }

    pub(super) async fn write(&self, job: Job) -> Result<u64, WriteError> {
        let stopped = || WriteError::Database("the writer has stopped".to_owned());
        let (answer, result) = oneshot::channel();
        self.0.send((job, answer)).await.map_err(|_| stopped())?;
        result.await.map_err(|_| stopped())?
    }
}

async fn commit(
    db: &DatabaseConnection,
    clock: &Clock,
    pseudonyms: &Pseudonyms,
    jobs: Vec<Job>,
) -> Result<Vec<Result<u64, WriteError>>, DbErr> {
    let txn = db.begin().await?;
    // A write first: it takes the lock, on the row or on the whole of SQLite, before anything is read.
    ledger_head::Entity::update_many()
        .col_expr(ledger_head::Column::Id, Expr::col(ledger_head::Column::Id).add(0))
        .exec(&txn)
        .await?;
    let lost = || DbErr::RecordNotFound("the head of the ledger".to_owned());
    let head = ledger_head::Entity::find_by_id(1).one(&txn).await?.ok_or_else(lost)?;
    let mut ledger = Pending {
        now: Ord::max(clock.now(&txn).await?, head.last_at),
        frontier: Frontier::restore(head.size.cast_unsigned(), &head.frontier).ok_or_else(lost)?,
        pseudonyms,
        rows: Vec::new(),
    };
    let mut told = false;
    let mut results = Vec::with_capacity(jobs.len());
    for job in jobs {
        let result = run(&txn, &mut ledger, job).await;
        told |= matches!(&result, Ok((_, true)));
        results.push(result.map(|(index, _)| index));
    }
    if !ledger.rows.is_empty() {
        // SQLite takes at most 32,766 parameters a statement.
        let mut rows = ledger.rows.into_iter().peekable();
        while rows.peek().is_some() {
            ledger_entry::Entity::insert_many(rows.by_ref().take(1_000)).exec_without_returning(&txn).await?;
        }
        let head = ledger.frontier.head();
        ledger_head::Entity::update_many()
            .set(ledger_head::ActiveModel {
                id: NotSet,
                size: Set(head.size.cast_signed()),
                root: Set(head.root.to_vec()),
                frontier: Set(ledger.frontier.to_bytes()),
                last_at: Set(ledger.now),
            })
            .exec(&txn)
            .await?;
    }
    if told && txn.get_database_backend() == DbBackend::Postgres {
        txn.execute_unprepared("NOTIFY understudy").await?;
    }
    txn.commit().await?;
    Ok(results)
}

/// The entries of a transaction that is not committed yet.
struct Pending<'a> {
    now: Millis,
    frontier: Frontier,
    pseudonyms: &'a Pseudonyms,
    rows: Vec<ledger_entry::ActiveModel>,
}

impl Pending<'_> {
    fn push(&mut self, entry: Entry) -> Result<(), DbErr> {
        let session = entry.session.map(|id| id.to_string());
        let parties = Parties {
            staff: entry.staff.map(|id| self.pseudonyms.of("staff", &id.to_string())),
            person: entry.person.as_deref().map(|id| self.pseudonyms.of("person", id)),
            session: session.as_deref().map(|id| self.pseudonyms.of("session", id)),
        };
        let mut details = entry.details;
        if let Value::Object(details) = &mut details {
            // The leaf has pseudonyms; who it was stands with the details.
            if let Some(staff) = entry.staff {
                details.insert("staff_id".to_owned(), staff.to_string().into());
            }
            if let Some(person) = entry.person {
                details.insert("person_id".to_owned(), person.into());
            }
        }
        let details = Details { salt: rand::random(), text: details.to_string() };
        let sealed = Sealed::new(self.now, entry.kind, parties, details)
            .map_err(|error| DbErr::Json(error.to_string()))?;
        self.rows.push(ledger_entry::ActiveModel {
            idx: Set(self.frontier.size().cast_signed()),
            leaf: Set(sealed.leaf),
            salt: Set(sealed.details.salt.to_vec()),
            details: Set(Some(sealed.details.text)),
            session_id: Set(entry.session),
            kind: Set(entry.kind.to_owned()),
            at: Set(self.now),
        });
        self.frontier.push(sealed.hash);
        Ok(())
    }
}

/// Runs one job; on failure nothing of it stays. Answers the index of its first entry, and whether it told
/// somebody something.
async fn run(
    txn: &DatabaseTransaction,
    ledger: &mut Pending<'_>,
    job: Job,
) -> Result<(u64, bool), WriteError> {
    let index = ledger.frontier.size();
    let told = !job.events.is_empty();
    if !job.guards.is_empty() || !job.effects.is_empty() || told {
        let savepoint = txn.begin().await?;
        match change(&savepoint, ledger.now, job.guards, job.effects, job.events).await {
            Ok(()) => savepoint.commit().await?,
            Err(error) => {
                savepoint.rollback().await?;
                return Err(error);
            }
        }
    }
    for entry in job.entries {
        ledger.push(entry)?;
    }
    Ok((index, told))
}

async fn change(
    txn: &DatabaseTransaction,
    now: Millis,
    guards: Vec<Statement>,
    effects: Vec<Statement>,
    events: Vec<NewEvent>,
) -> Result<(), WriteError> {
    for guard in guards {
        if txn.execute_raw(guard).await?.rows_affected() != 1 {
            return Err(WriteError::Conflict);
        }
    }
    for effect in effects {
        txn.execute_raw(effect).await?;
    }
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        rows.push(event::ActiveModel {
            id: NotSet,
            at: Set(now),
            staff_id: Set(event.staff_id),
            overseers: Set(event.overseers),
            sign_in_id: Set(event.sign_in_id),
            payload: Set(serde_json::to_string(&event.event).map_err(|error| DbErr::Json(error.to_string()))?),
        });
    }
    if !rows.is_empty() {
        event::Entity::insert_many(rows).exec_without_returning(txn).await?;
    }
    Ok(())
}

/// Turns a query into a guard or an effect of a [`Job`].
pub fn statement(query: &impl sea_orm::QueryTrait, db: &DatabaseConnection) -> Statement {
    query.build(db.get_database_backend())
}
