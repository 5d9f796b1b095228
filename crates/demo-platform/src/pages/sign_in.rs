//! Signing in and out.

use askama::Template;
use axum::{
    Form, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use chrono::Utc;
use serde::Deserialize;

use super::page;
use crate::{
    App,
    auth::{
        SignedIn, cookies,
        csrf::{self, SignedForm, WithToken},
        password, sessions,
    },
    error::Error,
    people::{self, Status},
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/sign-in", get(show).post(sign_in)).route("/sign-out", post(sign_out))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    csrf: &'a str,
    email: &'a str,
    next: &'a str,
    problem: Option<&'a str>,
}

#[derive(Deserialize)]
struct NextQuery {
    #[serde(default)]
    next: String,
}

async fn show(
    State(app): State<App>,
    account: Option<SignedIn>,
    headers: HeaderMap,
    Query(NextQuery { next }): Query<NextQuery>,
) -> Result<Response, Error> {
    if account.is_some() {
        return Ok(Redirect::to(local(&next)).into_response());
    }
    // Nobody has a session yet, so the token is the cookie's own; it keeps others from signing us in.
    let token = cookies::get(&headers, cookies::CSRF).unwrap_or_else(sessions::random_token);
    let mut response =
        page(&SignInPage { csrf: &token, email: "", next: &next, problem: None })?.into_response();
    cookies::append(response.headers_mut(), &cookies::csrf(&token, app.secure()));
    Ok(response)
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(app): State<App>,
    account: Option<SignedIn>,
    headers: HeaderMap,
    Form(WithToken { csrf_token, form }): Form<WithToken<Credentials>>,
) -> Result<Response, Error> {
    // Whoever acts as somebody through the gateway must not get an own sign-in of theirs out of it.
    if account.is_some() {
        return Ok(Redirect::to("/").into_response());
    }
    let token = cookies::get(&headers, cookies::CSRF).unwrap_or_default();
    csrf::check(&token, &headers, csrf_token.as_deref())?;

    let Credentials { email, password, next } = form;
    let refuse = |problem| -> Result<Response, Error> {
        let refused = SignInPage { csrf: &token, email: &email, next: &next, problem: Some(problem) };
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&refused)?).into_response())
    };
    const WRONG: &str = "E-mail address or password is not right.";
    let Some(person) = people::by_email(&app.db, email.trim()).await? else {
        // As slow as a wrong password, so that the time does not tell who has an account.
        password::hash(password).await?;
        return refuse(WRONG);
    };
    if !password::verify(password, person.password_hash.clone()).await? {
        return refuse(WRONG);
    }
    if person.status == Status::Suspended {
        return refuse("This account is suspended. Please contact support.");
    }
    let now = Utc::now();
    let (session_token, session) = sessions::mint(&app.db, &person.id, None, now).await?;
    people::seen(&app.db, &person, now).await?;
    let mut response = Redirect::to(local(&next)).into_response();
    let csrf = app.csrf.token(session.binding());
    cookies::append(response.headers_mut(), &cookies::session(&session_token, app.secure()));
    cookies::append(response.headers_mut(), &cookies::csrf(&csrf, app.secure()));
    Ok(response)
}

#[derive(Deserialize)]
struct Nothing {}

async fn sign_out(
    State(app): State<App>,
    SignedForm(account, Nothing {}): SignedForm<Nothing>,
) -> Result<Response, Error> {
    sessions::end(&app.db, &account.session).await?;
    let mut response = Redirect::to("/sign-in").into_response();
    cookies::forget(response.headers_mut(), app.secure());
    Ok(response)
}

/// `next` if it is a page of ours, else the dashboard: never a way out to another site.
fn local(next: &str) -> &str {
    let plain = next.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if plain && next.starts_with('/') && !next.starts_with("//") { next } else { "/" }
}
