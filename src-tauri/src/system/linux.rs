//! Linux: GTK, WebKitGTK, and the session's bus.

use futures_util::StreamExt;
use gtk::gdk::Display;
use gtk::gio::prelude::ProxyResolverExt;
use gtk::gio::{Cancellable, IOErrorEnum, ProxyResolver, TlsError};
use tauri::{Builder, RunEvent, Webview, Wry};
use webkit2gtk::{CacheModel, NetworkError, PolicyError, WebContextExt, WebViewExt};
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::{BusName, WellKnownName};

use super::NotLoaded;

const NOTIFICATIONS: WellKnownName<'static> =
    WellKnownName::from_static_str_unchecked("org.freedesktop.Notifications");
/// Whoever owns it shows trays.
const TRAY: BusName<'static> =
    BusName::WellKnown(WellKnownName::from_static_str_unchecked("org.kde.StatusNotifierWatcher"));

pub(crate) const KEYRING_HELP: (&str, &str) = (
    "This computer's keyring did not answer, so your sign-in lasts until you quit. To stay signed in, install and \
     unlock GNOME Keyring (the package gnome-keyring) or KWallet, then start Understudy again.",
    "Le trousseau de cet ordinateur n’a pas répondu : votre connexion dure jusqu’à ce que vous quittiez. Pour rester \
     connecté, installez et déverrouillez GNOME Keyring (le paquet gnome-keyring) ou KWallet, puis redémarrez \
     Understudy.",
);

/// Whoever manages the computer puts settings here; only they can write.
pub(crate) fn managed_settings() -> Option<std::path::PathBuf> {
    Some("/etc/understudy/settings.json".into())
}

/// A second start is how the app is called up here.
pub(crate) fn wants_window(_: &RunEvent) -> bool {
    false
}

/// The toolkit's windows hear their keys themselves.
pub(crate) fn shortcuts(app: Builder<Wry>) -> Builder<Wry> {
    app
}

/// A workspace goes back to no page, so none is kept: not in memory, and not on a disk that may be full, of which
/// WebKit dies, since it maps what it keeps there.
pub(crate) fn keep_no_pages(webview: &Webview) -> tauri::Result<()> {
    webview.with_webview(|webview| {
        if let Some(context) = webview.inner().context() {
            context.set_cache_model(CacheModel::DocumentViewer);
        }
    })
}

/// `then` runs on the toolkit's thread whenever the process of this webview's page dies.
pub(crate) fn on_crash(webview: &Webview, then: impl Fn() + Send + 'static) -> tauri::Result<()> {
    webview.with_webview(move |webview| {
        webview.inner().connect_web_process_terminated(move |_, _| then());
    })
}

/// `then` runs on the toolkit's thread where a page does not come; the one before it stays, with what was typed.
pub(crate) fn on_not_loaded(
    webview: &Webview,
    then: impl Fn(NotLoaded) + Clone + Send + 'static,
) -> tauri::Result<()> {
    webview.with_webview(move |webview| {
        let webview = webview.inner();
        let untrusted = then.clone();
        webview.connect_load_failed_with_tls_errors(move |_, _, _, _| {
            untrusted(NotLoaded::Untrusted);
            true
        });
        webview.connect_load_failed(move |_, _, _, error| {
            // What was stopped, became a download or was refused by the app itself is no failure. What WebKit itself
            // refuses is one: it would show a page of its own for it, and what a platform redirects to, `data:` say,
            // would come when that one is loaded again.
            let refused = error.kind::<PolicyError>();
            let by_webkit =
                matches!(refused, Some(PolicyError::CannotUseRestrictedPort | PolicyError::CannotShowUri));
            let failed = (refused.is_none() || by_webkit)
                && error.kind::<NetworkError>() != Some(NetworkError::Cancelled);
            if failed {
                log::warn!("a page did not come: {error:?}");
                // A connection that is given up for its certificate is now and then reported as just that.
                let untrusted = error.kind::<TlsError>().is_some()
                    || error.kind::<IOErrorEnum>() == Some(IOErrorEnum::Cancelled);
                then(if untrusted { NotLoaded::Untrusted } else { NotLoaded::Unreachable });
            }
            failed
        });
    })
}

/// `then` runs on the toolkit's thread when a page sets out, before its first word, and when it has come or failed.
pub(crate) fn on_loading(webview: &Webview, then: impl Fn(bool) + Send + 'static) -> tauri::Result<()> {
    webview.with_webview(move |webview| {
        webview.inner().connect_is_loading_notify(move |webview| then(webview.is_loading()));
    })
}

/// `then` runs when a monitor is gone. Some window managers leave windows half outside.
pub(crate) fn on_monitor_removed(then: impl Fn() + 'static) {
    if let Some(display) = Display::default() {
        display.connect_monitor_removed(move |_, _| then());
    }
}

/// The proxy that the desktop's settings name for this address; `None` where there is none. May wait for a file
/// that says which (PAC).
pub(crate) fn proxy_for(url: &str) -> Option<String> {
    let named = ProxyResolver::default().lookup(url, None::<&Cancellable>);
    let named = named.inspect_err(|error| log::warn!("the system's proxy is not known: {error}")).ok()?;
    // In the order in which they are to be tried; others than these the app cannot use.
    let usable =
        |named: &&gtk::glib::GString| ["http", "https", "direct"].iter().any(|it| named.starts_with(it));
    named.iter().find(usable).filter(|named| !named.starts_with("direct")).map(ToString::to_string)
}

/// Whether there is anybody to show notifications.
pub(crate) async fn shows_notifications() -> bool {
    let asked = async {
        let bus = DBusProxy::new(&Connection::session().await?).await?;
        // One that does not run yet may be started by the first notification.
        let starts =
            bus.list_activatable_names().await?.iter().any(|name| name.as_str() == NOTIFICATIONS.as_str());
        Ok::<_, zbus::Error>(starts || bus.name_has_owner(BusName::WellKnown(NOTIFICATIONS)).await?)
    };
    asked.await.unwrap_or(false)
}

/// The body of a notification is drawn as markup, and a name is text.
pub(crate) fn notification_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(crate) async fn has_tray() -> bool {
    let asked = async { DBusProxy::new(&Connection::session().await?).await?.name_has_owner(TRAY).await };
    asked.await.unwrap_or(false)
}

/// The panel may come after us, when both start with the session.
pub(crate) async fn tray_comes() {
    if let Err(error) = wait_for_tray().await {
        log::info!("no tray: {error}");
        std::future::pending::<()>().await;
    }
}

async fn wait_for_tray() -> zbus::Result<()> {
    let bus = DBusProxy::new(&Connection::session().await?).await?;
    let mut owners = bus.receive_name_owner_changed_with_args(&[(0, TRAY.as_str())]).await?;
    while !bus.name_has_owner(TRAY).await? {
        owners.next().await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_not_markup() {
        assert_eq!(super::notification_text("Jonas & <b>Söhne</b>"), "Jonas &amp; &lt;b&gt;Söhne&lt;/b&gt;");
    }
}
