//! The bar of the stage. For no other webview.

use tauri::AppHandle;
use understudy_protocol::Scope;

use crate::contract::{More, StageState};
use crate::error::Result;
use crate::stage;

/// The first call says that the bar's page is drawn: before it the platform is not loaded.
#[tauri::command]
pub(crate) async fn get_stage_state(app: AppHandle) -> Result<StageState> {
    stage::bar_answered(&app)
}

/// Height of the bar and its sheet in CSS pixels; 48 without a sheet.
#[tauri::command]
pub(crate) async fn set_bar_height(app: AppHandle, height: f64) -> Result<()> {
    stage::set_bar_height(&app, height).await
}

#[tauri::command]
pub(crate) async fn dismiss_sheet(app: AppHandle) {
    stage::dismiss_sheet(&app);
}

/// Asks the person for consent to the change that the gateway has refused.
#[tauri::command]
pub(crate) async fn ask_person(app: AppHandle, scope: Scope) -> Result<()> {
    stage::ask_person(&app, scope).await
}

/// Permission to act, or more time: asked for in the main window, which comes to the front.
#[tauri::command]
pub(crate) async fn want_more(app: AppHandle, more: More) -> Result<()> {
    stage::want_more(&app, more)
}

/// "I am still here", where the toolkit does not tell of input by hand.
#[tauri::command]
pub(crate) async fn still_here(app: AppHandle) {
    stage::input(&app);
}

/// Opens the link of the sheet that is shown, and no other, in the system's browser.
#[tauri::command]
pub(crate) async fn open_external_link(app: AppHandle) -> Result<()> {
    stage::open_link(&app)
}

/// Shows the download of the sheet that is shown, and no other, in the system's file manager.
#[tauri::command]
pub(crate) async fn open_download_folder(app: AppHandle) -> Result<()> {
    stage::open_download_folder(&app)
}

/// After a crash of the platform's page, or where it did not come.
#[tauri::command]
pub(crate) async fn reload_stage(app: AppHandle) -> Result<()> {
    stage::reload(&app).await
}
