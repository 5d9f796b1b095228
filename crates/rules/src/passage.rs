//! What may pass the gateway in a session: the path as it stands, the route it matches, the mode.

use serde::{Deserialize, Serialize};

use crate::consent::Scope;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    View,
    Act,
}

/// What the installation says of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Upper case; `None` is any.
    pub method: Option<String>,
    pub pattern: Pattern,
    /// What it is called in the record, e.g. "Uploaded a document".
    pub name: Option<String>,
    pub class: Class,
    /// The consent without which nothing is changed there.
    pub needs: Option<Scope>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The method decides: `GET`, `HEAD` and `OPTIONS` read, everything else changes.
    #[default]
    ByMethod,
    /// It only reads, whatever its method (a search by `POST`; a socket that only tells).
    Reads,
    /// It changes something, whatever its method.
    Changes,
    /// Nobody may use it while impersonating.
    Shut,
    /// It is the same for everybody: forwarded without identity and without cookies, and not recorded.
    Asset,
}

/// `/documents/{id}` or, at the end, `/static/{*rest}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    One,
    Rest,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a route is a path such as /documents/{{id}} or /static/{{*rest}}, not {0:?}")]
pub struct BadPattern(String);

impl Pattern {
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let bad = || BadPattern(text.to_owned());
        let path = text.strip_prefix('/').ok_or_else(bad)?;
        check_path(&text.replace(['{', '}', '*'], "")).map_err(|_| bad())?;
        let parts: Vec<&str> = path.split('/').collect();
        let mut segments = Vec::with_capacity(parts.len());
        for (place, part) in parts.iter().enumerate() {
            segments.push(match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                Some(name) if name.starts_with('*') && place + 1 == parts.len() => Segment::Rest,
                Some(name) if !name.is_empty() && !name.contains(['{', '}', '*']) => Segment::One,
                None if !part.contains(['{', '}', '*']) => Segment::Literal((*part).to_owned()),
                _ => return Err(bad()),
            });
        }
        Ok(Self { text: text.to_owned(), segments })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Compares what the path means: `%40` is `@`. `loosely`, also what servers like to take for the same: other
    /// case, a slash at the end.
    fn matches(&self, path: &str, loosely: bool) -> bool {
        let path = if loosely && path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
        let mut parts = path.strip_prefix('/').unwrap_or(path).split('/');
        for segment in &self.segments {
            match (segment, parts.next()) {
                (Segment::Rest, Some(_)) => return true,
                (Segment::One, Some(part)) if !part.is_empty() => {}
                (Segment::Literal(literal), Some(part)) => {
                    let (literal, part) = (decoded(literal), decoded(part));
                    if literal != part && !(loosely && literal.eq_ignore_ascii_case(&part)) {
                        return false;
                    }
                }
                _ => return false,
            }
        }
        parts.next().is_none()
    }
}

impl Route {
    /// What is shut or changes something is found in every spelling; what is let through, in its own only.
    fn matches(&self, method: &str, path: &str) -> bool {
        let strict = matches!(self.class, Class::Asset | Class::Reads);
        let method_fits = |wanted: &str| {
            wanted == method
                || wanted == "GET" && method == "HEAD"
                || !strict && wanted.eq_ignore_ascii_case(method)
        };
        self.method.as_deref().is_none_or(method_fits) && self.pattern.matches(path, !strict)
    }
}

/// The octets that a segment stands for.
fn decoded(segment: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = (first == b'%').then(|| after.split_at_checked(2)).flatten();
        let octet = digits.and_then(|(digits, after)| {
            Some((u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?, after))
        });
        let (octet, after) = octet.unwrap_or((first, after));
        octets.push(octet);
        rest = after;
    }
    octets
}

/// The path could be read in more than one way, so what was checked might not be what is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the path is not canonical")]
pub struct NotCanonical;

/// Refuses paths that a server behind the gateway might read otherwise than the gateway does: they are never
/// repaired. `path` is the raw path, without query.
pub fn check_path(path: &str) -> Result<(), NotCanonical> {
    let Some(inner) = path.strip_prefix('/') else { return Err(NotCanonical) };
    if path.bytes().any(|b| matches!(b, b'\\' | b';' | 0..=0x20 | 0x7f..)) {
        return Err(NotCanonical);
    }
    let last = inner.split('/').count() - 1;
    for (place, segment) in inner.split('/').enumerate() {
        // A trailing slash leaves one empty segment at the end; any other is `//`.
        if (segment.is_empty() && place != last)
            || matches!(segment, "." | "..")
            || segment.ends_with('.')
            || segment.ends_with("%20")
        {
            return Err(NotCanonical);
        }
        let mut bytes = segment.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                continue;
            }
            let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
            let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
                return Err(NotCanonical);
            };
            let Ok(byte) = u8::try_from(high * 16 + low) else { return Err(NotCanonical) };
            // Encoded: separators, controls, the percent sign, and whatever needed no encoding (`%61` for `a`).
            if matches!(byte, b'/' | b'\\' | b';' | b'%' | 0..=0x1f | 0x7f)
                || byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'.' | b'_' | b'~')
            {
                return Err(NotCanonical);
            }
        }
    }
    Ok(())
}

/// Why something may not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Barred {
    ViewOnly,
    PathNotCanonical,
    Shut,
    /// The person has not agreed to this one change.
    ConsentMissing,
}

/// What the gateway has to do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage<'a> {
    /// Forward without identity and cookies; no record.
    Asset,
    /// Record, forward as the person, record the answer, release.
    Forward {
        route: Option<&'a Route>,
        changes: bool,
        /// The consent that it takes, and uses up.
        needs: Option<Scope>,
    },
    Refuse {
        route: Option<&'a Route>,
        why: Barred,
    },
}

fn reads_by_name(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// Whether a query asks for another method, as some frameworks let it (`?_method=DELETE`). Whether this platform
/// would listen cannot be known here, so it counts as the change that it asks for.
fn asks_for_a_change(query: &str) -> bool {
    query.split(['&', ';']).any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = String::from_utf8_lossy(&decoded(value)).trim().to_ascii_uppercase();
        decoded(name).eq_ignore_ascii_case(b"_method") && !reads_by_name(&value)
    })
}

/// Decides on `method`, `path` and `query`. Only what the installation configured and the request line itself
/// count; no header does.
pub fn decide<'a>(routes: &'a [Route], mode: Mode, method: &str, path: &str, query: &str) -> Passage<'a> {
    if check_path(path).is_err() {
        return Passage::Refuse { route: None, why: Barred::PathNotCanonical };
    }
    // Both would hand the page what the gateway adds (TRACE), or a way around it (CONNECT).
    if matches!(method.to_ascii_uppercase().as_str(), "TRACE" | "TRACK" | "CONNECT") {
        return Passage::Refuse { route: None, why: Barred::Shut };
    }
    let reads = reads_by_name(method);
    let route = routes.iter().find(|route| route.matches(method, path));
    let changes = match route.map_or(Class::ByMethod, |r| r.class) {
        Class::Shut => return Passage::Refuse { route, why: Barred::Shut },
        Class::Asset if matches!(method, "GET" | "HEAD") => return Passage::Asset,
        Class::ByMethod | Class::Asset => !reads,
        Class::Reads => false,
        Class::Changes => true,
    } || asks_for_a_change(query);
    if changes && mode == Mode::View {
        Passage::Refuse { route, why: Barred::ViewOnly }
    } else {
        Passage::Forward { route, changes, needs: needs_at(routes, path).filter(|_| changes) }
    }
}

/// The consent that a change at `path` takes. By the path alone: no other method, and none in disguise, is a way
/// around it.
pub fn needs_at(routes: &[Route], path: &str) -> Option<Scope> {
    routes.iter().filter(|route| route.pattern.matches(path, true)).find_map(|route| route.needs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: Option<&str>, pattern: &str, class: Class) -> Route {
        Route {
            method: method.map(str::to_owned),
            pattern: Pattern::parse(pattern).expect(pattern),
            name: None,
            class,
            needs: None,
        }
    }

    #[test]
    fn paths_with_two_readings_are_refused() {
        for good in ["/", "/a/b", "/a/", "/a%20b", "/d%C3%A9j%C3%A0", "/a.b/c.css", "/a:b@c", "/a=b,c"] {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "a",
            "//",
            "/a//b",
            "/./a",
            "/a/.",
            "/a/..",
            "/../a",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a;b",
            "/a%3bb",
            "/%2e%2e/a",
            "/a%00b",
            "/a%0ab",
            "/a%25b",
            "/%61",
            "/a%",
            "/a%2",
            "/a%20",
            "/a%zz",
            "/a b",
            "/a.",
            "/a./b",
            "/é",
        ] {
            assert_eq!(check_path(bad), Err(NotCanonical), "{bad}");
        }
    }

    #[test]
    fn patterns_match_whole_paths() {
        let one = Pattern::parse("/documents/{id}").expect("pattern");
        assert!(one.matches("/documents/7", false));
        assert!(
            !["/documents/", "/documents", "/documents/7/file"].iter().any(|path| one.matches(path, false))
        );
        let rest = Pattern::parse("/static/{*path}").expect("pattern");
        assert!(rest.matches("/static/a", false) && rest.matches("/static/a/b", false));
        assert!(!rest.matches("/static", false) && !rest.matches("/staticky/a", false));
        for bad in ["documents", "/a/{*rest}/b", "/a/{}", "/a{b}", "/a//b", "/a/../b"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn in_view_only_what_reads_passes() {
        let routes = [
            route(Some("POST"), "/search", Class::Reads),
            route(Some("GET"), "/sign-out", Class::Changes),
            route(None, "/static/{*path}", Class::Asset),
            route(None, "/keys", Class::Shut),
        ];
        let at = |mode, method, path| decide(&routes, mode, method, path, "");
        let view_only = |p| matches!(p, Passage::Refuse { why: Barred::ViewOnly, .. });
        let passes = |p| matches!(p, Passage::Forward { .. });
        assert!(passes(at(Mode::View, "GET", "/")) && passes(at(Mode::View, "HEAD", "/")));
        assert!(passes(at(Mode::View, "POST", "/search")));
        for method in ["POST", "PUT", "PATCH", "DELETE", "QUERY", "post", "get"] {
            assert!(view_only(at(Mode::View, method, "/profile")), "{method}");
            assert!(passes(at(Mode::Act, method, "/profile")), "{method}");
        }
        assert!(
            view_only(at(Mode::View, "GET", "/sign-out")) && view_only(at(Mode::View, "HEAD", "/sign-out"))
        );
        assert_eq!(at(Mode::View, "GET", "/static/app.css"), Passage::Asset);
        assert!(view_only(at(Mode::View, "POST", "/static/app.css")));
        for method in ["TRACE", "trace", "CONNECT"] {
            assert!(
                matches!(at(Mode::Act, method, "/"), Passage::Refuse { why: Barred::Shut, .. }),
                "{method}"
            );
        }
        assert!(matches!(at(Mode::Act, "GET", "/keys"), Passage::Refuse { why: Barred::Shut, .. }));
        assert!(matches!(
            at(Mode::Act, "GET", "//keys"),
            Passage::Refuse { why: Barred::PathNotCanonical, .. }
        ));
    }

    #[test]
    fn a_query_that_asks_for_another_method_is_a_change() {
        let in_view = |query| decide(&[], Mode::View, "GET", "/profile", query);
        for query in
            ["_method=DELETE", "a&_METHOD=put", "a=1;_method=x", "%5Fmethod=%50OST", "_method", "_method="]
        {
            assert!(matches!(in_view(query), Passage::Refuse { why: Barred::ViewOnly, .. }), "{query}");
        }
        for query in ["", "_method=GET", "_method=head", "method=DELETE", "q=_method", "q=_method%3DPUT"] {
            assert!(matches!(in_view(query), Passage::Forward { changes: false, .. }), "{query}");
        }
        let in_act = decide(&[], Mode::Act, "GET", "/profile", "_method=DELETE");
        assert!(matches!(in_act, Passage::Forward { changes: true, .. }));
    }

    #[test]
    fn invariant_9_a_sensitive_path_needs_consent_whatever_the_method_and_the_spelling() {
        let bank = Route {
            needs: Some(Scope::BankDetails),
            ..route(Some("POST"), "/settings/bank", Class::ByMethod)
        };
        let routes = [bank, route(None, "/settings/{*rest}", Class::ByMethod)];
        let at = |mode, method, path, query| decide(&routes, mode, method, path, query);
        for (method, path, query) in [
            ("POST", "/settings/bank", ""),
            ("PUT", "/settings/bank", ""),
            ("post", "/settings/bank", ""),
            ("DELETE", "/Settings/BANK/", ""),
            ("GET", "/settings/bank", "_method=POST"),
        ] {
            let needs = |passage| matches!(passage, Passage::Forward { needs: Some(Scope::BankDetails), .. });
            assert!(needs(at(Mode::Act, method, path, query)), "{method} {path}?{query}");
            let refused = |passage| matches!(passage, Passage::Refuse { why: Barred::ViewOnly, .. });
            assert!(refused(at(Mode::View, method, path, query)), "{method} {path}?{query}");
        }
        for (method, path) in [("GET", "/settings/bank"), ("POST", "/settings/bank/x"), ("POST", "/settings")]
        {
            let free = |passage| matches!(passage, Passage::Forward { needs: None, .. });
            assert!(free(at(Mode::Act, method, path, "")), "{method} {path}");
        }
    }

    #[test]
    fn what_is_shut_is_shut_in_every_spelling_and_what_is_open_in_its_own_only() {
        let routes = [
            route(None, "/@me/d%C3%A9p%C3%B4t", Class::Shut),
            route(Some("POST"), "/search", Class::Reads),
            route(None, "/static/{*path}", Class::Asset),
            route(None, "/", Class::Shut),
        ];
        let at = |method, path| decide(&routes, Mode::View, method, path, "");
        for path in [
            "/@me/d%C3%A9p%C3%B4t",
            "/%40me/d%c3%a9p%c3%b4t",
            "/@me/d%C3%A9p%C3%B4t/",
            "/@ME/D%C3%A9P%C3%B4T",
            "/",
        ] {
            assert!(matches!(at("GET", path), Passage::Refuse { why: Barred::Shut, .. }), "{path}");
        }
        for (method, path) in [("POST", "/search/"), ("POST", "/Search"), ("post", "/search")] {
            assert!(
                matches!(at(method, path), Passage::Refuse { why: Barred::ViewOnly, .. }),
                "{method} {path}"
            );
        }
        assert!(matches!(at("GET", "/Static/a"), Passage::Forward { .. }));
    }
}
