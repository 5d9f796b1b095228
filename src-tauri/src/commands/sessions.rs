//! Sessions: the one on the stage, and the history. For the main window.

use tauri::AppHandle;
use understudy_protocol::{
    LiftNote, NewNote, NewReview, Note, Raise, Request, Review, Session, SessionDetail, SessionsPage,
    SessionsQuery,
};
use uuid::Uuid;

use crate::contract::NoteDraft;
use crate::error::Result;
use crate::state::AppExt;
use crate::{session, stage};

/// Starts the session of a verified request; answers when the stage is shown.
#[tauri::command]
pub(crate) async fn start_session(app: AppHandle, id: Uuid) -> Result<Session> {
    session::start(&app, id).await
}

/// Asks for a code with which to go on where the app was lost.
#[tauri::command]
pub(crate) async fn resume_session(app: AppHandle, id: Uuid) -> Result<Request> {
    app.understudy().api.resume_session(id).await
}

/// Asks for a code with which the session on the stage may change things.
#[tauri::command]
pub(crate) async fn ask_to_act(app: AppHandle, wanted: Raise) -> Result<Request> {
    session::ask_to_act(&app, wanted).await
}

/// Lets it, once that code was entered.
#[tauri::command]
pub(crate) async fn raise_session(app: AppHandle, request: Uuid) -> Result<()> {
    session::raise(&app, request).await
}

/// Gives the session on the stage more time; answers with what it has now, in milliseconds.
#[tauri::command]
pub(crate) async fn extend_session(app: AppHandle) -> Result<u64> {
    session::extend(&app).await
}

/// Brings the stage to the front.
#[tauri::command]
pub(crate) async fn show_stage(app: AppHandle) -> Result<()> {
    stage::show(&app)
}

/// Also for the bar. The stage closes at once; the event `stage-closed` follows.
#[tauri::command]
pub(crate) async fn exit_impersonation(app: AppHandle) {
    session::close(&app, None, session::Cause::Exit);
}

/// For the bar: the same, and the note is filed as it was drafted. Where it cannot be, it is asked for.
#[tauri::command]
pub(crate) async fn exit_with_note(app: AppHandle) {
    session::close(&app, None, session::Cause::ExitWithNote);
}

/// One's own session that has no stage here, or anybody's for admins.
#[tauri::command]
pub(crate) async fn stop_session(app: AppHandle, id: Uuid) -> Result<Session> {
    session::stop(&app, id).await
}

#[tauri::command]
pub(crate) async fn list_sessions(app: AppHandle, query: SessionsQuery) -> Result<SessionsPage> {
    app.understudy().api.list_sessions(&query).await
}

#[tauri::command]
pub(crate) async fn get_session(app: AppHandle, id: Uuid) -> Result<SessionDetail> {
    app.understudy().api.get_session(id).await
}

#[tauri::command]
pub(crate) async fn write_note(app: AppHandle, id: Uuid, note: NewNote) -> Result<Note> {
    app.understudy().api.write_note(id, &note).await
}

/// For admins, of somebody else's session: its staff member goes on without the note.
#[tauri::command]
pub(crate) async fn lift_note(app: AppHandle, id: Uuid, lift: LiftNote) -> Result<Session> {
    app.understudy().api.lift_note(id, &lift).await
}

/// For leads, of somebody else's session.
#[tauri::command]
pub(crate) async fn review_session(app: AppHandle, id: Uuid, review: NewReview) -> Result<Review> {
    app.understudy().api.review_session(id, &review).await
}

/// As far as the note is written. Also for the bar.
#[tauri::command]
pub(crate) async fn get_note_draft(app: AppHandle, id: Uuid) -> Result<NoteDraft> {
    session::draft(&app, id)
}

/// Keeps it over restarts and crashes; an empty one is forgotten. Also for the bar.
#[tauri::command]
pub(crate) async fn keep_note_draft(app: AppHandle, id: Uuid, draft: NoteDraft) -> Result<()> {
    session::keep_draft(&app, id, draft)
}
