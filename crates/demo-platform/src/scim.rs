//! The directory: SCIM 2.0 `Users`, read only (RFC 7643, RFC 7644).
//!
//! Filters are evaluated in memory: the directory is small, and SQLite folds case for ASCII alone.

mod filter;

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::{StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use crate::{
    App,
    people::{self, Entry, Person, Status},
};
use filter::{Attribute, Filter};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const MERIDIAN_USER: &str = "urn:meridian:2.0:User";
const DEFAULT_COUNT: i64 = 100;
const MAX_COUNT: i64 = 500;

pub(crate) fn router(app: &App) -> Router<App> {
    Router::new()
        .route("/Users", get(list))
        .route("/Users/{id}", get(user))
        .fallback(async || Error::not_found())
        .layer(from_fn_with_state(app.clone(), authorize))
}

/// An error as RFC 7644 section 3.12 words it.
struct Error {
    status: StatusCode,
    scim_type: Option<&'static str>,
    detail: String,
}

impl Error {
    fn not_found() -> Self {
        Self { status: StatusCode::NOT_FOUND, scim_type: None, detail: "No such resource.".into() }
    }

    fn invalid_query(rejection: QueryRejection) -> Self {
        let detail = rejection.body_text();
        Self { status: StatusCode::BAD_REQUEST, scim_type: Some("invalidValue"), detail }
    }

    fn invalid_filter(detail: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, scim_type: Some("invalidFilter"), detail }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the directory cannot be read");
        let detail = "The directory cannot be read at the moment.".into();
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, scim_type: None, detail }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.as_str(),
            "detail": self.detail,
        });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.into();
        }
        (self.status, scim_json(body)).into_response()
    }
}

fn scim_json(body: Value) -> Response {
    ([(header::CONTENT_TYPE, "application/scim+json")], Json(body)).into_response()
}

async fn authorize(State(app): State<App>, request: Request, next: Next) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = sent
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let known = token.is_some_and(|(_, token)| token.as_bytes().ct_eq(app.scim_token.as_bytes()).into());
    if known {
        return next.run(request).await;
    }
    let detail = "A valid bearer token is needed.".into();
    let error = Error { status: StatusCode::UNAUTHORIZED, scim_type: None, detail };
    ([(header::WWW_AUTHENTICATE, "Bearer realm=\"scim\"")], error).into_response()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListQuery {
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    sort_by: Option<String>,
}

/// Ordered by `id`, or by `displayName` where that is asked for, so that pages fit together.
async fn list(
    State(app): State<App>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Error> {
    let Query(query) = query.map_err(Error::invalid_query)?;
    let filter = query.filter.as_deref().map(Filter::parse).transpose().map_err(Error::invalid_filter)?;
    let mut people = people::all(&app.db).await?;
    if let Some(filter) = filter {
        people.retain(|person| filter.matches(&|attribute| value(person, attribute)));
    }
    if query.sort_by.is_some_and(|by| by.eq_ignore_ascii_case("displayName")) {
        people.sort_by_cached_key(|person| filter::sorted_as(&person.display_name));
    }
    let start = query.start_index.unwrap_or(1).max(1);
    let count = query.count.unwrap_or(DEFAULT_COUNT).clamp(0, MAX_COUNT);
    let page: Vec<_> =
        people.iter().skip(start as usize - 1).take(count as usize).map(|it| it.id.as_str()).collect();
    let page: Vec<_> =
        people::by_ids(&app.db, &page).await?.iter().map(|person| resource(&app, person)).collect();
    Ok(scim_json(json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": people.len(),
        "startIndex": start,
        "itemsPerPage": page.len(),
        "Resources": page,
    })))
}

async fn user(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Error> {
    let person = people::by_id(&app.db, &id).await?.ok_or_else(Error::not_found)?;
    Ok(scim_json(resource(&app, &person)))
}

fn value(person: &Entry, attribute: Attribute) -> &str {
    match attribute {
        Attribute::Id => &person.id,
        Attribute::UserName | Attribute::Emails => &person.email,
        Attribute::DisplayName => &person.display_name,
        Attribute::UserType => &person.kind,
    }
}

fn resource(app: &App, person: &Person) -> Value {
    json!({
        "schemas": [USER, MERIDIAN_USER],
        "id": person.id,
        "userName": person.email,
        "displayName": person.display_name,
        "name": { "formatted": person.display_name },
        "emails": [{ "value": person.email, "type": "work", "primary": true }],
        "userType": person.kind.as_str(),
        "preferredLanguage": person.language,
        "active": person.status == Status::Active,
        "meta": {
            "resourceType": "User",
            "created": person.created_at,
            "lastModified": person.updated_at,
            "location": format!("{}/scim/v2/Users/{}", app.origin, person.id),
        },
        MERIDIAN_USER: { "status": person.status.as_str(), "lastSeen": person.last_seen_at },
    })
}
