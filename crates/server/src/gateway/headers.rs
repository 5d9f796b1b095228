//! Header hygiene, both ways: what may pass.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::origins;
use crate::config::Origin;

/// RFC 9110, section 7.6.1, and what belongs to one connection by custom.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers by which a client could claim to be somebody, to come from somewhere, or to mean another method.
const CLAIMS: [&str; 8] = [
    "forwarded",
    "remote-user",
    "remote-email",
    "remote-groups",
    "via",
    "x-real-ip",
    "x-http-method",
    "x-method-override",
];
const CLAIM_BEGINNINGS: [&str; 7] = [
    "x-forwarded-",
    "x-remote-",
    "x-auth-request-",
    "x-authenticated-",
    "x-original-",
    "x-rewrite-",
    "x-http-method-",
];

/// Answers that would speak for the gateway's host beyond the page itself.
const NOT_RELEASED: [&str; 4] =
    ["alt-svc", "clear-site-data", "strict-transport-security", "public-key-pins"];

fn is_claim(name: &str, identity: &str) -> bool {
    // Some servers read `X_Forwarded_For` as `X-Forwarded-For`.
    let name = name.replace('_', "-");
    name.eq_ignore_ascii_case(identity)
        || CLAIMS.contains(&name.as_str())
        || CLAIM_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

fn named_by_connection(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}

fn without_hop_by_hop(headers: &HeaderMap) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let named = named_by_connection(headers);
    headers.iter().filter(move |(name, _)| {
        !HOP_BY_HOP.contains(&name.as_str()) && !named.iter().any(|n| n == name.as_str())
    })
}

/// What of a client's headers goes on to the platform. Cookies and identity are the caller's to add.
pub fn to_platform(headers: &HeaderMap, identity: &str, all: &[Origin]) -> HeaderMap {
    let mut sent = HeaderMap::with_capacity(headers.len());
    for (name, value) in without_hop_by_hop(headers) {
        if matches!(*name, header::HOST | header::COOKIE | header::EXPECT)
            || is_claim(name.as_str(), identity)
        {
            continue;
        }
        sent.append(name.clone(), origins::to_platform(name, value, all));
    }
    sent
}

/// What of the headers of the platform at `here` goes on to the client. `Set-Cookie` is the jar's.
pub fn to_client(headers: &HeaderMap, all: &[Origin], here: &Origin) -> HeaderMap {
    let mut released = HeaderMap::with_capacity(headers.len());
    for (name, value) in without_hop_by_hop(headers) {
        if *name != header::SET_COOKIE && !NOT_RELEASED.contains(&name.as_str()) {
            released.append(name.clone(), origins::to_client(name, value, all, here));
        }
    }
    released
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn origins() -> Vec<Origin> {
        let url = |text| Url::parse(text).expect("URL");
        vec![
            Origin { platform: url("https://app.example"), gateway: url("https://app.gate.example") },
            Origin { platform: url("https://api.example"), gateway: url("https://api.gate.example") },
        ]
    }

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn invariant_2_no_header_of_the_client_says_who_it_is() {
        let forged = headers(&[
            ("understudy-identity", "forged"),
            ("understudy_identity", "forged"),
            ("remote-user", "INV-000001"),
            ("x-forwarded-user", "INV-000001"),
            ("x_forwarded_for", "10.0.0.1"),
            ("x-http-method-override", "DELETE"),
            ("x-original-url", "/settings/bank"),
            ("forwarded", "for=10.0.0.1"),
            ("cookie", "meridian_session=stolen"),
            ("connection", "close, x-private"),
            ("x-private", "1"),
            ("te", "trailers"),
            ("accept", "text/html"),
            ("accept-encoding", "gzip"),
            ("range", "bytes=0-1"),
        ]);
        let sent = to_platform(&forged, "Understudy-Identity", &origins());
        let mut names: Vec<&str> = sent.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "range"]);
    }

    #[test]
    fn origins_are_translated_both_ways_and_only_whole_ones() {
        let sent = to_platform(
            &headers(&[
                ("origin", "https://app.gate.example"),
                ("referer", "https://app.gate.example/a?b=c"),
            ]),
            "x",
            &origins(),
        );
        assert_eq!(sent["origin"], "https://app.example");
        assert_eq!(sent["referer"], "https://app.example/a?b=c");
        let released = to_client(
            &headers(&[
                ("location", "https://api.example/next"),
                ("content-security-policy", "connect-src https://api.example https://api.example.org"),
                ("set-cookie", "meridian_session=1"),
                ("strict-transport-security", "max-age=1"),
                ("etag", "\"1\""),
            ]),
            &origins(),
            &origins()[0],
        );
        assert_eq!(released["location"], "https://api.gate.example/next");
        assert_eq!(
            released["content-security-policy"],
            "connect-src https://api.gate.example https://api.example.org"
        );
        assert_eq!(released.len(), 3);
    }
}
