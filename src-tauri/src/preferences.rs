//! The settings in force: what follows from a change of them.

use tauri::{AppHandle, Emitter, Manager, Webview};
use tauri_plugin_autostart::ManagerExt;

use crate::contract::{CommandError, Settings};
use crate::error::Result as CommandResult;
use crate::stage;
use crate::state::{AppExt, MAIN};
use crate::words::{say, speak};

pub(crate) fn get(app: &AppHandle) -> Settings {
    app.understudy().settings.settings(app.autolaunch().is_enabled().unwrap_or(false))
}

pub(crate) fn set(app: &AppHandle, new: &Settings) -> CommandResult<Settings> {
    app.understudy().settings.save_settings(new)?;
    let wanted = app.understudy().settings.managed_autostart().unwrap_or(new.autostart);
    let started = start_with_the_computer(app, wanted);
    let settings = get(app);
    speak(settings.language);
    for webview in app.webviews().values() {
        zoom(webview);
    }
    tauri::async_runtime::spawn(stage::zoomed(app.clone()));
    stage::respoken(app);
    // What is drawn in words of ours: the tray.
    app.publish();
    if let Err(error) = app.emit_to(MAIN, "settings", &settings) {
        log::error!("settings could not be sent: {error}");
    }
    started.map_err(|error| {
        let message = say(
            "Your system did not allow Understudy to start with it. Ask whoever manages this computer.",
            "Votre système n’a pas permis à Understudy de démarrer avec lui. Adressez-vous à la personne qui gère cet ordinateur.",
        );
        CommandError::internal(message, error)
    })?;
    Ok(settings)
}

/// As large as is wanted, in every webview; the platform's page too.
pub(crate) fn zoom(webview: &Webview) {
    if let Err(error) = webview.set_zoom(factor(webview.app_handle())) {
        log::warn!("{} keeps its size: {error}", webview.label());
    }
}

/// How many of the window's own pixels one of a page is.
pub(crate) fn factor(app: &AppHandle) -> f64 {
    f64::from(app.understudy().settings.settings(false).zoom) / 100.0
}

/// At the start: the language, and what the managed file fixes outside the app.
pub(crate) fn apply(app: &AppHandle) {
    speak(get(app).language);
    if let Some(wanted) = app.understudy().settings.managed_autostart()
        && let Err(error) = start_with_the_computer(app, wanted)
    {
        log::warn!("starting with the computer could not be set: {error}");
    }
}

fn start_with_the_computer(app: &AppHandle, wanted: bool) -> Result<(), tauri_plugin_autostart::Error> {
    let autostart = app.autolaunch();
    match (autostart.is_enabled()?, wanted) {
        (false, true) => autostart.enable(),
        (true, false) => autostart.disable(),
        _ => Ok(()),
    }
}
