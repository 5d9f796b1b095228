//! Codes that an administrator hands over. For the main window.

use tauri::AppHandle;
use understudy_protocol::PendingRequest;
use uuid::Uuid;

use crate::error::Result;
use crate::state::AppExt;

/// Requests of others that wait.
#[tauri::command]
pub(crate) async fn list_approvals(app: AppHandle) -> Result<Vec<PendingRequest>> {
    app.understudy().api.list_approvals().await
}

#[tauri::command]
pub(crate) async fn take_request(app: AppHandle, id: Uuid) -> Result<PendingRequest> {
    app.understudy().api.take_request(id).await
}

#[tauri::command]
pub(crate) async fn hand_over_code(app: AppHandle, id: Uuid) -> Result<()> {
    app.understudy().api.hand_over_code(id).await
}

#[tauri::command]
pub(crate) async fn deny_code(app: AppHandle, id: Uuid, reason: String) -> Result<()> {
    app.understudy().api.deny_code(id, reason).await
}
