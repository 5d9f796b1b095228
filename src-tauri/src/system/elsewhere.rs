//! macOS and Windows: what the system or the toolkit does there by itself. Untested until its workflow has run.

use tauri::{Builder, Webview, Wry};

use super::NotLoaded;

/// Those of the system, for what no window hears.
pub(crate) fn shortcuts(app: Builder<Wry>) -> Builder<Wry> {
    app.plugin(tauri_plugin_global_shortcut::Builder::new().build())
}

/// The toolkit has no such choice.
pub(crate) fn keep_no_pages(_: &Webview) -> tauri::Result<()> {
    Ok(())
}

/// The toolkit loads a crashed page again.
pub(crate) fn on_crash(_: &Webview, _: impl Fn() + Send + 'static) -> tauri::Result<()> {
    Ok(())
}

/// The webview shows a page of its own that says so, below the bar.
pub(crate) fn on_not_loaded(
    _: &Webview,
    _: impl Fn(NotLoaded) + Clone + Send + 'static,
) -> tauri::Result<()> {
    Ok(())
}

/// The toolkit tells of it by itself, early enough.
pub(crate) fn on_loading(_: &Webview, _: impl Fn(bool) + Send + 'static) -> tauri::Result<()> {
    Ok(())
}

/// The system brings windows back into sight.
pub(crate) fn on_monitor_removed(_: impl Fn() + 'static) {}

/// The HTTP client reads the system's settings.
pub(crate) fn proxy_for(_: &str) -> Option<String> {
    None
}

/// The system shows them.
pub(crate) async fn shows_notifications() -> bool {
    true
}

pub(crate) fn notification_text(text: &str) -> String {
    text.to_owned()
}

/// There always is one.
pub(crate) async fn has_tray() -> bool {
    true
}

pub(crate) async fn tray_comes() {}
