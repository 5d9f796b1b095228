//! Addresses in headers, translated between the platform and the gateway: read as a browser reads them (WHATWG
//! URL), compared by origin (RFC 6454), and only where an address stands. What stands in its query is somebody
//! else's business: an identity provider compares a `redirect_uri` with what was registered.

use axum::http::{HeaderName, HeaderValue, header};
use url::{Position, Url};

use crate::config::Origin;

/// The client's header as the platform is to read it.
pub fn to_platform(name: &HeaderName, value: &HeaderValue, origins: &[Origin]) -> HeaderValue {
    let pairs = Pairs(origins.iter().map(|origin| (&origin.gateway, &origin.platform)).collect());
    let made = match *name {
        header::ORIGIN => pairs.origin(&ascii(value)),
        header::REFERER => pairs.address(&ascii(value), "https"),
        _ => None,
    };
    written(made, value)
}

/// A header of the platform at `here`, as the client is to read it.
pub fn to_client(name: &HeaderName, value: &HeaderValue, origins: &[Origin], here: &Origin) -> HeaderValue {
    let pairs = Pairs(origins.iter().map(|origin| (&origin.platform, &origin.gateway)).collect());
    let scheme = here.platform.scheme();
    let made = match *name {
        header::LOCATION | header::CONTENT_LOCATION => pairs.address(&ascii(value), scheme),
        header::REFRESH => pairs.refresh(&ascii(value), scheme),
        header::LINK => pairs.links(&ascii(value), scheme),
        header::ACCESS_CONTROL_ALLOW_ORIGIN => pairs.origin(&ascii(value)),
        header::CONTENT_SECURITY_POLICY | header::CONTENT_SECURITY_POLICY_REPORT_ONLY => {
            Some(pairs.policies(&ascii(value)))
        }
        _ => None,
    };
    written(made, value)
}

/// Octets that are no ASCII, as browsers send them on.
fn ascii(value: &HeaderValue) -> String {
    let escaped = |&byte: &u8| match byte {
        0..=0x7f => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    value.as_bytes().iter().map(escaped).collect()
}

/// What was not translated passes as it came.
fn written(made: Option<String>, value: &HeaderValue) -> HeaderValue {
    made.filter(|made| made.as_bytes() != value.as_bytes())
        .and_then(|made| HeaderValue::from_str(&made).ok())
        .unwrap_or_else(|| value.clone())
}

/// Origins, and what takes their place.
struct Pairs<'a>(Vec<(&'a Url, &'a Url)>);

/// Reserved (RFC 6761): what is found here after resolving had no host of its own.
const NOWHERE: &str = "nowhere.invalid";

impl Pairs<'_> {
    /// What takes the place of this URL's origin. One with user and password is not the platform as it was
    /// configured.
    fn other(&self, url: &Url) -> Option<&Url> {
        let plain = url.username().is_empty() && url.password().is_none();
        let found = self.0.iter().find(|(from, _)| plain && from.origin() == url.origin());
        found.map(|(_, to)| *to)
    }

    fn origin(&self, text: &str) -> Option<String> {
        let url = Url::parse(text).ok()?;
        Some(self.other(&url)?.origin().ascii_serialization())
    }

    /// A URI reference. `scheme` is of the page that it stands for, and so of `//host/path`.
    fn address(&self, text: &str, scheme: &str) -> Option<String> {
        let url = Url::parse(&format!("{scheme}://{NOWHERE}")).ok()?.join(text).ok()?;
        let to = self.other(&url)?;
        Some(format!("{}{}", to.origin().ascii_serialization(), &url[Position::BeforePath..]))
    }

    /// `5; url=https://a.example/`, as the HTML standard reads it ("shared declarative refresh steps").
    fn refresh(&self, text: &str, scheme: &str) -> Option<String> {
        let rest =
            text.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').trim_start();
        let mut rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start();
        let named = rest.get(..3).filter(|word| word.eq_ignore_ascii_case("url"));
        if let Some(value) = named.and_then(|_| rest[3..].trim_start().strip_prefix('=')) {
            rest = value.trim_start();
        }
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let address = match quote {
            Some(quote) => rest[1..].split(quote).next()?,
            None => rest.trim_end(),
        };
        let begin = text.len() - rest.len() + usize::from(quote.is_some());
        let made = self.address(address, scheme)?;
        Some(format!("{}{made}{}", &text[..begin], &text[begin + address.len()..]))
    }

    /// `<https://a.example/>; rel=next, …` (RFC 8288).
    fn links(&self, text: &str, scheme: &str) -> Option<String> {
        let (mut done, mut rest, mut quoted) = (String::with_capacity(text.len()), text, false);
        while let Some(place) = rest.find(['<', '"', '\\']) {
            let (before, after) = rest.split_at(place + 1);
            done.push_str(before);
            rest = after;
            match &before[place..] {
                "\"" => quoted = !quoted,
                "\\" if quoted && !rest.is_empty() => {
                    done.push_str(&rest[..1]);
                    rest = &rest[1..];
                }
                "<" if !quoted => {
                    let (address, after) = rest.split_at(rest.find('>')?);
                    done.push_str(self.address(address, scheme).as_deref().unwrap_or(address));
                    rest = after;
                }
                _ => {}
            }
        }
        Some(done + rest)
    }

    /// Lists of sources (CSP, section 2.3.1); what a directive is called is no source.
    fn policies(&self, text: &str) -> String {
        let (mut done, mut names_directive) = (String::with_capacity(text.len()), true);
        for piece in text.split_inclusive([' ', '\t', ';', ',']) {
            let word = piece.trim_end_matches([' ', '\t', ';', ',']);
            let made = if names_directive { None } else { self.source(word) };
            done.push_str(made.as_deref().unwrap_or(word));
            done.push_str(&piece[word.len()..]);
            names_directive = (names_directive && word.is_empty()) || piece.ends_with([';', ',']);
        }
        done
    }

    /// `https://a.example/path`, `wss://a.example`, `a.example:8443`. The path stays as it is written: none and
    /// `/` are not the same here.
    fn source(&self, word: &str) -> Option<String> {
        let (scheme, rest) = match word.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, word),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let parsed = |scheme: &str| Url::parse(&format!("{scheme}://{authority}")).ok();
        match scheme.as_deref() {
            None => {
                let is_it =
                    |from: &Url| parsed(from.scheme()).is_some_and(|url| url.origin() == from.origin());
                let (_, to) = self.0.iter().find(|(from, _)| !authority.contains('@') && is_it(from))?;
                Some(format!("{}{path}", to.authority()))
            }
            Some(socket @ ("ws" | "wss")) => {
                let to = self.other(&parsed(&socket.replacen("ws", "http", 1))?)?;
                let scheme = to.scheme().replacen("http", "ws", 1);
                Some(format!("{scheme}://{}{path}", to.authority()))
            }
            Some(scheme) => {
                let to = self.other(&parsed(scheme)?)?;
                Some(format!("{}{path}", to.origin().ascii_serialization()))
            }
        }
    }
}
