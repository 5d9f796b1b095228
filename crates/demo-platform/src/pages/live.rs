//! Prices as they move, and a line to try whether the connection is alive.

use askama::Template;
use axum::{Router, extract::State, response::Html, routing::get};

use super::{Frame, filters, page};
use crate::{
    App,
    auth::SignedIn,
    error::Error,
    market::{self, Offer},
};

pub(super) fn router() -> Router<App> {
    Router::new().route("/live", get(show))
}

#[derive(Template)]
#[template(path = "live.html")]
struct LivePage {
    frame: Frame,
    offers: Vec<Offer>,
}

async fn show(State(app): State<App>, account: SignedIn) -> Result<Html<String>, Error> {
    let offers = market::offers(&app.db).await?;
    page(&LivePage { frame: Frame::new(&app, account, "/live").await?, offers })
}
