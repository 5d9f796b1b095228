//! The second factor. For the main window.

use tauri::AppHandle;
use understudy_protocol::{Enrolment, RecoveryCodes, SecondFactor};

use crate::error::Result;
use crate::state::AppExt;

#[tauri::command]
pub(crate) async fn get_second_factor(app: AppHandle) -> Result<SecondFactor> {
    app.understudy().api.second_factor().await
}

/// A new secret for an authenticator app; it counts once a code of it has been confirmed.
#[tauri::command]
pub(crate) async fn enrol_second_factor(app: AppHandle, password: String) -> Result<Enrolment> {
    app.understudy().api.enrol_second_factor(password).await
}

#[tauri::command]
pub(crate) async fn confirm_second_factor(app: AppHandle, code: String) -> Result<RecoveryCodes> {
    app.understudy().api.confirm_second_factor(code).await
}

/// Six digits, or a recovery code.
#[tauri::command]
pub(crate) async fn verify_second_factor(app: AppHandle, code: String) -> Result<SecondFactor> {
    app.understudy().api.verify_second_factor(code).await
}
