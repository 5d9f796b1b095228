//! The main window.

use std::time::Duration;

use tauri::webview::{NewWindowResponse, PermissionResponse, WebviewWindowBuilder};
use tauri::{AppHandle, Manager, WebviewUrl};

use crate::state::MAIN;
use crate::{preferences, system, tray};

/// `hidden` where it started with the computer: it waits in the tray, or minimised.
pub(crate) fn open(app: &AppHandle, hidden: bool) -> tauri::Result<()> {
    let builder = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Understudy")
        .inner_size(1180.0, 780.0)
        .min_inner_size(640.0, 480.0)
        .devtools(cfg!(debug_assertions))
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_permission_request(|_, _| PermissionResponse::Deny);
    // WebDriver's one context has one download handler: the first webview's.
    #[cfg(feature = "automation")]
    let builder =
        builder.on_download(|webview, event| crate::stage::on_download(webview.app_handle(), event));
    #[cfg(not(feature = "automation"))]
    let builder = builder.on_download(|_, _| false);
    let window = builder.visible(!hidden).build()?;
    if hidden {
        tauri::async_runtime::spawn(minimise_without_tray(app.clone()));
    }
    system::keep_no_pages(window.as_ref())?;
    preferences::zoom(window.as_ref());
    let app = app.clone();
    system::on_crash(window.as_ref(), move || {
        tauri::async_runtime::spawn(load_again(app.clone()));
    })
}

const CRASH_PAUSE: Duration = Duration::from_millis(300);

/// The panel may take a while after us, when both start with the session.
const TRAY_PATIENCE: Duration = Duration::from_secs(15);

async fn minimise_without_tray(app: AppHandle) {
    tokio::time::sleep(TRAY_PATIENCE).await;
    let Some(window) = app.get_webview_window(MAIN) else { return };
    if !window.is_visible().unwrap_or(true) && !tray::is_shown(&app).await {
        let _ = window.minimize().and_then(|()| window.show());
    }
}

/// No faster than it can be followed.
async fn load_again(app: AppHandle) {
    log::warn!("the main window crashed and is loaded again");
    tokio::time::sleep(CRASH_PAUSE).await;
    if let Some(Err(error)) = app.get_webview_window(MAIN).map(|window| window.reload()) {
        log::error!("the main window stays empty: {error}");
    }
}

/// Brings the main window to the front.
pub(crate) fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    for outcome in [window.show(), window.unminimize(), window.set_focus()] {
        if let Err(error) = outcome {
            log::warn!("the main window did not come to the front: {error}");
        }
    }
}

/// Out of the way, and to be found again: in the tray, or minimised where there is none.
pub(crate) async fn hide(app: AppHandle) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    let hidden = if tray::is_shown(&app).await { window.hide() } else { window.minimize() };
    if let Err(error) = hidden {
        log::warn!("the main window did not go out of the way: {error}");
    }
}

/// Local webviews show the app's own pages and nothing else.
pub(crate) fn is_ours(url: &url::Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" if cfg!(windows) => url.host_str() == Some("tauri.localhost"),
        "about" => url.as_str() == "about:blank",
        _ => false,
    }
}
