//! More of a session that runs: changes, or time.

use tauri::AppHandle;
use understudy_protocol::{Mode, Raise, Request, Session};
use uuid::Uuid;

use crate::clock::boot_time;
use crate::contract::Sheet;
use crate::error::Result;
use crate::stage;
use crate::state::AppExt;

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
    take_over(app, session);
    Ok(())
}

/// More time.
pub(crate) async fn extend(app: &AppHandle) -> Result<()> {
    let state = app.understudy();
    stage::input(app);
    let (id, token) = state.session.held().ok_or_else(stage::no_stage)?;
    let asked_at = boot_time();
    let lease = state.api.extend_session(id, &token).await?;
    state.session.renewed(&lease, asked_at);
    look_again(app.clone(), id).await;
    Ok(())
}

/// The server says that something about the session is otherwise now.
pub(crate) async fn look_again(app: AppHandle, id: Uuid) {
    let state = app.understudy();
    if state.session.live_id() != Some(id) {
        return;
    }
    match state.api.get_session(id).await {
        Ok(detail) => take_over(&app, detail.session),
        Err(error) => log::warn!("the session could not be looked at again: {:?}", error.code),
    }
}

fn take_over(app: &AppHandle, session: Session) {
    app.understudy().session.with_live(|live| {
        if live.session.id != session.id {
            return;
        }
        if live.session.mode == Mode::View && session.mode == Mode::Act {
            live.sheets.push(Sheet::Raised);
        }
        live.session = session;
    });
    stage::publish(app);
}
