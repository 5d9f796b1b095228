//! Who of support was in the account: the page of whoever they come through, embedded.

use askama::Template;
use axum::{
    Json, Router,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
    routing::get,
};
use chrono::Utc;
use serde_json::Value;

use super::{Frame, page};
use crate::{App, auth::SignedIn, error::Error};

pub(super) fn router() -> Router<App> {
    Router::new().route("/support-access", get(show)).route("/.well-known/jwks.json", get(keys))
}

#[derive(Template)]
#[template(path = "support_access.html")]
struct SupportAccessPage {
    frame: Frame,
    address: String,
}

async fn show(State(app): State<App>, account: SignedIn) -> Result<Response, Error> {
    let vouching = app.vouching.as_ref().ok_or(Error::NotFound)?;
    let address = vouching.page_for(&account, Utc::now())?.ok_or(Error::Invalid(
        "This page is for the person themselves, and not while somebody acts as them.",
    ))?;
    let frame = Frame::new(&app, account, "/settings").await?;
    let page = page(&SupportAccessPage { frame, address: address.into() })?;
    Ok((vouching.policy().map(|policy| [(header::CONTENT_SECURITY_POLICY, policy)]), page).into_response())
}

async fn keys(State(app): State<App>) -> Result<Json<Value>, Error> {
    Ok(Json(app.vouching.as_ref().ok_or(Error::NotFound)?.jwks().clone()))
}
