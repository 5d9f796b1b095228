//! Requests and codes. For the main window.

use tauri::AppHandle;
use understudy_protocol::{InboxEntry, NewRequest, Request, RequestsPage, RequestsQuery};
use uuid::Uuid;

use crate::error::Result;
use crate::state::AppExt;

#[tauri::command]
pub(crate) async fn request_code(app: AppHandle, request: NewRequest) -> Result<Request> {
    app.understudy().api.request_code(&request).await
}

#[tauri::command]
pub(crate) async fn get_request(app: AppHandle, id: Uuid) -> Result<Request> {
    app.understudy().api.get_request(id).await
}

/// Those that never became a session.
#[tauri::command]
pub(crate) async fn list_requests(app: AppHandle, query: RequestsQuery) -> Result<RequestsPage> {
    app.understudy().api.list_requests(&query).await
}

/// The open one, if there is one.
#[tauri::command]
pub(crate) async fn current_request(app: AppHandle) -> Result<Option<Request>> {
    app.understudy().api.current_request().await
}

#[tauri::command]
pub(crate) async fn cancel_request(app: AppHandle, id: Uuid) -> Result<Request> {
    app.understudy().api.cancel_request(id).await
}

#[tauri::command]
pub(crate) async fn verify_code(app: AppHandle, id: Uuid, code: String) -> Result<Request> {
    app.understudy().api.verify_code(id, code).await
}

#[tauri::command]
pub(crate) async fn list_inbox(app: AppHandle) -> Result<Vec<InboxEntry>> {
    app.understudy().api.list_inbox().await
}
