//! The platform's people.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::json;
use understudy_protocol::{PeoplePage, PeopleQuery, Person};
use utoipa::IntoParams;

use super::extract::Query;
use crate::{
    Shared,
    auth::Impersonator,
    error::ApiResult,
    store::{Entry, Job},
};

/// One page of the people of a kind, searched by name, e-mail or ID.
#[utoipa::path(get, path = "/api/people", security(("bearer" = [])),
    params(
        ("kind" = Option<String>, Query), ("search" = Option<String>, Query),
        ("offset" = Option<u32>, Query), ("limit" = Option<u32>, Query),
    ),
    responses((status = 200, body = PeoplePage)))]
pub async fn list(
    State(core): State<Shared>,
    _caller: Impersonator,
    Query(query): Query<PeopleQuery>,
) -> ApiResult<Json<PeoplePage>> {
    Ok(Json(core.directory.list(&query).await?))
}

#[derive(Deserialize, IntoParams)]
pub struct Find {
    /// ID or e-mail address.
    identifier: String,
}

/// The one person with an ID or e-mail address.
#[utoipa::path(get, path = "/api/people/find", security(("bearer" = [])), params(Find), responses((status = 200, body = Person)))]
pub async fn find(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Query(find): Query<Find>,
) -> ApiResult<Json<Person>> {
    let person = core.directory.find(&find.identifier).await?;
    let entry = Entry {
        kind: "person_viewed",
        staff: Some(caller.staff.id),
        person: Some(person.id.clone()),
        session: None,
        details: json!({}),
    };
    core.store.write(Job { entries: vec![entry], ..Job::default() }).await?;
    Ok(Json(person))
}
