//! What is left of a session that this app did not see end: it was killed, or the computer went out.

use std::path::PathBuf;
use std::{fs, io};

use tauri::{AppHandle, Manager};
use understudy_protocol::ErrorCode;
use uuid::Uuid;

use crate::contract::{StageClosed, StageClosedReason};
use crate::state::AppExt;

/// Written when a session starts and removed when it is over here. It holds the session's ID and nothing else.
fn file(app: &AppHandle) -> Option<PathBuf> {
    app.path().app_local_data_dir().ok().map(|folder| folder.join("session"))
}

pub(super) fn leave(app: &AppHandle, session: Uuid) {
    let write = |path: PathBuf| -> io::Result<()> {
        path.parent().map(fs::create_dir_all).transpose()?;
        fs::write(path, session.to_string())
    };
    if let Some(Err(error)) = file(app).map(write) {
        log::warn!("a crash would not be noticed at the next start: {error}");
    }
}

pub(super) fn remove(app: &AppHandle) {
    if let Some(path) = file(app) {
        let _ = fs::remove_file(path);
    }
}

/// Ends what is still running of such a session, and has the main window say how it ended.
pub(crate) async fn look(app: &AppHandle) {
    let state = app.understudy();
    if state.session.is_busy() {
        return;
    }
    let id = file(app).and_then(|path| fs::read_to_string(path).ok()).and_then(|id| id.trim().parse().ok());
    let Some(id) = id else { return remove(app) };
    let session = match state.api.get_session(id).await.map(|detail| detail.session) {
        Ok(session) if session.ended_at.is_none() => super::close::end(app, id).await,
        outcome => outcome,
    };
    match session {
        Ok(session) => {
            log::info!("session {id} was left open by an earlier run of the app");
            state.set_left(Some(StageClosed { session, reason: StageClosedReason::AppGone }));
            app.publish();
        }
        // Another time: the server is out of reach.
        Err(error) if matches!(error.code, ErrorCode::Unreachable | ErrorCode::Internal) => return,
        // Somebody else's: this sign-in may not see it.
        Err(error) => log::info!("session {id} cannot be looked at: {:?}", error.code),
    }
    remove(app);
}
