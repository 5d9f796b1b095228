//! What is logged of a request: the listener, the method, the route, the status, how long. Never a query, a
//! header or a body, and of the gateway no path either: what was done on the platform stands in the ledger,
//! not in a log.

use axum::{extract::MatchedPath, http::Request};
use tower_http::{
    classify::{ServerErrorsAsFailures, SharedClassifier},
    trace::{DefaultOnResponse, MakeSpan, TraceLayer},
};
use tracing::{Level, Span};

#[derive(Clone)]
pub struct Line(&'static str);

impl<B> MakeSpan<B> for Line {
    fn make_span(&mut self, request: &Request<B>) -> Span {
        let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        tracing::info_span!("request", listener = self.0, method = %request.method(), route)
    }
}

pub type Requests = TraceLayer<SharedClassifier<ServerErrorsAsFailures>, Line>;

pub fn requests(listener: &'static str) -> Requests {
    TraceLayer::new_for_http()
        .make_span_with(Line(listener))
        .on_response(DefaultOnResponse::new().level(Level::DEBUG))
}
