//! What can go wrong with a request, and the page that says so.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub(crate) enum Error {
    /// No such thing, or not this person's.
    NotFound,
    /// Nobody is signed in; `next` is the page they wanted, if it was one.
    SignInFirst { next: Option<String> },
    /// The form was not sent from a page of ours.
    Csrf,
    /// The identity token is not acceptable, and why.
    Identity(&'static str),
    /// The request makes no sense, and why.
    Invalid(&'static str),
    /// Our own fault: logged once, never shown.
    Internal(anyhow::Error),
}

/// Whatever is not foreseen above is our own fault.
impl<E: Into<anyhow::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    title: &'static str,
    text: &'static str,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "Page not found",
                "It may have moved, or it belongs to another account.",
            ),
            Self::SignInFirst { next: Some(next) } => {
                let next = utf8_percent_encode(&next, NON_ALPHANUMERIC);
                return Redirect::to(&format!("/sign-in?next={next}")).into_response();
            }
            Self::SignInFirst { next: None } => {
                (StatusCode::UNAUTHORIZED, "Please sign in", "Sign in to your account, then try again.")
            }
            Self::Csrf => (
                StatusCode::FORBIDDEN,
                "This form is out of date",
                "Nothing was changed. Go back, reload the page and send it again.",
            ),
            Self::Identity(reason) => {
                tracing::warn!(reason, "identity token refused");
                (StatusCode::UNAUTHORIZED, "Identity not accepted", reason)
            }
            Self::Invalid(reason) => (StatusCode::BAD_REQUEST, "That did not work", reason),
            Self::Internal(error) => {
                tracing::error!("{error:#}");
                (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", "Please try again in a moment.")
            }
        };
        match (ErrorPage { title, text }).render() {
            Ok(page) => (status, Html(page)).into_response(),
            Err(_) => (status, title).into_response(),
        }
    }
}
