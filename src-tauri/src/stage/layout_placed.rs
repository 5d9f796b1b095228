//! The stage's layout on Windows and macOS: each webview has its place, set again whenever the window's size
//! changes. Untested until its workflow has run.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tauri::{AppHandle, LogicalPosition, LogicalSize, Manager, Rect, Webview, Window, WindowEvent};
use tauri_plugin_global_shortcut::{Code, Error, GlobalShortcutExt, Modifiers, Shortcut, ShortcutState};
use user_idle::UserIdle;

use super::{BAR_HEIGHT, FRAME};
use crate::session;
use crate::state::{PLATFORM, STAGE};

/// How often it is looked whether somebody is at it.
const LOOK: Duration = Duration::from_secs(5);

/// Height of the bar in CSS pixels. There is one stage at a time.
static HEIGHT: AtomicU32 = AtomicU32::new(BAR_HEIGHT as u32);

/// The window's own colour is seen where no webview is.
pub(super) fn frame(_: &Window) -> tauri::Result<()> {
    Ok(())
}

/// Ctrl or ⌘ with Shift and E exits wherever the keyboard is. No window hears the keys of its webviews here, so the
/// shortcut is the system's, for as long as the stage is in front and no longer.
pub(super) fn watch_keys(window: &Window, app: &AppHandle) -> tauri::Result<()> {
    let app = app.clone();
    window.on_window_event(move |event| {
        let listen = match event {
            WindowEvent::Focused(focused) => *focused,
            WindowEvent::Destroyed => false,
            _ => return,
        };
        if let Err(error) = listen_for_exit(&app, listen) {
            log::warn!("the shortcut to exit works on the bar alone: {error}");
        }
    });
    Ok(())
}

fn listen_for_exit(app: &AppHandle, listen: bool) -> Result<(), Error> {
    let main = if cfg!(target_os = "macos") { Modifiers::SUPER } else { Modifiers::CONTROL };
    let exit = Shortcut::new(Some(main | Modifiers::SHIFT), Code::KeyE);
    let shortcuts = app.global_shortcut();
    match (listen, shortcuts.is_registered(exit)) {
        (true, false) => shortcuts.on_shortcut(exit, |app, _, event| {
            if event.state == ShortcutState::Pressed {
                session::close(app, None, session::Cause::Exit);
            }
        }),
        (false, true) => shortcuts.unregister(exit),
        _ => Ok(()),
    }
}

/// The system knows when keys or mouse were last used; while the stage is in front, that was there. Nothing that a
/// page does is taken for it.
pub(super) async fn watch_hands(app: &AppHandle, webview: &Webview) -> tauri::Result<()> {
    if webview.label() != PLATFORM {
        return Ok(());
    }
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        while let Some(window) = app.get_window(STAGE) {
            let idle = UserIdle::get_time().map(|idle| idle.duration());
            if window.is_focused().unwrap_or(false) && idle.is_ok_and(|idle| idle < LOOK) {
                super::input(&app);
            }
            tokio::time::sleep(LOOK).await;
        }
    });
    Ok(())
}

pub(super) async fn dock_bar(window: &Window, bar: &Webview, height: f64) -> tauri::Result<()> {
    HEIGHT.store(height as u32, Ordering::Relaxed);
    bar.set_bounds(places(window)?.0)
}

pub(super) async fn fill(window: &Window, platform: &Webview) -> tauri::Result<()> {
    platform.set_bounds(places(window)?.1)
}

pub(super) async fn set_bar_height(
    window: &Window,
    bar: &Webview,
    platform: &Webview,
    height: f64,
) -> tauri::Result<()> {
    HEIGHT.store(height as u32, Ordering::Relaxed);
    resized(window, bar, platform)
}

pub(super) async fn bar_is_in_place(window: &Window, bar: &Webview, platform: &Webview) -> bool {
    let measure = || -> tauri::Result<bool> {
        let scale = window.scale_factor()?;
        let place =
            |bounds: Rect| (bounds.position.to_logical::<f64>(scale), bounds.size.to_logical::<f64>(scale));
        let (at, size) = place(bar.bounds()?);
        let (under, _) = place(platform.bounds()?);
        let near = |a: f64, b: f64| (a - b).abs() <= 1.0;
        let stands =
            near(at.y, FRAME) && size.height + 1.0 >= BAR_HEIGHT && near(under.y, FRAME + size.height);
        Ok(window.is_visible()? && stands)
    };
    measure().unwrap_or(false)
}

pub(super) fn resized(window: &Window, bar: &Webview, platform: &Webview) -> tauri::Result<()> {
    // A page that asks for the whole screen makes the toolkit give it the window's.
    if window.is_fullscreen()? && cfg!(windows) {
        window.set_fullscreen(false)?;
    }
    let (above, below) = places(window)?;
    bar.set_bounds(above)?;
    platform.set_bounds(below)
}

fn places(window: &Window) -> tauri::Result<(Rect, Rect)> {
    let size = window.inner_size()?.to_logical::<f64>(window.scale_factor()?);
    let height = f64::from(HEIGHT.load(Ordering::Relaxed));
    let width = (size.width - 2.0 * FRAME).max(1.0);
    let rest = (size.height - height - 2.0 * FRAME).max(1.0);
    let place = |top: f64, height: f64| Rect {
        position: LogicalPosition::new(FRAME, top).into(),
        size: LogicalSize::new(width, height).into(),
    };
    Ok((place(FRAME, height), place(FRAME + height, rest)))
}
