//! `POST /search`: finds things in one's own account. A `POST` that only reads.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

use crate::{App, auth::SignedIn, error::Error};

#[derive(Deserialize)]
pub(crate) struct Search {
    q: String,
}

#[derive(Serialize)]
pub(crate) struct Found {
    results: Vec<Hit>,
}

#[derive(Serialize, sqlx::FromRow)]
struct Hit {
    title: String,
    kind: String,
    url: String,
}

/// Takes `{"q": "..."}`, answers `{"results": [{"title", "kind", "url"}]}`, ten at most.
pub(crate) async fn search(
    State(app): State<App>,
    account: SignedIn,
    Json(Search { q }): Json<Search>,
) -> Result<Json<Found>, Error> {
    let results = sqlx::query_as(
        "SELECT * FROM (
           SELECT name AS title, 'Offer' AS kind, '/offers/' || id AS url FROM offers
           UNION ALL SELECT title || ', ' || reference, 'Transaction', '/transactions/' || id
             FROM transactions WHERE person = ?1
           UNION ALL SELECT name, 'Document', '/documents/' || id FROM documents WHERE person = ?1
         ) WHERE ?2 <> '' AND instr(lower(title), lower(?2)) > 0 LIMIT 10",
    )
    .bind(&account.person.id)
    .bind(q.trim())
    .fetch_all(&app.db)
    .await?;
    Ok(Json(Found { results }))
}
