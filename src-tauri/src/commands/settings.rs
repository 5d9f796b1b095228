//! The app's own settings. For the main window.

use tauri::AppHandle;

use crate::contract::Settings;
use crate::error::Result;
use crate::{preferences, system};

#[tauri::command]
pub(crate) async fn get_settings(app: AppHandle) -> Settings {
    preferences::get(&app)
}

/// Answers with the settings as they are now; what is managed stays as it is.
#[tauri::command]
pub(crate) async fn set_settings(app: AppHandle, settings: Settings) -> Result<Settings> {
    preferences::set(&app, &settings)
}

/// Whether this computer can show notifications now.
#[tauri::command]
pub(crate) async fn can_notify() -> bool {
    system::shows_notifications().await
}
