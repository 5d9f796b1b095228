//! Messages: the list, one of them, and the stream that brings new ones.

use std::{convert::Infallible, time::Duration};

use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::{
        Html, Redirect,
        sse::{Event, KeepAlive, Sse},
    },
    routing::{get, post},
};
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::json;

use super::{Done, Frame, filters, page};
use crate::{
    App,
    auth::{SignedIn, csrf::SignedForm},
    error::Error,
    messages::{self, Message},
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/messages", get(list))
        .route("/messages/live", get(follow))
        .route("/messages/read", post(mark_all_read))
        .route("/messages/{id}", get(show))
}

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesPage {
    frame: Frame,
    messages: Vec<Message>,
    /// What has arrived until then is on the page; the stream goes on from there.
    until: String,
}

async fn list(
    State(app): State<App>,
    account: SignedIn,
    Query(done): Query<Done>,
) -> Result<Html<String>, Error> {
    let now = Utc::now();
    let messages = messages::all(&app.db, &account.person.id, now).await?;
    let frame = Frame::new(&app, account, "/messages").await?.notice(&done);
    page(&MessagesPage { frame, messages, until: stamp(now) })
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    frame: Frame,
    message: Message,
}

async fn show(State(app): State<App>, account: SignedIn, Path(id): Path<i64>) -> Result<Html<String>, Error> {
    let now = Utc::now();
    let message = messages::one(&app.db, &account.person.id, id, now).await?.ok_or(Error::NotFound)?;
    // What staff have looked at is still new to the person.
    if account.session.impersonation.is_none() && message.read_at.is_none() {
        messages::mark_read(&app, &account.person.id, Some(id), now).await?;
    }
    page(&MessagePage { frame: Frame::new(&app, account, "/messages").await?, message })
}

#[derive(Deserialize)]
struct Nothing {}

async fn mark_all_read(
    State(app): State<App>,
    SignedForm(account, Nothing {}): SignedForm<Nothing>,
) -> Result<Redirect, Error> {
    messages::mark_read(&app, &account.person.id, None, Utc::now()).await?;
    Ok(Redirect::to("/messages?done=read"))
}

#[derive(Deserialize)]
struct Since {
    since: Option<DateTime<Utc>>,
}

/// `GET /messages/live?since=`: an event `message` for each that arrives, `unread` with the number of unread
/// ones at the start and whenever it changes. The ID of an event is a time, from which a client goes on.
async fn follow(
    State(app): State<App>,
    account: SignedIn,
    Query(Since { since }): Query<Since>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let mut since = last.or(since).unwrap_or_else(Utc::now);
    let mut news = app.messages.subscribe();
    let stopping = app.stopping.clone();
    let events = async_stream::stream! {
        let mut shown = None;
        loop {
            // Seen before the database is read: what is sent after that wakes us again.
            news.borrow_and_update();
            let now = Utc::now();
            let (arrived, unread, next) = match state(&app, &account.person.id, since, now).await {
                Ok(state) => state,
                Err(error) => {
                    tracing::error!(%error, "messages cannot be read");
                    return;
                }
            };
            for message in arrived {
                let data = json!({
                    "id": message.id,
                    "subject": message.subject,
                    "preview": message.preview(),
                    "day": filters::day_of(&message.arrives_at),
                });
                yield Ok(Event::default().event("message").id(stamp(message.arrives_at)).data(data.to_string()));
            }
            if shown.replace(unread) != Some(unread) {
                yield Ok(Event::default().event("unread").id(stamp(now)).data(unread.to_string()));
            }
            since = now;
            let due = next.and_then(|next| (next - now).to_std().ok()).unwrap_or(Duration::from_secs(3600));
            tokio::select! {
                changed = news.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(due) => {}
            }
        }
    };
    Sse::new(events.take_until(stopping.cancelled_owned())).keep_alive(KeepAlive::default())
}

type Inbox = (Vec<Message>, i64, Option<DateTime<Utc>>);

async fn state(app: &App, person: &str, since: DateTime<Utc>, now: DateTime<Utc>) -> sqlx::Result<Inbox> {
    Ok((
        messages::arrived(&app.db, person, since, now).await?,
        messages::unread(&app.db, person, now).await?,
        messages::next_arrival(&app.db, person, now).await?,
    ))
}

/// To the nanosecond, as the database holds it: nothing arrives twice.
fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Nanos, true)
}
