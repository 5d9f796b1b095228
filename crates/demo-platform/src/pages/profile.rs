//! The profile: name, phone, address.

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::get,
};
use chrono::Utc;
use serde::Deserialize;

use super::{Done, Frame, filters, page};
use crate::{
    App,
    auth::{SignedIn, csrf::SignedForm},
    error::Error,
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/profile", get(show).post(save))
}

#[derive(Deserialize)]
struct ProfileForm {
    display_name: String,
    phone: String,
    address: String,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    frame: Frame,
    form: ProfileForm,
}

async fn show(
    State(app): State<App>,
    account: SignedIn,
    Query(done): Query<Done>,
) -> Result<Html<String>, Error> {
    let person = &account.person;
    let form = ProfileForm {
        display_name: person.display_name.clone(),
        phone: person.phone.clone(),
        address: person.address.clone(),
    };
    page(&ProfilePage { frame: Frame::new(&app, account, "/profile").await?.notice(&done), form })
}

async fn save(
    State(app): State<App>,
    SignedForm(account, form): SignedForm<ProfileForm>,
) -> Result<Response, Error> {
    if let Some(problem) = problem(&form) {
        let frame = Frame::new(&app, account, "/profile").await?.problem(problem);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&ProfilePage { frame, form })?).into_response());
    }
    sqlx::query("UPDATE people SET display_name = ?, phone = ?, address = ?, updated_at = ? WHERE id = ?")
        .bind(form.display_name.trim())
        .bind(form.phone.trim())
        .bind(form.address.trim())
        .bind(Utc::now())
        .bind(&account.person.id)
        .execute(&app.db)
        .await?;
    Ok(Redirect::to("/profile?done=profile").into_response())
}

fn problem(form: &ProfileForm) -> Option<&'static str> {
    if !(1..=200).contains(&form.display_name.trim().chars().count()) {
        Some("The name must have 1 to 200 characters.")
    } else if !form.phone.chars().all(|c| c.is_ascii_digit() || "+() -".contains(c)) {
        Some("The phone number may have digits, spaces, brackets and a plus.")
    } else if form.phone.len() > 40 || form.address.chars().count() > 300 {
        Some("Phone number or address is too long.")
    } else {
        None
    }
}
