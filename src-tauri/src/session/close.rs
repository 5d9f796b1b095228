//! The end of a session on the app's side: the stage goes at once, the rest follows.

use std::time::Duration;

use chrono::Utc;
use tauri::{AppHandle, Emitter};
use tokio::time::{sleep, timeout};
use understudy_protocol::{EndCause, ErrorCode, Session};
use uuid::Uuid;

use super::{Live, note, trace};
use crate::contract::{StageClosed, StageClosedReason};
use crate::error::Result;
use crate::state::{AppExt, MAIN};
use crate::system::boot_time;
use crate::{notify, stage, workspace};

/// How long the main window waits for the server's word before it is told without.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// "Exit impersonation".
    Exit,
    /// The same, and the note is filed as it was drafted.
    ExitWithNote,
    /// The server ended it, for this cause if it is known.
    Server(Option<EndCause>),
    LeaseLost,
    /// The stage could not be shown.
    NeverShown,
}

/// Closes the session with this ID, or whichever is live. False where there is none: somebody else was first.
pub(crate) fn close(app: &AppHandle, id: Option<Uuid>, cause: Cause) -> bool {
    let state = app.understudy();
    let Some(live) = state.session.take(id) else { return false };
    live.stop.cancel();
    stage::destroy(app);
    trace::remove(app, live.session.id);
    log::info!("session {} is over here: {cause:?}", live.session.id);
    // The token goes with the rest of it.
    let Live { session, lease, .. } = *live;
    let lease_left = lease.left(boot_time());
    app.publish();
    workspace::show(app);
    state.session.ends.send_modify(|ends| *ends += 1);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        match cause {
            Cause::Exit | Cause::ExitWithNote => {
                exited(&app, session, lease_left, cause == Cause::ExitWithNote).await;
            }
            Cause::Server(cause) => ended_by_server(&app, session, cause).await,
            Cause::LeaseLost => lease_lost(&app, session),
            Cause::NeverShown => tell_server(&app, session.id, lease_left).await,
        }
        app.understudy().session.ends.send_modify(|ends| *ends -= 1);
    });
    true
}

/// The app is told to go (SIGTERM): the server first, but it may not take long.
pub(crate) async fn end_before_quitting(app: &AppHandle) {
    let state = app.understudy();
    let live = state.session.take(None);
    if let Some(live) = &live {
        live.stop.cancel();
        stage::destroy(app);
        trace::remove(app, live.session.id);
    }
    if let Some(id) = live.map(|live| live.session.id).or_else(|| state.session.starting()) {
        if !matches!(timeout(PATIENCE, state.api.end_session(id)).await, Ok(Ok(_))) {
            log::warn!("session {id} was not ended on the server; it ends by itself");
        }
    } else {
        let _ = timeout(PATIENCE, state.session.ends_told()).await;
    }
}

async fn exited(app: &AppHandle, last_known: Session, lease_left: Duration, with_note: bool) {
    let id = last_known.id;
    match timeout(PATIENCE, end(app, id)).await {
        Ok(Ok(mut session)) => {
            if with_note {
                session.note = note::file(app, id).await.or(session.note);
            }
            tell_main(app, session, StageClosedReason::Exited);
        }
        _ => {
            tell_main(app, last_known, StageClosedReason::ExitedOffline);
            tell_server(app, id, lease_left).await;
        }
    }
}

async fn ended_by_server(app: &AppHandle, mut session: Session, cause: Option<EndCause>) {
    match timeout(PATIENCE, app.understudy().api.get_session(session.id)).await {
        Ok(Ok(detail)) => session = detail.session,
        _ => {
            session.end_cause = session.end_cause.or(cause);
            session.ended_at = session.ended_at.or_else(|| Some(Utc::now()));
        }
    }
    notify::session_ended(app, &session, session.end_cause);
    tell_main(app, session, StageClosedReason::EndedByServer);
}

fn lease_lost(app: &AppHandle, session: Session) {
    notify::session_ended(app, &session, Some(EndCause::ClientLost));
    tell_main(app, session, StageClosedReason::LeaseLost);
}

/// Ends it on the server; one that has ended already is as good.
pub(super) async fn end(app: &AppHandle, id: Uuid) -> Result<Session> {
    let state = app.understudy();
    match state.api.end_session(id).await {
        Err(error) if error.code == ErrorCode::SessionEnded => Ok(state.api.get_session(id).await?.session),
        outcome => outcome,
    }
}

/// Goes on trying as long as the session can be alive on the server.
pub(super) async fn tell_server(app: &AppHandle, id: Uuid, lease_left: Duration) {
    let given_up = boot_time() + lease_left;
    loop {
        match timeout(lease_left.max(PATIENCE), end(app, id)).await {
            Ok(Err(error)) if !error.is_final_for_a_session() => {
                log::info!("the end was not told: {:?}", error.code)
            }
            Ok(Err(error)) => return log::info!("the end was refused: {:?}", error.code),
            Ok(Ok(_)) => return,
            Err(_) => log::info!("the end was not told: no answer"),
        }
        if boot_time() + RETRY >= given_up {
            return;
        }
        sleep(RETRY).await;
    }
}

fn tell_main(app: &AppHandle, session: Session, reason: StageClosedReason) {
    if let Err(error) = app.emit_to(MAIN, "stage-closed", StageClosed { session, reason }) {
        log::error!("stage-closed could not be sent: {error}");
    }
}
