//! The server and the sign-in. For the main window.

use tauri::AppHandle;
use understudy_protocol::{SetSwitch, Staff, Switch};

use crate::contract::{AppState, Prefill};
use crate::error::Result;
use crate::guard;
use crate::server::{self, refuse_while_impersonating};
use crate::state::AppExt;
use crate::updates;

#[tauri::command]
pub(crate) async fn get_app_state(app: AppHandle) -> AppState {
    app.app_state()
}

/// Quits, also where closing the window only hides it. While impersonating it explains itself instead.
#[tauri::command]
pub(crate) async fn quit(app: AppHandle) {
    guard::quit(&app);
}

/// What a link from outside wants to have filled in: once.
#[tauri::command]
pub(crate) async fn take_prefill(app: AppHandle) -> Option<Prefill> {
    let prefill = app.understudy().take_prefill();
    app.publish();
    prefill
}

/// Installs the newer version and starts again; refused while impersonating.
#[tauri::command]
pub(crate) async fn install_update(app: AppHandle) -> Result<()> {
    updates::install(&app).await
}

/// Checks that a server answers at this address, then keeps it.
#[tauri::command]
pub(crate) async fn set_server(app: AppHandle, url: String) -> Result<AppState> {
    server::set(&app, &url).await
}

#[tauri::command]
pub(crate) async fn forget_server(app: AppHandle) -> Result<AppState> {
    server::forget(&app).await
}

#[tauri::command]
pub(crate) async fn sign_in(app: AppHandle, email: String, password: String) -> Result<Staff> {
    app.understudy().api.sign_in(email, password).await
}

/// Refused while impersonating.
#[tauri::command]
pub(crate) async fn sign_out(app: AppHandle) -> Result<()> {
    refuse_while_impersonating(&app.understudy(), ("sign out", "déconnectez-vous"))?;
    app.understudy().api.sign_out().await;
    Ok(())
}

/// For admins: how it stands, by whom and why.
#[tauri::command]
pub(crate) async fn get_switch(app: AppHandle) -> Result<Switch> {
    app.understudy().api.switch().await
}

/// For admins: lets nobody impersonate, or everybody again.
#[tauri::command]
pub(crate) async fn set_switch(app: AppHandle, set: SetSwitch) -> Result<Switch> {
    server::set_switch(&app, &set).await
}
