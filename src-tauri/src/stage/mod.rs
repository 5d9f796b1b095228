//! The stage: a window with two webviews, the bar above and the platform below.
//!
//! The bar is a local page. The platform's webview has a cookie store of its own, no permissions, is in no
//! capability, and loads nothing but the gateway.

mod bar;
mod downloads;
mod hooks;
#[cfg(target_os = "linux")]
#[path = "layout_gtk.rs"]
mod layout;
#[cfg(not(target_os = "linux"))]
#[path = "layout_placed.rs"]
mod layout;
mod navigation;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tauri::webview::{Color, NewWindowResponse, PermissionResponse, WebviewBuilder};
use tauri::window::WindowBuilder;
use tauri::{
    AppHandle, Emitter, EventTarget, LogicalPosition, LogicalSize, Manager, Webview, WebviewUrl, Window,
};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use understudy_protocol::{ErrorCode, Permission, Scope};
use url::Url;
use uuid::Uuid;

use crate::contract::{CommandError, More, Sheet, StageState};
use crate::error::Result;
use crate::preferences;
use crate::session;
use crate::state::{AppExt, BAR, MAIN, PLATFORM, STAGE};
use crate::words::say;
use crate::workspace::{self, is_ours};

#[cfg(feature = "automation")]
pub(crate) use hooks::on_download;
pub(crate) use navigation::Origins;

/// Heights and widths in CSS pixels (look.md).
const BAR_HEIGHT: f64 = 48.0;
const FRAME: f64 = 4.0;
/// However tall a sheet wants to be, this much of the platform stays in sight.
const LEAST_PLATFORM: f64 = 120.0;
/// `oklch(0.80 0.16 75)`
const AMBER: Color = Color(0xf9, 0xad, 0x26, 0xff);

const SIZE: (f64, f64) = (1200.0, 800.0);
const LEAST_SIZE: (f64, f64) = (560.0, 400.0);

/// What the platform's webview shows before the platform.
const EMPTY: &str = "about:blank";

/// What takes longer is said to be under way.
const SLOW: Duration = Duration::from_secs(1);

/// What belongs to the stage that is open.
pub(crate) struct Stage {
    bar_answered: watch::Sender<bool>,
    /// As its page has asked for it, in the page's own pixels.
    bar_height: Mutex<f64>,
    downloads: downloads::Downloads,
    /// The way in, until the platform has shown a page.
    way_in: Mutex<Option<Origins>>,
    /// Counts pages that set out or have come.
    loads: AtomicU64,
}

impl Stage {
    fn way_in(&self) -> MutexGuard<'_, Option<Origins>> {
        self.way_in.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self {
            bar_answered: watch::Sender::new(false),
            bar_height: Mutex::new(BAR_HEIGHT),
            downloads: downloads::Downloads::default(),
            way_in: Mutex::default(),
            loads: AtomicU64::default(),
        }
    }
}

/// Shows the window with the bar and an empty place under it. An error where the bar does not come.
pub(crate) async fn open(app: &AppHandle, origins: Origins, permissions: Vec<Permission>) -> Result<()> {
    destroy(app);
    let title = title(&state(app)?);
    app.state::<Stage>().bar_answered.send_replace(false);
    *app.state::<Stage>().way_in() = Some(origins.clone());
    let built = timeout(bar::PATIENCE, build(app, &title, origins, permissions)).await;
    built.map_err(|_| no_bar(&"it was not made in time"))?.map_err(|error| no_bar(&error))?;
    let in_place = timeout(bar::PATIENCE, bar::in_place(app)).await;
    in_place.map_err(|_| no_bar(&"it did not stand in its place in time"))?;
    tauri::async_runtime::spawn(bar::keep(app.clone()));
    Ok(())
}

fn no_bar(cause: &dyn std::fmt::Display) -> CommandError {
    CommandError::internal(
        say(
            "The warning bar could not be shown, so the session was ended before it began. Restart Understudy, \
             then request a new code.",
            "La barre d’avertissement n’a pas pu s’afficher : la session a été interrompue avant de commencer. \
             Redémarrez Understudy, puis demandez un nouveau code.",
        ),
        cause,
    )
}

async fn build(
    app: &AppHandle,
    title: &str,
    origins: Origins,
    permissions: Vec<Permission>,
) -> tauri::Result<()> {
    let mut window = WindowBuilder::new(app, STAGE)
        .title(title)
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(LEAST_SIZE.0, LEAST_SIZE.1)
        .center()
        .background_color(AMBER);
    if let Some(place) = beside_main(app) {
        window = window.position(place.x, place.y);
    }
    let window = window.build()?;
    layout::frame(&window)?;
    layout::watch_keys(&window, app)?;

    let (width, height) = (SIZE.0, SIZE.1);
    let bar = WebviewBuilder::new(BAR, WebviewUrl::App("bar.html".into()))
        .background_color(AMBER)
        .devtools(cfg!(debug_assertions))
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| PermissionResponse::Deny);
    let bar = window.add_child(bar, LogicalPosition::new(0.0, 0.0), LogicalSize::new(width, BAR_HEIGHT))?;
    layout::dock_bar(&window, &bar, least_bar(app)).await?;
    preferences::zoom(&bar);
    layout::watch_hands(app, &bar).await?;

    let blank = WebviewUrl::External(Url::parse(EMPTY).map_err(|_| tauri::Error::InvalidWindowHandle)?);
    let platform = hooks::attach(WebviewBuilder::new(PLATFORM, blank), app, origins, permissions)
        .devtools(cfg!(debug_assertions))
        // Files dropped on the page are the page's business: an upload.
        .disable_drag_drop_handler()
        .general_autofill_enabled(false)
        // WebDriver reaches one context only, and this is not it.
        .incognito(!cfg!(feature = "automation"));
    let position = LogicalPosition::new(0.0, BAR_HEIGHT);
    let platform = window.add_child(platform, position, LogicalSize::new(width, height - BAR_HEIGHT))?;
    #[cfg(all(feature = "automation", target_os = "linux"))]
    layout::mock_devices(&platform).await?;
    layout::fill(&window, &platform).await?;
    preferences::zoom(&platform);
    layout::watch_hands(app, &platform).await?;
    hooks::watch(app, &bar, &platform)
}

fn title(stage: &StageState) -> String {
    let (person, server) = (&stage.session.person.name, &stage.server);
    say(
        format!("Signed in as {person} · {server} – Understudy"),
        format!("Connecté en tant que {person} · {server} – Understudy"),
    )
}

/// Bar and window speak another language from now on, perhaps.
pub(crate) fn respoken(app: &AppHandle) {
    if let Some((window, state)) = app.get_window(STAGE).zip(app.understudy().session.stage_state()) {
        if let Err(error) = window.set_title(&title(&state)) {
            log::warn!("the stage keeps its title: {error}");
        }
        publish(app);
    }
}

/// On the monitor of the main window, where one is looking: it is centred there.
fn beside_main(app: &AppHandle) -> Option<LogicalPosition<f64>> {
    let monitor = app.get_window(MAIN)?.current_monitor().ok().flatten()?;
    Some(monitor.position().to_logical(monitor.scale_factor()))
}

/// Sends the platform's webview through the handoff. The address is a secret: it is not logged.
pub(crate) fn enter(app: &AppHandle, handoff: Url) -> Result<()> {
    let Some((window, _, platform)) = parts(app) else { return Err(no_bar(&"the stage is gone")) };
    platform
        .navigate(handoff)
        .and_then(|()| window.set_focus())
        .and_then(|()| platform.set_focus())
        .map_err(|_| no_bar(&"the platform could not be loaded"))
}

/// The bar's page is drawn and asks what to say.
pub(crate) fn bar_answered(app: &AppHandle) -> Result<StageState> {
    app.state::<Stage>().bar_answered.send_replace(true);
    state(app)
}

/// At once, whatever the page wants.
pub(crate) fn destroy(app: &AppHandle) {
    // The shared store of an automated run does not die with the webview.
    #[cfg(feature = "automation")]
    if let Some(platform) = app.get_webview(PLATFORM) {
        let _ = platform.clear_all_browsing_data();
    }
    if let Some(window) = app.get_window(STAGE)
        && let Err(error) = window.destroy()
    {
        log::error!("the stage could not be closed: {error}");
    }
}

pub(crate) fn show(app: &AppHandle) -> Result<()> {
    let Some(window) = app.get_window(STAGE) else { return Err(no_stage()) };
    for outcome in [window.show(), window.unminimize(), window.set_focus()] {
        outcome.map_err(|error| {
            CommandError::internal(
                say("The stage did not come to the front.", "La session n’a pas pu passer au premier plan."),
                error,
            )
        })?;
    }
    Ok(())
}

pub(crate) async fn set_bar_height(app: &AppHandle, height: f64) -> Result<()> {
    *app.state::<Stage>().bar_height.lock().unwrap_or_else(PoisonError::into_inner) = height;
    give_bar_its_height(app).await
}

/// What is larger, or smaller, in a window's own pixels now.
pub(crate) async fn zoomed(app: AppHandle) {
    if parts(&app).is_some()
        && let Err(error) = give_bar_its_height(&app).await
    {
        log::error!("the bar keeps its height: {}", error.message);
    }
}

/// In the window's own pixels: enlarged, the bar needs more to be whole.
fn least_bar(app: &AppHandle) -> f64 {
    BAR_HEIGHT * preferences::factor(app).max(1.0)
}

async fn give_bar_its_height(app: &AppHandle) -> Result<()> {
    let Some((window, bar, platform)) = parts(app) else { return Err(no_stage()) };
    let failed = |error: tauri::Error| {
        CommandError::internal(say("The bar could not grow.", "La barre n’a pas pu s’agrandir."), error)
    };
    let scale = window.scale_factor().map_err(failed)?;
    let inside = window.inner_size().map_err(failed)?.to_logical::<f64>(scale).height - 2.0 * FRAME;
    let least = least_bar(app);
    let most = (inside - LEAST_PLATFORM).max(least);
    let asked = *app.state::<Stage>().bar_height.lock().unwrap_or_else(PoisonError::into_inner);
    let height = asked * preferences::factor(app);
    let height = if height.is_finite() { height.ceil().clamp(least, most) } else { least };
    layout::set_bar_height(&window, &bar, &platform, height).await.map_err(failed)
}

/// The keyboard goes to the bar: it asks something that staff themselves brought up.
pub(crate) fn focus_bar(app: &AppHandle) {
    if let Some(bar) = app.get_webview(BAR) {
        let _ = bar.set_focus();
    }
}

/// Opens a sheet on the bar.
pub(crate) fn open_sheet(app: &AppHandle, sheet: Sheet) {
    app.understudy().session.push_sheet(sheet);
    publish(app);
}

/// The platform shows another page.
fn page_changed(app: &AppHandle) {
    *app.state::<Stage>().way_in() = None;
    if app.understudy().session.page_changed() {
        publish(app);
    }
}

/// A page is on its way, or has come; the bar shows it where that takes its time.
fn loading(app: &AppHandle, is: bool) {
    let this = app.state::<Stage>().loads.fetch_add(1, Ordering::Relaxed) + 1;
    if !is {
        if app.understudy().session.set_loading(false) {
            publish(app);
        }
        return;
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        sleep(SLOW).await;
        let still = app.state::<Stage>().loads.load(Ordering::Relaxed) == this;
        if still && app.understudy().session.set_loading(true) {
            publish(&app);
        }
    });
}

/// What the server tells of a session is said on the bar, if it is the one that runs.
pub(crate) fn told(app: &AppHandle, session: Uuid, sheet: Sheet) {
    if app.understudy().session.live_id() == Some(session) {
        open_sheet(app, sheet);
    }
}

/// Asks the person for consent to one change; how it stands is said on the bar.
pub(crate) async fn ask_person(app: &AppHandle, scope: Scope) -> Result<()> {
    let state = app.understudy();
    let Some((id, token)) = state.session.held() else { return Ok(()) };
    let question = state.api.ask_person(id, &token, scope).await?;
    told(app, question.session_id, Sheet::Consent { question });
    Ok(())
}

/// What more is wanted of the session is asked for in the main window.
pub(crate) fn want_more(app: &AppHandle, more: More) -> Result<()> {
    workspace::show(app);
    app.emit_to(MAIN, "more-wanted", more).map_err(|error| {
        CommandError::internal(
            say("The main window does not answer.", "La fenêtre principale ne répond pas."),
            error,
        )
    })
}

/// Somebody did something by hand on the stage.
pub(crate) fn input(app: &AppHandle) {
    if app.understudy().session.input() {
        publish(app);
    }
}

pub(crate) fn dismiss_sheet(app: &AppHandle) {
    app.understudy().session.dismiss_sheet();
    publish(app);
}

/// Opens the link that the bar asks about in the system's browser.
pub(crate) fn open_link(app: &AppHandle) -> Result<()> {
    let link = app.understudy().session.take_link();
    publish(app);
    let Some(link) = link else { return Ok(()) };
    tauri_plugin_opener::open_url(link, None::<&str>).map_err(|error| {
        CommandError::internal(
            say("No browser could be opened for this link.", "Aucun navigateur n’a pu ouvrir ce lien."),
            error,
        )
    })
}

/// Shows the file of the sheet that is shown, and no other, where it was saved.
pub(crate) fn open_download_folder(app: &AppHandle) -> Result<()> {
    let Some(path) = app.understudy().session.take_download() else { return Ok(()) };
    publish(app);
    let folder = path.parent().map(std::path::Path::to_path_buf).unwrap_or_default();
    tauri_plugin_opener::reveal_item_in_dir(path)
        .or_else(|_| tauri_plugin_opener::open_path(folder, None::<&str>))
        .map_err(|error| {
            CommandError::internal(
                say("The folder could not be opened.", "Le dossier n’a pas pu s’ouvrir."),
                error,
            )
        })
}

/// The page once more; where there is none yet, the way in.
pub(crate) async fn reload(app: &AppHandle) -> Result<()> {
    let Some(platform) = app.get_webview(PLATFORM) else { return Err(no_stage()) };
    let way_in = app.state::<Stage>().way_in().clone();
    if let Some(origins) = way_in {
        let Some(id) = app.understudy().session.live_id() else { return Err(no_stage()) };
        session::enter(app, id, &origins).await?;
        dismiss_sheet(app);
        return Ok(());
    }
    dismiss_sheet(app);
    platform.reload().map_err(|error| {
        CommandError::internal(
            say("The page could not be loaded again.", "La page n’a pas pu être rechargée."),
            error,
        )
    })
}

/// Sends `stage-state` to the bar and the main window.
pub(crate) fn publish(app: &AppHandle) {
    let Some(state) = app.understudy().session.stage_state() else { return };
    // In one go: a listener without a target of its own would hear it twice otherwise.
    if let Err(error) = app.emit_filter("stage-state", state, is_for_local_webviews) {
        log::error!("stage-state could not be sent: {error}");
    }
}

/// Lays the webviews out anew; a window that is placed by hand needs it when its size changes.
pub(crate) fn resized(app: &AppHandle) {
    if let Some((window, bar, platform)) = parts(app)
        && let Err(error) = layout::resized(&window, &bar, &platform)
    {
        log::warn!("the stage could not be laid out: {error}");
    }
}

fn is_for_local_webviews(target: &EventTarget) -> bool {
    match target {
        EventTarget::Any => true,
        EventTarget::AnyLabel { label }
        | EventTarget::Window { label }
        | EventTarget::Webview { label }
        | EventTarget::WebviewWindow { label } => [BAR, MAIN].contains(&label.as_str()),
        _ => false,
    }
}

fn state(app: &AppHandle) -> Result<StageState> {
    app.understudy().session.stage_state().ok_or_else(no_stage)
}

pub(crate) fn no_stage() -> CommandError {
    CommandError::new(ErrorCode::SessionEnded, say("This session is over.", "Cette session est terminée."))
}

fn parts(app: &AppHandle) -> Option<(Window, Webview, Webview)> {
    Some((app.get_window(STAGE)?, app.get_webview(BAR)?, app.get_webview(PLATFORM)?))
}
