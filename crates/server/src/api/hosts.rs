//! A listener answers to its configured hosts and no others (421), so that no DNS name of somebody else's
//! reaches it.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use url::Url;

/// The `Host` (or the authority of the request line) of a request.
pub fn host_of<B>(request: &axum::http::Request<B>) -> Option<&str> {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let host = headers.next().and_then(|value| value.to_str().ok());
    if headers.next().is_some() {
        return None;
    }
    request.uri().authority().map(axum::http::uri::Authority::as_str).or(host)
}

/// Whether `host` (with or without a default port) is the one of `origin`.
pub fn is_host(origin: &Url, host: &str) -> bool {
    let Some(name) = origin.host_str() else { return false };
    let asked = host.to_ascii_lowercase();
    match origin.port() {
        Some(port) => asked == format!("{name}:{port}"),
        None => {
            asked == name
                || origin.port_or_known_default().is_some_and(|port| asked == format!("{name}:{port}"))
        }
    }
}

/// The hosts of a listener, and what it says to a request for another one.
#[derive(Clone)]
pub struct Hosts {
    pub origins: Vec<Url>,
    pub refuse: fn(&HeaderMap) -> Response,
}

pub async fn only_hosts(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let ours = host_of(&request).is_some_and(|host| hosts.origins.iter().any(|origin| is_host(origin, host)));
    if ours { next.run(request).await } else { (hosts.refuse)(request.headers()) }
}
