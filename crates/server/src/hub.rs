//! Follows the event table, for this server's open streams: wakes those who wait, and cuts what belongs to
//! sessions that have ended.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sea_orm::{
    ColumnTrait as _, DatabaseConnection, DbBackend, DbErr, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use understudy_protocol::Event;
use uuid::Uuid;

use crate::store::{Store, entities::event};

/// The cancel handles of sessions that have something open on this server.
#[derive(Default)]
pub struct Cancels(Mutex<HashMap<Uuid, CancellationToken>>);

impl Cancels {
    /// Take it before checking that the session lives: then an end that comes after the check is not missed.
    pub fn of(&self, session: Uuid) -> CancellationToken {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(session).or_default().clone()
    }

    pub fn cancel(&self, session: Uuid) {
        if let Some(token) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&session) {
            token.cancel();
        }
    }

    pub fn cancel_all(&self) {
        for (_, token) in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            token.cancel();
        }
    }
}

pub struct Hub {
    pub cancels: Cancels,
    /// Number of the newest event.
    newest: watch::Sender<i64>,
}

impl Hub {
    pub async fn new(store: &Store) -> Result<Self, DbErr> {
        Ok(Self { cancels: Cancels::default(), newest: watch::channel(newest(&store.db).await?).0 })
    }

    /// Changes whenever there is something new.
    pub fn newest(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    /// Runs until it is dropped. A lost wake-up loses nothing: the table is also looked at each second.
    pub async fn follow(&self, store: &Store) {
        let woken = Arc::new(Notify::new());
        let listener = (store.db.get_database_backend() == DbBackend::Postgres)
            .then(|| tokio::spawn(listen(store.db.clone(), Arc::clone(&woken))));
        let _stop = listener.map(tokio_util::task::AbortOnDropHandle::new);
        let mut cursor = *self.newest.borrow();
        loop {
            let here = store.written.notified();
            match self.read(&store.db, cursor).await {
                Ok(next) => cursor = next,
                Err(error) => tracing::warn!(%error, "events cannot be read; trying again"),
            }
            tokio::select! {
                () = here => {}
                () = woken.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
    }

    async fn read(&self, db: &DatabaseConnection, mut cursor: i64) -> Result<i64, DbErr> {
        let events = event::Entity::find()
            .filter(event::Column::Id.gt(cursor))
            .order_by_asc(event::Column::Id)
            .all(db)
            .await?;
        for event in events {
            cursor = event.id;
            if let Ok(Event::SessionEnded { session_id, .. }) = serde_json::from_str(&event.payload) {
                self.cancels.cancel(session_id);
            }
        }
        self.newest.send_if_modified(|newest| std::mem::replace(newest, cursor) != cursor);
        Ok(cursor)
    }
}

async fn newest(db: &DatabaseConnection) -> Result<i64, DbErr> {
    let newest = event::Entity::find().select_only().column_as(event::Column::Id.max(), "newest");
    Ok(newest.into_tuple::<Option<i64>>().one(db).await?.flatten().unwrap_or(0))
}

/// PostgreSQL wakes other servers by `NOTIFY`.
async fn listen(db: DatabaseConnection, woken: Arc<Notify>) {
    loop {
        let pool = db.get_postgres_connection_pool();
        match sea_orm::sqlx::postgres::PgListener::connect_with(pool).await {
            Ok(mut listener) => {
                if listener.listen("understudy").await.is_ok() {
                    while listener.recv().await.is_ok() {
                        woken.notify_one();
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot listen to the database; looking each half second instead")
            }
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
