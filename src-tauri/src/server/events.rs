//! Follows the server's events with a cursor, for as long as somebody is signed in.

use std::collections::HashSet;
use std::time::Duration;

use tauri::{AppHandle, Emitter};
use tokio::time::timeout;
use understudy_protocol::{ErrorCode, Event, EventEnvelope, Mode, PersonRef};
use uuid::Uuid;

use super::backoff::Backoff;
use super::connection;
use super::sse::{Message, Parser};
use crate::contract::Connection;
use crate::session::{self, Cause};
use crate::state::{AppExt, MAIN};
use crate::{notify, preferences, stage};

/// The server writes a comment every 10 s, so a stream this quiet is dead.
const QUIET: Duration = Duration::from_secs(25);

struct Follower<'a> {
    app: &'a AppHandle,
    cursor: Option<i64>,
    /// Codes whose notification was shown.
    told: HashSet<Uuid>,
}

/// Ends when nobody is signed in any more.
pub(super) async fn follow(app: &AppHandle, backoff: &mut Backoff) {
    let mut follower = Follower { app, cursor: None, told: HashSet::new() };
    let mut staff = app.understudy().api.staff();
    let Some(me) = staff.borrow_and_update().as_ref().map(|staff| staff.id) else { return };
    loop {
        tokio::select! {
            () = follower.once(backoff) => {}
            () = somebody_else(&mut staff, me) => return,
        }
        if staff.borrow().as_ref().is_none_or(|now| now.id != me) {
            return;
        }
        connection(app, Connection::Offline);
        backoff.wait().await;
    }
}

/// Waits until this member of staff is no longer the one who is signed in.
async fn somebody_else(
    staff: &mut tokio::sync::watch::Receiver<Option<understudy_protocol::Staff>>,
    me: Uuid,
) {
    let _ = staff.wait_for(|now| now.as_ref().is_none_or(|now| now.id != me)).await;
}

impl Follower<'_> {
    /// One stream, until it breaks.
    async fn once(&mut self, backoff: &mut Backoff) {
        let api = &self.app.understudy().api;
        let mut stream = match timeout(QUIET, api.events(self.cursor)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if error.code == ErrorCode::SignedOut => return api.forget_sign_in().await,
            Ok(Err(error)) => return log::info!("no events: {:?}", error.code),
            Err(_) => return log::info!("no events: no answer"),
        };
        backoff.reset();
        // Also when nothing changed: what was missed meanwhile must be read again.
        self.app.understudy().set_connection(Connection::Online);
        self.app.publish();
        if self.cursor.is_none() {
            session::look_for_a_left_one(self.app).await;
            self.look_into_inbox().await;
        }
        let mut parser = Parser::default();
        while let Ok(Ok(Some(bytes))) = timeout(QUIET, stream.chunk()).await {
            let Ok(messages) = parser.feed(&bytes) else { return log::warn!("the events cannot be read") };
            for message in messages {
                self.take(message).await;
            }
        }
    }

    async fn take(&mut self, message: Message) {
        if let Some(cursor) = message.id.and_then(|id| id.parse().ok()) {
            self.cursor = Some(cursor);
        }
        let Some(data) = message.data else { return };
        match serde_json::from_str::<EventEnvelope>(&data) {
            Ok(envelope) => self.handle(envelope).await,
            // A newer server may know events that this app does not.
            Err(_) => log::info!("an event of an unknown kind"),
        }
    }

    async fn handle(&mut self, envelope: EventEnvelope) {
        match &envelope.event {
            Event::CodeArrived { request_id, person, mode } => {
                let code = self.code(*request_id).await;
                self.code_arrived(*request_id, person, *mode, code);
            }
            Event::SessionEnded { session_id, cause } => {
                session::close(self.app, Some(*session_id), Cause::Server(Some(*cause)));
            }
            Event::ActionRefused { session_id, method, path, reason } => {
                stage::refused(self.app, *session_id, method, path, *reason);
            }
            Event::SignedOut => self.app.understudy().api.forget_sign_in().await,
            Event::RequestChanged { .. } | Event::SessionStarted { .. } | Event::NoteWritten { .. } => {}
        }
        if let Err(error) = self.app.emit_to(MAIN, "server-event", envelope) {
            log::error!("an event could not be passed on: {error}");
        }
    }

    /// Codes that came while nobody was listening.
    async fn look_into_inbox(&mut self) {
        match self.app.understudy().api.list_inbox().await {
            Ok(entries) => {
                for entry in entries {
                    self.code_arrived(entry.request_id, &entry.person, entry.mode, Some(entry.code));
                }
            }
            Err(error) => log::info!("the inbox cannot be read: {:?}", error.code),
        }
    }

    /// The code itself, where staff chose to see it in notifications. It is in no event.
    async fn code(&self, request: Uuid) -> Option<String> {
        if !preferences::get(self.app).show_codes {
            return None;
        }
        let entries = self.app.understudy().api.list_inbox().await.ok()?;
        entries.into_iter().find(|entry| entry.request_id == request).map(|entry| entry.code)
    }

    fn code_arrived(&mut self, request: Uuid, person: &PersonRef, mode: Mode, code: Option<String>) {
        if self.told.insert(request) {
            let code = code.filter(|_| preferences::get(self.app).show_codes);
            notify::code_arrived(self.app, request, person, mode, code.as_deref());
        }
    }
}
