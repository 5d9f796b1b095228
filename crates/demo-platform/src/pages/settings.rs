//! Settings: password, bank details, e-mail. Each is a way to take an account over, hence a route of its own.

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use chrono::Utc;
use serde::Deserialize;

use super::{Done, Frame, page};
use crate::{
    App,
    auth::{SignedIn, csrf::SignedForm, password, sessions},
    error::Error,
    iban, people,
};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/settings", get(show))
        .route("/settings/password", post(change_password))
        .route("/settings/bank", post(change_bank))
        .route("/settings/email", post(change_email))
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    iban: String,
}

fn settings_page(frame: Frame) -> Result<Html<String>, Error> {
    let iban = iban::grouped(&frame.account.person.iban);
    page(&SettingsPage { frame, iban })
}

async fn show(
    State(app): State<App>,
    account: SignedIn,
    Query(done): Query<Done>,
) -> Result<Html<String>, Error> {
    settings_page(Frame::new(&app, account, "/settings").await?.notice(&done))
}

async fn refuse(app: &App, account: SignedIn, problem: &'static str) -> Result<Response, Error> {
    let again = settings_page(Frame::new(app, account, "/settings").await?.problem(problem))?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
}

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default)]
    current: String,
    new: String,
    repeat: String,
}

async fn change_password(
    State(app): State<App>,
    SignedForm(account, form): SignedForm<PasswordForm>,
) -> Result<Response, Error> {
    if form.new.chars().count() < 8 {
        return refuse(&app, account, "The new password must have 8 characters or more.").await;
    }
    if form.new != form.repeat {
        return refuse(&app, account, "The two new passwords are not the same.").await;
    }
    // Staff do not know it: whether they may is decided by the person's consent, at the gateway.
    let own = account.session.impersonation.is_none();
    if own && !password::verify(form.current, account.person.password_hash.clone()).await? {
        return refuse(&app, account, "The current password is not right.").await;
    }
    let hash = password::hash(form.new).await?;
    sqlx::query("UPDATE people SET password_hash = ?, updated_at = ? WHERE id = ?")
        .bind(hash)
        .bind(Utc::now())
        .bind(&account.person.id)
        .execute(&app.db)
        .await?;
    // Whoever else had the old password is out. Staff never end sign-ins of the person.
    if own {
        sessions::end_others(&app.db, &account.person.id, &account.session).await?;
    }
    Ok(Redirect::to("/settings?done=password").into_response())
}

#[derive(Deserialize)]
struct BankForm {
    iban: String,
}

async fn change_bank(
    State(app): State<App>,
    SignedForm(account, form): SignedForm<BankForm>,
) -> Result<Response, Error> {
    let iban = iban::normalize(&form.iban);
    if !iban::is_valid(&iban) {
        return refuse(&app, account, "That is not a valid IBAN. Compare it with your bank statement.").await;
    }
    sqlx::query("UPDATE people SET iban = ?, updated_at = ? WHERE id = ?")
        .bind(iban)
        .bind(Utc::now())
        .bind(&account.person.id)
        .execute(&app.db)
        .await?;
    Ok(Redirect::to("/settings?done=bank").into_response())
}

#[derive(Deserialize)]
struct EmailForm {
    email: String,
}

async fn change_email(
    State(app): State<App>,
    SignedForm(account, form): SignedForm<EmailForm>,
) -> Result<Response, Error> {
    let email = form.email.trim();
    let plausible = email.len() <= 254
        && !email.contains(char::is_whitespace)
        && email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !plausible {
        return refuse(&app, account, "That is not an e-mail address.").await;
    }
    if people::by_email(&app.db, email).await?.is_some_and(|other| other.id != account.person.id) {
        return refuse(&app, account, "This e-mail address belongs to another account.").await;
    }
    sqlx::query("UPDATE people SET email = ?, updated_at = ? WHERE id = ?")
        .bind(email)
        .bind(Utc::now())
        .bind(&account.person.id)
        .execute(&app.db)
        .await?;
    Ok(Redirect::to("/settings?done=email").into_response())
}
