//! The pages a person sees.

mod application;
mod certificates;
mod dashboard;
mod documents;
mod live;
mod messages;
mod offers;
mod prices;
mod profile;
mod settings;
mod sign_in;
mod statement;
mod support_access;
mod transactions;

use askama::Template;
use axum::{Router, response::Html};
use chrono::Utc;
use serde::Deserialize;

use crate::{App, auth::SignedIn, error::Error};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .merge(sign_in::router())
        .merge(dashboard::router())
        .merge(offers::router())
        .merge(transactions::router())
        .merge(documents::router())
        .merge(statement::router())
        .merge(profile::router())
        .merge(settings::router())
        .merge(support_access::router())
        .merge(live::router())
        .merge(prices::router())
        .merge(certificates::router())
        .merge(messages::router())
        .merge(application::router())
}

/// What the frame around every page shows.
struct Frame {
    account: SignedIn,
    /// Messages that are not read.
    unread: i64,
    /// The entry of the menu that is current: its path.
    section: &'static str,
    notice: Option<&'static str>,
    /// The notice is also said in a dialog.
    alert: bool,
    /// What is wrong with the form that was sent.
    problem: Option<&'static str>,
}

impl Frame {
    async fn new(app: &App, account: SignedIn, section: &'static str) -> Result<Self, Error> {
        let unread = crate::messages::unread(&app.db, &account.person.id, Utc::now()).await?;
        Ok(Self { account, unread, section, notice: None, problem: None, alert: false })
    }

    fn notice(mut self, done: &Done) -> Self {
        self.notice = done.words();
        self.alert = matches!(done.done.as_deref(), Some("deleted" | "renamed"));
        self
    }

    fn problem(mut self, problem: &'static str) -> Self {
        self.problem = Some(problem);
        self
    }
}

/// After a change the page is reached by redirect, with `?done=` saying what was done.
#[derive(Default, Deserialize)]
struct Done {
    done: Option<String>,
}

impl Done {
    /// Only words of ours: the address bar is anybody's.
    fn words(&self) -> Option<&'static str> {
        Some(match self.done.as_deref()? {
            "profile" => "Your profile is saved.",
            "password" => "Your password is changed.",
            "bank" => "Your bank details are saved.",
            "email" => "Your e-mail address is changed.",
            "uploaded" => "Your document is uploaded.",
            "deleted" => "The document is deleted.",
            "renamed" => "The document has its new name.",
            "reference" => "The reference is corrected. Your payment is being processed.",
            "read" => "All messages are marked as read.",
            "draft" => "Your draft is saved. You can go on at any time.",
            "submitted" => "Your application is submitted. We will answer within five working days.",
            "ordered" => "Your order is placed. It is complete when your payment has arrived.",
            _ => return None,
        })
    }
}

fn page(template: &impl Template) -> Result<Html<String>, Error> {
    Ok(Html(template.render()?))
}

/// Filters of the templates.
#[expect(unreachable_pub, reason = "askama's macro makes them public methods")]
mod filters {
    use chrono::{DateTime, Utc};

    #[askama::filter_fn]
    pub(super) fn money(cents: &i64, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(crate::market::money(cents))
    }

    #[askama::filter_fn]
    pub(super) fn day(time: &DateTime<Utc>, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(day_of(time))
    }

    pub(super) fn day_of(time: &DateTime<Utc>) -> String {
        time.format("%-d %b %Y").to_string()
    }

    #[askama::filter_fn]
    pub(super) fn minute(time: &DateTime<Utc>, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(time.format("%-d %b %Y, %H:%M UTC").to_string())
    }

    /// Hundredths of a percent.
    #[askama::filter_fn]
    pub(super) fn percent(basis_points: &i64, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(format!("{}.{:02} %", basis_points / 100, basis_points % 100))
    }

    #[askama::filter_fn]
    pub(super) fn size(bytes: &i64, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(match *bytes {
            bytes if bytes < 1_000 => format!("{bytes} B"),
            bytes if bytes < 1_000_000 => format!("{} kB", bytes / 1_000),
            bytes => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
        })
    }
}
