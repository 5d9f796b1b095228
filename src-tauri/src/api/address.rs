//! The server's address, as somebody types it.

use url::{Host, Url};

use crate::contract::CommandError;
use crate::error::Result;
use crate::words::say;

const FIELD: &str = "url";

/// Its origin as a URL. `https` is added where no scheme is given; plain `http` only reaches this computer.
pub(crate) fn parse(typed: &str) -> Result<Url> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(CommandError::invalid(
            FIELD,
            say(
                "Enter the address of your Understudy server.",
                "Saisissez l’adresse de votre serveur Understudy.",
            ),
        ));
    }
    let full = if typed.contains("://") { typed.to_owned() } else { format!("https://{typed}") };
    let url = Url::parse(&full).map_err(|_| malformed())?;
    let Some(host) = url.host() else { return Err(malformed()) };
    match url.scheme() {
        "https" => {}
        "http" if is_this_computer(&host) => {}
        "http" => {
            return Err(CommandError::invalid(
                FIELD,
                say(
                    "That address is not encrypted. Enter one that starts with https://.",
                    "Cette adresse n’est pas chiffrée. Saisissez-en une qui commence par https://.",
                ),
            ));
        }
        _ => return Err(malformed()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(malformed());
    }
    Url::parse(&url.origin().ascii_serialization()).map_err(|_| malformed())
}

pub(crate) fn is_this_computer(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn malformed() -> CommandError {
    CommandError::invalid(
        FIELD,
        say(
            "That is not a server's address. It looks like https://understudy.example.com.",
            "Ce n’est pas l’adresse d’un serveur. Elle ressemble à https://understudy.example.com.",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(typed: &str) -> Option<String> {
        parse(typed).ok().map(|url| url.to_string())
    }

    #[test]
    fn https_is_assumed_and_the_path_dropped() {
        assert_eq!(origin("understudy.example.com").as_deref(), Some("https://understudy.example.com/"));
        assert_eq!(origin(" https://u.example:8443/app?x#y ").as_deref(), Some("https://u.example:8443/"));
    }

    #[test]
    fn plain_http_reaches_only_this_computer() {
        assert_eq!(origin("http://127.0.0.1:7700").as_deref(), Some("http://127.0.0.1:7700/"));
        assert_eq!(origin("http://localhost:7700").as_deref(), Some("http://localhost:7700/"));
        assert_eq!(origin("http://[::1]:7700").as_deref(), Some("http://[::1]:7700/"));
        assert_eq!(origin("http://understudy.example.com"), None);
        assert_eq!(origin("http://127.0.0.1.example.com"), None);
    }

    #[test]
    fn anything_else_is_refused() {
        for typed in ["", "  ", "ftp://x", "file:///etc/passwd", "https://user:secret@x", "https://", "a b"] {
            assert_eq!(origin(typed), None, "{typed}");
        }
    }
}
