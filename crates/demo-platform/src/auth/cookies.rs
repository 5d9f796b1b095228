//! The platform's two cookies.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};

/// The sign-in; scripts cannot read it.
pub(crate) const SESSION: &str = "meridian_session";
/// The CSRF token, which scripts send along as `X-CSRF-Token`.
pub(crate) const CSRF: &str = "csrf_token";

pub(crate) fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(Cookie::split_parse)
        .flatten()
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}

pub(crate) fn session(token: &str, secure: bool) -> Cookie<'static> {
    build(SESSION, token, secure, true)
}

pub(crate) fn csrf(token: &str, secure: bool) -> Cookie<'static> {
    build(CSRF, token, secure, false)
}

/// Takes both cookies back.
pub(crate) fn forget(headers: &mut HeaderMap, secure: bool) {
    for mut cookie in [session("", secure), csrf("", secure)] {
        cookie.make_removal();
        append(headers, &cookie);
    }
}

pub(crate) fn append(headers: &mut HeaderMap, cookie: &Cookie<'_>) {
    let value = HeaderValue::try_from(cookie.to_string()).expect("our cookies are plain ASCII");
    headers.append(header::SET_COOKIE, value);
}

fn build(name: &'static str, value: &str, secure: bool, http_only: bool) -> Cookie<'static> {
    let mut cookie = Cookie::new(name, value.to_owned());
    cookie.set_path("/");
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(secure);
    cookie.set_http_only(http_only);
    cookie
}
