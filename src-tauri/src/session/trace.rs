//! What is left of a session that this app did not see end: it was killed, or the computer went out.

use std::path::PathBuf;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager};
use understudy_protocol::{ErrorCode, Session};
use uuid::Uuid;

use crate::contract::{StageClosed, StageClosedReason};
use crate::state::AppExt;

/// Whose session it is, and where; nothing secret.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Trace {
    server: String,
    staff: Uuid,
    session: Uuid,
}

/// Written when a session starts and removed when it is over here.
fn file(app: &AppHandle) -> Option<PathBuf> {
    app.path().app_local_data_dir().ok().map(|folder| folder.join("session"))
}

fn read(app: &AppHandle) -> Option<Trace> {
    serde_json::from_slice(&fs::read(file(app)?).ok()?).ok()
}

pub(super) fn leave(app: &AppHandle, session: &Session) {
    let Some((path, server)) = file(app).zip(app.understudy().api.address()) else { return };
    let trace = Trace { server, staff: session.staff.id, session: session.id };
    let write = || -> io::Result<()> {
        path.parent().map(fs::create_dir_all).transpose()?;
        fs::write(&path, serde_json::to_vec(&trace)?)
    };
    if let Err(error) = write() {
        log::warn!("a crash would not be noticed at the next start: {error}");
    }
}

/// One that was written since stays.
pub(super) fn remove(app: &AppHandle, session: Uuid) {
    if read(app).is_some_and(|trace| trace.session == session)
        && let Some(path) = file(app)
    {
        let _ = fs::remove_file(path);
    }
}

/// Ends what is still running of such a session, and has the main window say how it ended. Only for the one whose
/// session it was, on the server where it was.
pub(crate) async fn look(app: &AppHandle) {
    let state = app.understudy();
    let Some(trace) = read(app) else { return };
    let me = state.api.staff().borrow().as_ref().map(|staff| staff.id);
    if state.session.is_busy() || me != Some(trace.staff) || state.api.address() != Some(trace.server) {
        return;
    }
    let id = trace.session;
    let session = match state.api.get_session(id).await.map(|detail| detail.session) {
        Ok(session) if session.ended_at.is_none() => state.api.end_lost_session(id).await,
        outcome => outcome,
    };
    match session {
        Ok(session) => {
            log::info!("session {id} was left open by an earlier run of the app");
            state.set_left(Some(StageClosed { session, reason: StageClosedReason::AppGone }));
            app.publish();
            remove(app, id);
        }
        Err(error) if error.code == ErrorCode::NotFound => remove(app, id),
        // Another time.
        Err(error) => log::info!("session {id} cannot be looked at: {:?}", error.code),
    }
}
