//! What the platform's page wants of its surroundings, and what it gets.

use std::borrow::Cow;
use std::path::PathBuf;

use tauri::http::{Response, StatusCode};
use tauri::webview::{
    DownloadEvent, NewWindowResponse, PageLoadEvent, PermissionKind, PermissionResponse, WebviewBuilder,
};
use tauri::{AppHandle, Manager, Webview, Wry};
use understudy_protocol::Permission;
use url::Url;

use super::navigation::Verdict;
use super::{Origins, SLOW, Stage, bar, downloads, open_sheet, page_changed};
use crate::contract::Sheet;
use crate::state::PLATFORM;
use crate::system::{self, NotLoaded};

pub(super) fn attach(
    builder: WebviewBuilder<Wry>,
    app: &AppHandle,
    origins: Origins,
    permissions: Vec<Permission>,
) -> WebviewBuilder<Wry> {
    let (navigating, opening, saving, loading) = (app.clone(), app.clone(), app.clone(), app.clone());
    let (for_windows, for_downloads, home) = (origins.clone(), origins.clone(), origins.home());
    builder
        .on_navigation(move |url| go(&navigating, &origins, url))
        .on_new_window(move |url, _| {
            if go(&opening, &for_windows, &url) {
                open_in_place(&opening, url);
            }
            NewWindowResponse::Deny
        })
        .on_download(move |_, event| match &event {
            DownloadEvent::Requested { url, .. } if !for_downloads.may_download(url) => false,
            _ => on_download(&saving, event),
        })
        .on_page_load(move |platform, load| match load.event() {
            PageLoadEvent::Started => {
                if !is_empty(load.url()) {
                    page_changed(&loading);
                }
                super::loading(&loading, true);
            }
            PageLoadEvent::Finished if is_empty(load.url()) => {
                if loading.state::<Stage>().way_in().is_none() {
                    leave_empty_page(platform, home.clone());
                }
            }
            PageLoadEvent::Finished => super::loading(&loading, false),
        })
        // The app's own files are no page's business; where the system's webview asks for them all the same, there
        // are none.
        .on_web_resource_request(|_, answer| {
            let mut nothing = Response::new(Cow::Borrowed(&[][..]));
            *nothing.status_mut() = StatusCode::NOT_FOUND;
            *answer = nothing;
        })
        .on_permission_request(move |_, asked| {
            let granted = permissions.iter().any(|permission| kind(*permission) == asked);
            if granted { PermissionResponse::Allow } else { PermissionResponse::Deny }
        })
}

/// The way back ends at the empty page that the stage began with, and a page may lead to another one: nobody finds
/// out of them again. Onwards, or to the platform's first page where nothing follows.
fn leave_empty_page(platform: Webview, home: Option<Url>) {
    let _ = platform.eval("history.forward()");
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(SLOW).await;
        if let Some(home) = home
            && platform.url().is_ok_and(|url| is_empty(&url))
            && platform.navigate(home).is_err()
        {
            log::warn!("the stage stays on an empty page");
        }
    });
}

/// What the stage begins with, whatever is added to its address.
fn is_empty(url: &Url) -> bool {
    url.scheme() == "about"
}

fn kind(permission: Permission) -> PermissionKind {
    match permission {
        Permission::Geolocation => PermissionKind::Geolocation,
        Permission::Camera => PermissionKind::Camera,
        Permission::Microphone => PermissionKind::Microphone,
    }
}

/// Whether the stage loads it; asks on the bar where staff may want it elsewhere.
fn go(app: &AppHandle, origins: &Origins, url: &Url) -> bool {
    let verdict = origins.judge(url);
    if verdict == Verdict::Ask {
        open_sheet(app, Sheet::ExternalLink { url: url.to_string() });
    }
    verdict == Verdict::Load
}

/// A window that the page wants to open opens in the stage. Nobody's pages (`data:`) do not: what a page itself may
/// not lead to, the app does not load for it.
fn open_in_place(app: &AppHandle, url: Url) {
    let app = app.clone();
    // Not from inside the toolkit's own callback.
    tauri::async_runtime::spawn(async move {
        if matches!(url.scheme(), "http" | "https" | "blob")
            && let Some(platform) = app.get_webview(PLATFORM)
            && platform.navigate(url).is_err()
        {
            log::warn!("a new window could not be opened in the stage");
        }
    });
}

/// Saves under a clean, free name and says so on the bar.
pub(crate) fn on_download(app: &AppHandle, event: DownloadEvent<'_>) -> bool {
    let going_on = &app.state::<Stage>().inner().downloads;
    match event {
        DownloadEvent::Requested { url, destination } => {
            let suggested = destination.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(folder) = folder(app) else {
                log::error!("there is no folder for downloads");
                let file = downloads::clean_name(&suggested);
                open_sheet(app, Sheet::Downloaded { file, folder: String::new(), ok: false });
                return false;
            };
            *destination = going_on.begin(&folder, &suggested, url);
            true
        }
        DownloadEvent::Finished { url, path, success } => {
            if let Some(path) = going_on.finish(&url, path) {
                let part =
                    |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
                let file = part(path.file_name());
                let folder = part(path.parent().map(|folder| folder.as_os_str()));
                open_sheet(app, Sheet::Downloaded { file, folder, ok: success });
            }
            true
        }
        _ => false,
    }
}

/// The user's folder for downloads; `Downloads` in their home where the system names none.
fn folder(app: &AppHandle) -> Option<PathBuf> {
    let paths = app.path();
    let folder =
        paths.download_dir().or_else(|_| paths.home_dir().map(|home| home.join("Downloads"))).ok()?;
    std::fs::create_dir_all(&folder).ok().map(|()| folder)
}

/// A page that crashes, or does not come, is said on the bar. A bar that crashes comes back at once, or the session
/// ends.
pub(super) fn watch(app: &AppHandle, bar: &Webview, platform: &Webview) -> tauri::Result<()> {
    let (page, missing, under_way, app) = (app.clone(), app.clone(), app.clone(), app.clone());
    system::on_crash(platform, move || open_sheet(&page, Sheet::Crashed))?;
    system::on_not_loaded(platform, move |why| {
        let first = missing.state::<Stage>().way_in().is_some();
        open_sheet(&missing, Sheet::NotLoaded { untrusted: why == NotLoaded::Untrusted, first });
    })?;
    system::on_loading(platform, move |loading| super::loading(&under_way, loading))?;
    system::on_crash(bar, move || {
        tauri::async_runtime::spawn(bar::bring_back(app.clone()));
    })
}
