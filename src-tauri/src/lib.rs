//! Understudy, the desktop app.
//!
//! The main window is the workspace, where staff are themselves. The stage is a second window in which they are
//! somebody else, for as long as the server says. What holds here:
//!
//! - The impersonation token stays in [`session`]; it reaches no webview, log, file or command line.
//! - Commands only pass on (`commands`); HTTP is spoken in one place (`api`).
//! - The platform's webview is in no capability: it can call nothing.

mod api;
mod commands;
pub mod contract;
mod credentials;
mod drafts;
mod error;
mod guard;
mod links;
mod logging;
mod monitors;
mod notify;
mod preferences;
mod server;
mod session;
mod settings;
mod stage;
mod state;
mod system;
mod tray;
#[cfg(test)]
mod typescript;
mod updates;
mod words;
mod workspace;

use tauri::{AppHandle, Manager};
use tauri_plugin_window_state::StateFlags;

use commands::{
    approvals, bar, people, requests, second_factor, server as server_commands, sessions,
    settings as settings_commands,
};
use state::{App, AppExt, MAIN, STAGE};

/// Given where the app starts with the computer: it waits for codes without showing its window.
const HIDDEN: &str = "--hidden";

/// Runs the app until it quits.
///
/// # Panics
///
/// Where the toolkit cannot start, for want of a display for example.
pub fn run() {
    // Fails only where somebody was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();

    let app = system::shortcuts(tauri::Builder::default())
        .plugin(tauri_plugin_single_instance::init(|app, _, _| come_back(app)))
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_updater::Builder::new().build())
        .plugin(logging::plugin())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_autostart::Builder::new().arg(HIDDEN).app_name("Understudy").build())
        .plugin(
            tauri_plugin_window_state::Builder::new()
                .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
                .with_filter(|label| [MAIN, STAGE].contains(&label))
                .build(),
        )
        .invoke_handler(tauri::generate_handler![
            server_commands::get_app_state,
            server_commands::quit,
            server_commands::take_prefill,
            server_commands::install_update,
            server_commands::set_server,
            server_commands::forget_server,
            server_commands::sign_in,
            server_commands::sign_out,
            second_factor::get_second_factor,
            second_factor::enrol_second_factor,
            second_factor::confirm_second_factor,
            second_factor::verify_second_factor,
            settings_commands::get_settings,
            settings_commands::set_settings,
            settings_commands::can_notify,
            server_commands::get_switch,
            server_commands::set_switch,
            people::list_people,
            people::find_person,
            requests::request_code,
            requests::get_request,
            requests::list_requests,
            requests::current_request,
            requests::cancel_request,
            requests::verify_code,
            requests::list_inbox,
            approvals::list_approvals,
            approvals::take_request,
            approvals::hand_over_code,
            approvals::deny_code,
            sessions::start_session,
            sessions::resume_session,
            sessions::ask_to_act,
            sessions::raise_session,
            sessions::extend_session,
            sessions::show_stage,
            sessions::exit_impersonation,
            sessions::exit_with_note,
            sessions::stop_session,
            sessions::list_sessions,
            sessions::get_session,
            sessions::write_note,
            sessions::lift_note,
            sessions::review_session,
            sessions::get_note_draft,
            sessions::keep_note_draft,
            bar::get_stage_state,
            bar::set_bar_height,
            bar::dismiss_sheet,
            bar::still_here,
            bar::ask_person,
            bar::want_more,
            bar::open_external_link,
            bar::open_download_folder,
            bar::reload_stage,
        ])
        .on_window_event(guard::on_window_event)
        .setup(|app| set_up(app.handle()).map_err(Into::into))
        .build(tauri::generate_context!())
        .unwrap_or_else(again);
    app.run(|app, event| guard::on_run_event(app, &event));
}

/// The app that runs already may have ended while this one greeted it, as after a crash: then there is room now.
fn again(error: tauri::Error) -> tauri::App {
    if matches!(&error, tauri::Error::PluginInitialization(plugin, _) if plugin == "single-instance") {
        system::start_again();
    }
    panic!("the app cannot start: {error}");
}

fn set_up(app: &AppHandle) -> tauri::Result<()> {
    log::info!("Understudy {} starts", env!("CARGO_PKG_VERSION"));
    let paths = app.path();
    let (settings, drafts) = (paths.app_config_dir()?, paths.app_local_data_dir()?);
    app.manage(App::new(settings.join("settings.json"), drafts.join("notes.json")));
    app.manage(stage::Stage::default());
    app.manage(tray::Tray::default());
    app.manage(notify::Waiting::default());
    preferences::apply(app);
    notify::listen(app);
    links::listen(app);
    monitors::watch(app);
    workspace::open(app, std::env::args().any(|argument| argument == HIDDEN))?;
    tauri::async_runtime::spawn(server::go_to_first(app.clone()));
    tauri::async_runtime::spawn(follow_sign_in(app.clone()));
    tauri::async_runtime::spawn(follow_keyring(app.clone()));
    tauri::async_runtime::spawn(updates::look(app.clone()));
    tauri::async_runtime::spawn(tray::appear(app.clone()));
    tauri::async_runtime::spawn(guard::on_signal(app.clone()));
    Ok(())
}

/// A second start of the app brings forward what is already running: the stage, where there is one.
fn come_back(app: &AppHandle) {
    if stage::show(app).is_err() {
        workspace::show(app);
    }
}

/// A session lies over a sign-in: without the one, the other is over.
async fn follow_sign_in(app: AppHandle) {
    let mut staff = app.understudy().api.staff();
    while staff.changed().await.is_ok() {
        if staff.borrow_and_update().is_none() {
            session::close(&app, None, session::Cause::Server(None));
            app.understudy().set_left(None);
            app.understudy().set_asked(vec![]);
        }
        app.publish();
    }
}

/// It may answer long after it was asked.
async fn follow_keyring(app: AppHandle) {
    let mut keyring = app.understudy().keyring();
    while keyring.changed().await.is_ok() {
        app.publish();
    }
}
