//! Where the platform's page may go.

use std::sync::Arc;

use url::{Origin, Url};

use crate::contract::CommandError;
use crate::error::Result;
use crate::words::say;

/// The origins of the gateway: the only ones that the stage ever loads.
#[derive(Debug, Clone)]
pub(crate) struct Origins(Arc<[Origin]>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Load,
    /// Not on the stage; staff may open it in their own browser.
    Ask,
    Refuse,
}

impl Origins {
    pub(crate) fn parse(listed: &[String]) -> Result<Self> {
        let origins = listed.iter().map(|text| origin(text)).collect::<Option<Arc<[Origin]>>>();
        match origins {
            Some(origins) if !origins.is_empty() => Ok(Self(origins)),
            _ => Err(CommandError::internal(
                say(
                    "The server does not say where the platform is to be reached. Tell whoever runs it.",
                    "Le serveur ne dit pas où la plateforme est joignable. Prévenez la personne qui s’en occupe.",
                ),
                "gateway_origins cannot be used",
            )),
        }
    }

    pub(crate) fn contains(&self, origin: &Origin) -> bool {
        self.0.contains(origin)
    }

    /// The platform's first page.
    pub(super) fn home(&self) -> Option<Url> {
        self.0.first().and_then(|origin| Url::parse(&origin.ascii_serialization()).ok())
    }

    /// Frames that a page fills itself (`about:`) belong to it; so do the blobs of its origin. `data:` is how
    /// pages make files to save; no engine lets a page lead to it as to a page of its own.
    pub(super) fn judge(&self, url: &Url) -> Verdict {
        match url.scheme() {
            "http" | "https" if self.contains(&url.origin()) => Verdict::Load,
            "blob" if self.contains(&url.origin()) => Verdict::Load,
            "data" => Verdict::Load,
            "about" if matches!(url.path(), "blank" | "srcdoc") => Verdict::Load,
            "http" | "https" if !is_apps_own(url) => Verdict::Ask,
            "mailto" | "tel" => Verdict::Ask,
            _ => Verdict::Refuse,
        }
    }

    /// What may be saved: from the platform, or made by its page.
    pub(super) fn may_download(&self, url: &Url) -> bool {
        self.contains(&url.origin()) || url.scheme() == "data"
    }
}

fn origin(text: &str) -> Option<Origin> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host() && !is_apps_own(&url)).then(|| url.origin())
}

/// On Windows the app's own pages and commands live under such hosts.
fn is_apps_own(url: &Url) -> bool {
    matches!(url.host_str(), Some("tauri.localhost" | "ipc.localhost" | "asset.localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(url: &str) -> Verdict {
        let origins = ["http://localhost:7701".to_owned(), "https://gateway.example".to_owned()];
        Origins::parse(&origins)
            .unwrap_or_else(|_| panic!("origins"))
            .judge(&Url::parse(url).unwrap_or_else(|_| panic!("{url}")))
    }

    #[test]
    fn the_gateways_origins_are_loaded() {
        for url in [
            "http://localhost:7701/",
            "http://localhost:7701/dashboard?x=1#y",
            "https://gateway.example/documents",
            "https://gateway.example:443/",
            "blob:https://gateway.example/5a2b",
            "about:blank",
            "about:srcdoc",
            "data:text/csv,a,b",
        ] {
            assert_eq!(verdict(url), Verdict::Load, "{url}");
        }
    }

    #[test]
    fn other_addresses_are_asked_about_and_never_loaded() {
        for url in [
            "https://example.com/",
            "http://gateway.example/",
            "https://gateway.example:8443/",
            "https://gateway.example.evil.test/",
            "https://gateway.example@evil.test/",
            "http://localhost:7700/api/me",
            "http://127.0.0.1:7701/",
            "mailto:help@example.com",
            "tel:+33123456789",
        ] {
            assert_eq!(verdict(url), Verdict::Ask, "{url}");
        }
    }

    #[test]
    fn what_could_reach_the_app_or_the_disk_is_refused_without_a_word() {
        for url in [
            "tauri://localhost/index.html",
            "ipc://localhost/get_app_state",
            "http://tauri.localhost/",
            "http://ipc.localhost/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "blob:https://evil.test/5a2b",
            "about:memory",
            "slack://open",
        ] {
            assert_eq!(verdict(url), Verdict::Refuse, "{url}");
        }
    }

    #[test]
    fn a_server_cannot_name_the_app_itself_as_its_gateway() {
        for bad in ["http://tauri.localhost", "tauri://localhost", "file:///", "nonsense"] {
            assert!(Origins::parse(&[bad.to_owned()]).is_err(), "{bad}");
        }
        assert!(Origins::parse(&[]).is_err());
    }
}
