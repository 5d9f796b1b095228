//! The stage's layout on Linux.
//!
//! Positions are ignored there: webviews are packed into the window's vertical box and share it equally. So the
//! bar goes into a scrolled window of fixed height, which is never hidden, and the platform gets the rest. A
//! webview that was shown once keeps its last height as its natural one, which is why its own size request
//! alone does not hold it.

use std::cell::Cell;

use gtk::gdk::ModifierType;
use gtk::gdk::keys::constants;
use gtk::glib::Propagation;
use gtk::prelude::*;
use gtk::{PolicyType, ScrolledWindow, ShadowType, Viewport};
use tauri::{AppHandle, Emitter, Webview, Window};
use tokio::sync::oneshot;
use webkit2gtk::{LoadEvent, WebView, WebViewExt};

use super::{BAR_HEIGHT, FRAME};
use crate::state::{MAIN, STAGE};
use crate::{guard, session};

/// The frame is the window's own colour, seen around what is packed into it.
pub(super) fn frame(window: &Window) -> tauri::Result<()> {
    let framed = window.clone();
    window.run_on_main_thread(move || match framed.default_vbox() {
        Ok(vbox) => vbox.set_border_width(FRAME as u32),
        Err(error) => log::error!("the stage has no frame: {error}"),
    })
}

/// Ctrl+Shift+E exits, Ctrl+Q is told why nothing quits now, F6 goes between bar and page, and Ctrl with +, − or 0 enlarges, wherever the keyboard is: the
/// window hears of a key before the page does.
pub(super) fn watch_keys(window: &Window, app: &AppHandle) -> tauri::Result<()> {
    let (watched, app) = (window.clone(), app.clone());
    window.run_on_main_thread(move || match watched.gtk_window() {
        Ok(window) => {
            window.connect_key_press_event(move |_, key| {
                let ctrl = key.state().contains(ModifierType::CONTROL_MASK);
                let shift = key.state().contains(ModifierType::SHIFT_MASK);
                let sign = key.keyval().to_unicode().filter(|sign| "+=-_0".contains(*sign));
                if ctrl && shift && key.keyval().to_lower() == constants::e {
                    session::close(&app, None, session::Cause::Exit);
                } else if let Some(sign) = sign.filter(|_| ctrl) {
                    zoom(&app, sign);
                } else if ctrl && key.keyval().to_lower() == constants::q {
                    guard::explain(&app, STAGE);
                } else if key.keyval() == constants::F6 {
                    change_focus(&app);
                } else {
                    return Propagation::Proceed;
                }
                Propagation::Stop
            });
        }
        Err(error) => log::error!("the stage has no shortcuts: {error}"),
    })
}

/// The keyboard goes from the page to the bar, or back.
fn change_focus(app: &AppHandle) {
    let Some((window, bar, platform)) = super::parts(app) else { return };
    let to = if bar_has_focus(&window) { platform } else { bar };
    let _ = to.set_focus();
}

/// What a key that enlarges leads to is the workspace's to know.
fn zoom(app: &AppHandle, key: char) {
    if let Err(error) = app.emit_to(MAIN, "zoom-key", key) {
        log::error!("zoom-key could not be sent: {error}");
    }
}

/// Keys, mouse and touch, from the toolkit itself: nothing that a page does is taken for it.
pub(super) async fn watch_hands(app: &AppHandle, webview: &Webview) -> tauri::Result<()> {
    let app = app.clone();
    let pointer = Cell::new(None);
    on_toolkit(webview, move |webview| {
        webview.connect_event(move |_, event| {
            use gtk::gdk::EventType as E;
            let by_hand = match event.event_type() {
                E::KeyPress | E::ButtonPress | E::Scroll | E::TouchBegin | E::TouchUpdate => true,
                // What moves under a pointer that rests is told as a motion too.
                E::MotionNotify => pointer.replace(event.root_coords()) != event.root_coords(),
                _ => false,
            };
            if by_hand {
                super::input(&app);
            }
            Propagation::Proceed
        });
    })
    .await
}

pub(super) async fn dock_bar(_: &Window, bar: &Webview, height: f64) -> tauri::Result<()> {
    on_toolkit(bar, move |bar| {
        let vbox = bar.parent().and_then(|parent| parent.downcast::<gtk::Box>().ok())?;
        vbox.remove(bar);
        let dock = ScrolledWindow::builder()
            .hscrollbar_policy(PolicyType::Never)
            .vscrollbar_policy(PolicyType::External)
            .propagate_natural_height(false)
            .shadow_type(ShadowType::None)
            .vexpand(false)
            .build();
        dock.add(bar);
        if let Some(viewport) = dock.child().and_then(|child| child.downcast::<Viewport>().ok()) {
            viewport.set_shadow_type(ShadowType::None);
        }
        set_height(bar, &dock, height as i32);
        vbox.pack_start(&dock, false, true, 0);
        vbox.reorder_child(&dock, 0);
        dock.show_all();
        dock.set_no_show_all(true);
        Some(())
    })
    .await?
    .ok_or(tauri::Error::InvalidWindowHandle)
}

/// The platform takes what the bar leaves, and never the whole screen.
///
/// It begins with an empty page in its history: WebKit lets the only page of a history close its webview.
pub(super) async fn fill(_: &Window, platform: &Webview) -> tauri::Result<()> {
    let (loaded, was_loaded) = oneshot::channel();
    on_toolkit(platform, |platform| {
        platform.connect_enter_fullscreen(|_| true);
        // A dialog of its own would stand between staff and the bar, again and again.
        platform.connect_print(|_, _| true);
        let loaded = Cell::new(Some(loaded));
        platform.connect_load_changed(move |_, event| {
            if event == LoadEvent::Finished
                && let Some(loaded) = loaded.take()
            {
                let _ = loaded.send(());
            }
        });
        platform.load_uri("about:blank");
    })
    .await?;
    was_loaded.await.map_err(|_| tauri::Error::WebviewNotFound)
}

/// A camera and a microphone that no test's computer has.
#[cfg(feature = "automation")]
pub(super) async fn mock_devices(platform: &Webview) -> tauri::Result<()> {
    use webkit2gtk::SettingsExt;
    on_toolkit(platform, |platform| {
        if let Some(settings) = WebViewExt::settings(platform) {
            settings.set_enable_mock_capture_devices(true);
        }
    })
    .await
}

pub(super) async fn set_bar_height(_: &Window, bar: &Webview, _: &Webview, height: f64) -> tauri::Result<()> {
    on_toolkit(bar, move |bar| dock_of(bar).map(|dock| set_height(bar, &dock, height as i32)))
        .await?
        .ok_or(tauri::Error::InvalidWindowHandle)
}

/// Mapped, at the top, over the whole width and not lower than it must be, with the platform right under it.
pub(super) async fn bar_is_in_place(_: &Window, bar: &Webview, platform: &Webview) -> bool {
    let bar = on_toolkit(bar, |bar| {
        let dock = dock_of(bar)?;
        let (inside, whole) = (dock.allocation(), dock.toplevel()?.allocation());
        let mapped = bar.is_mapped() && dock.is_mapped() && bar.allocated_height() == dock.allocated_height();
        Some((mapped, inside.x(), inside.y(), inside.width(), inside.height(), whole.width()))
    });
    let Ok(Some((mapped, left, top, width, tall, whole))) = bar.await else { return false };
    let Ok(under) = on_toolkit(platform, |platform| platform.allocation().y()).await else { return false };
    let frame = FRAME as i32;
    mapped
        && left == frame
        && width == whole - 2 * frame
        && top == frame
        && tall >= BAR_HEIGHT as i32
        && under == top + tall
}

/// Whether the bar has the keyboard. On the toolkit's thread only.
fn bar_has_focus(window: &Window) -> bool {
    let focused = window.gtk_window().ok().and_then(|window| window.focused_widget());
    focused.is_some_and(|widget| widget.ancestor(ScrolledWindow::static_type()).is_some())
}

/// The toolkit does it.
pub(super) fn resized(_: &Window, _: &Webview, _: &Webview) -> tauri::Result<()> {
    Ok(())
}

/// The order matters: a minimum above the old maximum, or the other way round, is refused.
fn set_height(bar: &WebView, dock: &ScrolledWindow, height: i32) {
    bar.set_size_request(-1, height);
    dock.set_min_content_height(-1);
    dock.set_max_content_height(height);
    dock.set_min_content_height(height);
    dock.set_size_request(-1, height);
}

fn dock_of(bar: &WebView) -> Option<ScrolledWindow> {
    bar.ancestor(ScrolledWindow::static_type()).and_then(|dock| dock.downcast().ok())
}

async fn on_toolkit<T: Send + 'static>(
    webview: &Webview,
    act: impl FnOnce(&WebView) -> T + Send + 'static,
) -> tauri::Result<T> {
    let (answer, answered) = oneshot::channel();
    webview.with_webview(move |webview| {
        let _ = answer.send(act(&webview.inner()));
    })?;
    answered.await.map_err(|_| tauri::Error::WebviewNotFound)
}
