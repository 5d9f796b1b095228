//! Nothing closes while impersonating: every attempt is refused and explained.
//!
//! This is courtesy. What guarantees the end of a session is the lease.

use tauri::{AppHandle, Emitter, RunEvent, Window, WindowEvent};

use crate::contract::Sheet;
use crate::session;
use crate::state::{AppExt, MAIN, STAGE};
use crate::{preferences, stage, system, workspace};

pub(crate) fn on_window_event(window: &Window, event: &WindowEvent) {
    use tauri::Manager;
    let app = window.app_handle();
    match event {
        WindowEvent::CloseRequested { api, .. } if app.understudy().session.is_busy() => {
            api.prevent_close();
            explain(app, window.label());
        }
        WindowEvent::CloseRequested { api, .. } if window.label() == MAIN && runs_on(app) => {
            api.prevent_close();
            tauri::async_runtime::spawn(workspace::hide(app.clone()));
        }
        WindowEvent::Resized(_) | WindowEvent::ScaleFactorChanged { .. } if window.label() == STAGE => {
            stage::resized(app);
        }
        _ => {}
    }
}

/// Whoever is signed in may be sent codes.
fn runs_on(app: &AppHandle) -> bool {
    app.understudy().api.staff().borrow().is_some() && preferences::get(app).keep_running
}

pub(crate) fn quit(app: &AppHandle) {
    if app.understudy().session.is_busy() {
        explain(app, MAIN);
    } else {
        app.exit(0);
    }
}

pub(crate) fn on_run_event(app: &AppHandle, event: &RunEvent) {
    if system::wants_window(event) {
        return workspace::show(app);
    }
    let RunEvent::ExitRequested { api, code, .. } = event else { return };
    let session = &app.understudy().session;
    if code.is_none() && session.is_busy() {
        api.prevent_exit();
        explain(app, MAIN);
    } else if session.is_telling() {
        // "Exit impersonation" and then at once "Quit": the server still has to hear of the first.
        api.prevent_exit();
        let (app, code) = (app.clone(), code.unwrap_or(0));
        tauri::async_runtime::spawn(async move {
            session::end_before_quitting(&app).await;
            app.cleanup_before_exit();
            std::process::exit(code);
        });
    }
}

/// The window that was to be closed says why it stays.
pub(crate) fn explain(app: &AppHandle, closing: &str) {
    if closing != MAIN {
        stage::open_sheet(app, Sheet::CloseRefused);
        return stage::focus_bar(app);
    }
    if let Err(error) = app.emit_to(MAIN, "close-refused", ()) {
        log::error!("close-refused could not be sent: {error}");
    }
    workspace::show(app);
}

/// Told to go by the system: the session ends on the server first, within 2 s.
pub(crate) async fn on_signal(app: AppHandle) {
    if let Err(error) = system::told_to_go().await {
        log::error!("signals cannot be waited for: {error}");
        return;
    }
    log::info!("told to go");
    session::end_before_quitting(&app).await;
    app.exit(0);
}
