//! Links of helpdesks: `understudy://impersonate?person=…&ticket=…&reason=…`.
//!
//! Anybody can write one, so it fills in the form and does nothing else; the form says where it came from.

use tauri::{AppHandle, Url};
use tauri_plugin_deep_link::DeepLinkExt;

use crate::contract::Prefill;
use crate::state::AppExt;
use crate::workspace;

const SCHEME: &str = "understudy";
const ACTION: &str = "impersonate";

/// Longest values, in characters: what the form itself takes.
const PERSON: usize = 254;
const TICKET: usize = 100;
const REASON: usize = 500;

pub(crate) fn listen(app: &AppHandle) {
    let handle = app.clone();
    app.deep_link().on_open_url(move |event| {
        for url in event.urls() {
            open(&handle, &url);
        }
    });
    // What this start of the app was for.
    if let Ok(Some(urls)) = app.deep_link().get_current() {
        urls.iter().for_each(|url| open(app, url));
    }
    // An installed app is known to the system already; one that is its own file makes itself known.
    if std::env::var_os("APPIMAGE").is_some() {
        let app = app.clone();
        tauri::async_runtime::spawn_blocking(move || {
            if let Err(error) = app.deep_link().register_all() {
                log::info!("links will not open this app: {error}");
            }
        });
    }
}

fn open(app: &AppHandle, url: &Url) {
    let Some(prefill) = read(url) else {
        return log::warn!("a link that says nothing this app knows");
    };
    app.understudy().set_prefill(Some(prefill));
    app.publish();
    workspace::show(app);
}

fn read(url: &Url) -> Option<Prefill> {
    // `understudy:impersonate?…` says the same.
    let action = url.host_str().filter(|host| !host.is_empty()).unwrap_or(url.path());
    if url.scheme() != SCHEME || action != ACTION {
        return None;
    }
    let value = |name: &str, longest: usize| {
        let value = url.query_pairs().find(|(key, _)| key == name)?.1;
        let plain: String =
            value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(longest).collect();
        let plain = plain.trim();
        (!plain.is_empty()).then(|| plain.to_owned())
    };
    let prefill = Prefill {
        person: value("person", PERSON),
        ticket: value("ticket", TICKET),
        reason: value("reason", REASON),
    };
    (prefill != Prefill::default()).then_some(prefill)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefill(url: &str) -> Option<Prefill> {
        read(&Url::parse(url).ok()?)
    }

    #[test]
    fn a_link_fills_in_three_fields_and_no_other() {
        let read = prefill(
            "understudy://impersonate?person=INV-000137&ticket=T-1&reason=Paiement%20bloqu%C3%A9&mode=act&code=WDJBMJHT",
        );
        let expected = Prefill {
            person: Some("INV-000137".into()),
            ticket: Some("T-1".into()),
            reason: Some("Paiement bloqué".into()),
        };
        assert_eq!(read, Some(expected.clone()));
        assert_eq!(
            prefill("understudy:impersonate?person=INV-000137&ticket=T-1&reason=Paiement+bloqu%C3%A9"),
            Some(expected)
        );
    }

    #[test]
    fn long_and_odd_values_are_cut_down() {
        let read = prefill(&format!("understudy://impersonate?ticket={}&reason=a%00b%0Ac", "9".repeat(500)));
        let read = read.unwrap_or_default();
        assert_eq!(read.ticket.map(|ticket| ticket.len()), Some(TICKET));
        assert_eq!((read.reason.as_deref(), read.person), (Some("a b c"), None));
    }

    #[test]
    fn other_links_do_nothing() {
        for url in [
            "understudy://impersonate",
            "understudy://impersonate?person=",
            "understudy://exit?person=INV-000137",
            "https://impersonate?person=INV-000137",
        ] {
            assert_eq!(prefill(url), None, "{url}");
        }
    }
}
