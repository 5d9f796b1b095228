//! More of a session that runs: changes, or time.

use tauri::AppHandle;
use understudy_protocol::{Mode, Raise, Request};
use uuid::Uuid;

use crate::contract::Sheet;
use crate::error::Result;
use crate::stage;
use crate::state::AppExt;
use crate::system::boot_time;

/// Asks for a code with which the session may change things.
pub(crate) async fn ask_to_act(app: &AppHandle, wanted: Raise) -> Result<Request> {
    let state = app.understudy();
    // Whoever fills in a form about the session is at it.
    stage::input(app);
    let (id, token) = state.session.held().ok_or_else(stage::no_stage)?;
    state.api.ask_to_act(id, &token, wanted).await
}

/// Lets the session change things, once its code was entered.
pub(crate) async fn raise(app: &AppHandle, request: Uuid) -> Result<()> {
    let state = app.understudy();
    stage::input(app);
    let (_, token) = state.session.held().ok_or_else(stage::no_stage)?;
    let session = state.api.raise_session(request, &token).await?;
    changed(app, session.id, session.mode, session.extendable);
    Ok(())
}

/// More time. Answers with what the session has now, in milliseconds.
pub(crate) async fn extend(app: &AppHandle) -> Result<u64> {
    let state = app.understudy();
    stage::input(app);
    let (id, token) = state.session.held().ok_or_else(stage::no_stage)?;
    let asked_at = boot_time();
    let lease = state.api.extend_session(id, &token).await?;
    if state.session.live_id() == Some(id) {
        state.session.renewed(&lease, asked_at);
        stage::publish(app);
    }
    Ok(lease.limit_in_ms)
}

/// The server says that something about the session is otherwise now. What is allowed once stays so: an answer that
/// comes late says less.
pub(crate) fn changed(app: &AppHandle, id: Uuid, mode: Mode, extendable: bool) {
    app.understudy().session.with_live(|live| {
        if live.session.id != id {
            return;
        }
        if live.session.mode == Mode::View && mode == Mode::Act {
            live.session.mode = mode;
            live.sheets.push(Sheet::Raised);
        }
        live.session.extendable = extendable;
    });
    stage::publish(app);
}
