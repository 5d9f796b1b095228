//! Follows the server's events with a cursor, for as long as somebody is signed in.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tauri::async_runtime::spawn;
use tauri::{AppHandle, Emitter};
use tokio::time::timeout;
use understudy_protocol::{ErrorCode, Event, EventEnvelope, InboxEntry, Mode, PersonRef, Role};
use uuid::Uuid;

use super::backoff::Backoff;
use super::sse::{Message, Parser};
use crate::contract::{Connection, Sheet};
use crate::notify::{self, Group};
use crate::session::{self, Cause};
use crate::state::{AppExt, MAIN};
use crate::{preferences, stage};

/// The server writes a comment every 10 s, so a stream this quiet is dead.
const QUIET: Duration = Duration::from_secs(25);

pub(super) struct Follower {
    app: AppHandle,
    /// Whom the cursor belongs to.
    staff: Option<Uuid>,
    cursor: Option<i64>,
    told: Told,
}

/// Requests whose notification was shown.
type Told = Arc<Mutex<HashSet<Uuid>>>;

impl Follower {
    pub(super) fn new(app: &AppHandle) -> Self {
        Self { app: app.clone(), staff: None, cursor: None, told: Told::default() }
    }

    /// One stream, until it breaks or somebody else is signed in.
    pub(super) async fn follow(&mut self, backoff: &mut Backoff) {
        let mut staff = self.app.understudy().api.staff();
        let Some(me) = staff.borrow_and_update().as_ref().map(|staff| staff.id) else { return };
        if self.staff.replace(me) != Some(me) {
            (self.cursor, self.told) = (None, Told::default());
            notify::forget(&self.app);
            self.app.understudy().drafts.belong_to(me);
        }
        tokio::select! {
            () = self.once(backoff) => {}
            _ = staff.wait_for(|now| now.as_ref().is_none_or(|now| now.id != me)) => {}
        }
    }

    async fn once(&mut self, backoff: &mut Backoff) {
        let app = self.app.clone();
        let api = &app.understudy().api;
        let mut stream = match timeout(QUIET, api.events(self.cursor)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) if error.code == ErrorCode::SignedOut => return api.forget_sign_in().await,
            Ok(Err(error)) => return log::info!("no events: {:?}", error.code),
            Err(_) => return log::info!("no events: no answer"),
        };
        backoff.reset();
        // Also when nothing changed: what was missed meanwhile must be read again.
        app.understudy().set_connection(Connection::Online);
        app.publish();
        if self.cursor.is_none() {
            spawn(look_around(app.clone(), self.told.clone()));
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

    /// Waits for no server: the next event may be the end of a session.
    async fn handle(&mut self, envelope: EventEnvelope) {
        match &envelope.event {
            Event::CodeArrived { request_id, person, mode } => {
                let (app, told) = (self.app.clone(), self.told.clone());
                let (request, person, mode) = (*request_id, person.clone(), *mode);
                spawn(async move {
                    let inbox = look_at_codes(&app).await;
                    let code = inbox.into_iter().find(|entry| entry.request_id == request);
                    code_arrived(&app, &told, request, &person, mode, code.map(|entry| entry.code));
                });
            }
            Event::ApprovalAsked { .. } | Event::ApprovalChanged { .. } => {
                spawn(look_at_requests(self.app.clone(), self.told.clone()));
            }
            Event::ExceptionUsed { session_id, staff, person, category, approved_by } => {
                // Whoever asked or agreed knows.
                let knows = approved_by.iter().chain([staff]).any(|it| Some(it.id) == self.staff);
                if !knows {
                    notify::exception_used(&self.app, *session_id, staff, person, category);
                }
            }
            Event::CodeDenied { person, by, .. } => notify::code_denied(&self.app, person, by),
            Event::SessionChanged { session_id, mode, extendable } => {
                session::changed(&self.app, *session_id, *mode, *extendable);
            }
            Event::SessionEnded { session_id, cause } => {
                session::close(&self.app, Some(*session_id), Cause::Server(Some(*cause)));
            }
            Event::ActionRefused { session_id, method, path, reason, scope } => {
                let (method, path) = (method.clone(), path.clone());
                stage::told(
                    &self.app,
                    *session_id,
                    Sheet::Refused { method, path, reason: *reason, scope: *scope },
                );
            }
            Event::ConsentChanged { question } => {
                stage::told(&self.app, question.session_id, Sheet::Consent { question: question.clone() });
            }
            Event::Switched { on } => super::switched(&self.app, *on),
            Event::SignedOut => self.app.understudy().api.forget_sign_in().await,
            Event::RequestChanged { .. } if notify::waits(&self.app, Group::Codes) => {
                let app = self.app.clone();
                spawn(async move { look_at_codes(&app).await });
            }
            Event::SessionReviewed { session_id } => notify::reviewed(&self.app, *session_id),
            Event::RequestChanged { .. }
            | Event::SessionStarted { .. }
            | Event::NoteWritten { .. }
            | Event::NoteLifted { .. } => {}
        }
        if let Err(error) = self.app.emit_to(MAIN, "server-event", envelope) {
            log::error!("an event could not be passed on: {error}");
        }
    }
}

/// What happened while nobody was listening: a session that was left open, codes that came, requests of others.
async fn look_around(app: AppHandle, told: Told) {
    // The switch may have been turned between the server's information and the first event.
    if let Ok(server) = app.understudy().api.server()
        && let Ok(info) = server.info().await
    {
        super::switched(&app, !info.server.switched_off);
    }
    session::look_for_a_left_one(&app).await;
    let roles = app.understudy().api.staff().borrow().as_ref().map(|staff| staff.roles.clone());
    let roles = roles.unwrap_or_default();
    if roles.contains(&Role::Admin) {
        spawn(look_at_requests(app.clone(), told.clone()));
    }
    // Leads get no codes.
    if roles.iter().all(|role| *role == Role::Lead) {
        return;
    }
    for entry in look_at_codes(&app).await {
        code_arrived(&app, &told, entry.request_id, &entry.person, entry.mode, Some(entry.code));
    }
}

/// The codes that wait. Of those that were used, or are over, nobody is told any longer.
async fn look_at_codes(app: &AppHandle) -> Vec<InboxEntry> {
    match app.understudy().api.list_inbox().await {
        Ok(entries) => {
            let still: Vec<_> = entries.iter().map(|entry| entry.request_id).collect();
            notify::only(app, Group::Codes, &still);
            entries
        }
        Err(error) => {
            log::info!("the inbox cannot be read: {:?}", error.code);
            vec![]
        }
    }
}

/// What waits for an administrator: each is told of once, and the tray counts them. The server lists none of one's own.
async fn look_at_requests(app: AppHandle, told: Told) {
    let state = app.understudy();
    let waiting = match state.api.list_approvals().await {
        Ok(waiting) => waiting,
        Err(error) => return log::info!("what waits for administrators cannot be read: {:?}", error.code),
    };
    let me = state.api.staff().borrow().as_ref().map(|staff| staff.id);
    let mut asked = vec![];
    for request in waiting {
        let taken_by = request.taken_by.as_ref().map(|staff| staff.id);
        let new = told.lock().unwrap_or_else(PoisonError::into_inner).insert(request.request_id);
        if new && taken_by.is_none() {
            notify::approval_asked(&app, &request);
        }
        if taken_by.is_none() || taken_by == me {
            asked.push(request.request_id);
        }
    }
    notify::only(&app, Group::Requests, &asked);
    if state.set_asked(asked) {
        app.publish();
    }
}

/// The code itself only where staff chose to see it in notifications. It is in no event.
fn code_arrived(
    app: &AppHandle,
    told: &Told,
    request: Uuid,
    person: &PersonRef,
    mode: Mode,
    code: Option<String>,
) {
    if told.lock().unwrap_or_else(PoisonError::into_inner).insert(request) {
        let code = code.filter(|_| preferences::get(app).show_codes);
        notify::code_arrived(app, request, person, mode, code.as_deref());
    }
}
