//! The stage's layout on Windows and macOS: each webview has its place, set again whenever the window's size
//! changes.

use std::sync::atomic::{AtomicU32, Ordering};

use tauri::{AppHandle, LogicalPosition, LogicalSize, Rect, Webview, Window};

use super::{BAR_HEIGHT, FRAME};

/// Height of the bar in CSS pixels. There is one stage at a time.
static HEIGHT: AtomicU32 = AtomicU32::new(BAR_HEIGHT as u32);

/// The window's own colour is seen where no webview is.
pub(super) fn frame(_: &Window) -> tauri::Result<()> {
    Ok(())
}

/// The bar's page hears its shortcuts itself when it has the keyboard.
pub(super) fn watch_keys(_: &Window, _: &AppHandle) -> tauri::Result<()> {
    Ok(())
}

/// What is done by hand reaches no handler of ours here: "I am still here" on the bar says it.
pub(super) async fn watch_hands(_: &AppHandle, _: &Webview) -> tauri::Result<()> {
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
