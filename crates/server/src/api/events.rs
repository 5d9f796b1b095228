//! Events to the app: server-sent, followed with a cursor, checked for permission each time.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event as Sent, KeepAlive, Sse},
};
use futures_util::Stream;
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use serde::Deserialize;
use understudy_protocol::{Event, EventEnvelope};
use utoipa::IntoParams;

use super::extract::Query;
use crate::{
    Shared,
    auth::Caller,
    clock::time,
    error::ApiResult,
    store::{
        ADMINS, EVERYBODY, LEADS,
        entities::event::{Column, Entity, Model},
    },
};

/// So many events are read at once.
const PAGE: usize = 500;

#[derive(Deserialize, IntoParams)]
pub struct Follow {
    /// The last event that was seen; without it, from now on.
    cursor: Option<i64>,
}

/// Follows what the server has to tell the caller.
#[utoipa::path(get, path = "/api/events", security(("bearer" = [])), params(Follow),
    responses((status = 200, description = "text/event-stream of EventEnvelope", body = EventEnvelope)))]
pub async fn events(
    State(core): State<Shared>,
    caller: Caller,
    Query(follow): Query<Follow>,
) -> ApiResult<Sse<impl Stream<Item = Result<Sent, Infallible>>>> {
    let mut newest = core.hub.newest();
    let mut cursor = follow.cursor.unwrap_or(*newest.borrow_and_update());
    let stream = async_stream::stream! {
        // The first word tells the app from where on it is up to date.
        yield Ok(Sent::default().comment(format!("from {cursor}")).id(cursor.to_string()));
        loop {
            // Permission first, with the roles as they are now: whoever has lost it hears no more than that.
            let now = caller.still_good(&core).await.ok();
            let good = now.is_some();
            let Ok(rows) = unseen(&core, now.as_ref().unwrap_or(&caller), cursor).await else { return };
            let more = rows.len() == PAGE;
            let is_goodbye = |row: &Model| matches!(serde_json::from_str(&row.payload), Ok(Event::SignedOut));
            let goodbye = rows.iter().any(is_goodbye);
            for row in rows {
                cursor = row.id;
                if !good && !is_goodbye(&row) {
                    continue;
                }
                let Ok(event) = serde_json::from_str(&row.payload) else { continue };
                let envelope = EventEnvelope { cursor, at: time(row.at), event };
                if let Ok(sent) = Sent::default().id(cursor.to_string()).json_data(&envelope) {
                    yield Ok(sent);
                }
            }
            if goodbye || !good {
                return;
            }
            if more {
                continue;
            }
            // Also without news: a token that ran out closes the stream.
            let news = tokio::time::timeout(Duration::from_secs(10), newest.changed());
            if core.stopping.run_until_cancelled(news).await.is_none() {
                return;
            }
        }
    };
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(10))))
}

async fn unseen(core: &Shared, caller: &Caller, cursor: i64) -> Result<Vec<Model>, sea_orm::DbErr> {
    let mine = Column::StaffId
        .eq(caller.staff.id)
        .and(Column::SignInId.is_null().or(Column::SignInId.eq(caller.sign_in_id)));
    let mine = mine.or(Column::StaffId.eq(EVERYBODY));
    let mine = if caller.is_admin() { mine.or(Column::StaffId.eq(ADMINS)) } else { mine };
    let mine = if caller.is_lead() { mine.or(Column::StaffId.eq(LEADS)) } else { mine };
    let theirs = if caller.oversees() { mine.or(Column::Overseers.eq(true)) } else { mine };
    Entity::find()
        .filter(Column::Id.gt(cursor))
        .filter(theirs)
        .order_by_asc(Column::Id)
        .limit(PAGE as u64)
        .all(&core.store.db)
        .await
}
