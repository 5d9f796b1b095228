//! History.

use axum::{Json, extract::State};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use understudy_protocol::{SessionsOnly, SessionsPage, SessionsQuery};

use super::shown;
use crate::{
    Shared,
    api::extract::Query,
    auth::Caller,
    error::ApiResult,
    exceptions::{count, to_review, used},
    store::entities::impersonation::{Column, Entity},
};

/// Sessions, the newest first: one's own; for leads and admins all.
#[utoipa::path(get, path = "/api/sessions", security(("bearer" = [])),
    params(
        ("person" = Option<String>, Query), ("live" = Option<bool>, Query), ("only" = Option<SessionsOnly>, Query),
        ("offset" = Option<u32>, Query), ("limit" = Option<u32>, Query),
    ),
    responses((status = 200, body = SessionsPage)))]
pub async fn list(
    State(core): State<Shared>,
    caller: Caller,
    Query(query): Query<SessionsQuery>,
) -> ApiResult<Json<SessionsPage>> {
    let db = &core.store.db;
    let mut find = Entity::find().filter(Column::StartedAt.is_not_null());
    if !caller.oversees() {
        find = find.filter(Column::StaffId.eq(caller.staff.id));
    }
    let (exceptions, waiting) = (used(find.clone()), to_review(find.clone()));
    if let Some(person) = &query.person {
        find = find.filter(Column::PersonId.eq(person));
    }
    if let Some(live) = query.live {
        find = find.filter(if live { Column::State.eq("live") } else { Column::State.ne("live") });
    }
    find = match query.only {
        None => find,
        Some(SessionsOnly::Exceptions) => used(find),
        Some(SessionsOnly::ToReview) => to_review(find),
    };
    let total = count(&core, find.clone()).await?;
    let rows = find
        .order_by_desc(Column::StartedAt)
        .order_by_desc(Column::Id)
        .offset(u64::from(query.offset))
        .limit(u64::from(query.limit.unwrap_or(50).clamp(1, 200)))
        .all(db)
        .await?;
    let mut sessions = Vec::with_capacity(rows.len());
    for row in &rows {
        sessions.push(shown(&core, row).await?);
    }
    Ok(Json(SessionsPage {
        sessions,
        total,
        offset: query.offset,
        exceptions: count(&core, exceptions).await?,
        to_review: count(&core, waiting).await?,
    }))
}
