//! History: what was asked for and never became a session.

use axum::{Json, extract::State};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use understudy_protocol::{ClosedRequest, RequestsPage, RequestsQuery};
use understudy_rules::impersonation;

use super::closed;
use crate::{
    Core, Shared,
    api::{extract::Query, sessions::list::stands_in},
    auth::Caller,
    clock::time,
    error::{ApiError, ApiResult},
    exceptions::count,
    impersonations::{consent, named, person, state},
    staff,
    store::entities::{
        impersonation::{Column, Entity, Model},
        ledger_entry,
    },
};

/// Requests that never became a session, the newest first: one's own; for leads and admins all.
#[utoipa::path(get, path = "/api/requests", security(("bearer" = [])),
    params(
        ("person" = Option<String>, Query), ("search" = Option<String>, Query),
        ("offset" = Option<u32>, Query), ("limit" = Option<u32>, Query),
    ),
    responses((status = 200, body = RequestsPage)))]
pub async fn list(
    State(core): State<Shared>,
    caller: Caller,
    Query(query): Query<RequestsQuery>,
) -> ApiResult<Json<RequestsPage>> {
    let db = &core.store.db;
    let mut find = never_started(&caller);
    if let Some(person) = &query.person {
        find = find.filter(Column::PersonId.eq(person));
    }
    if let Some(search) = &query.search {
        find = find.filter(stands_in(search, db.get_database_backend()));
    }
    let total = count(&core, find.clone()).await?;
    let rows = find
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .offset(u64::from(query.offset))
        .limit(u64::from(query.limit.unwrap_or(50).clamp(1, 200)))
        .all(db)
        .await?;
    let mut requests = Vec::with_capacity(rows.len());
    for row in &rows {
        requests.push(shown(&core, row).await?);
    }
    Ok(Json(RequestsPage { requests, total, offset: query.offset }))
}

/// Those that the caller may see. One for changes in a session stands in that session's report.
pub fn never_started(caller: &Caller) -> Select<Entity> {
    let find = Entity::find().filter(Column::State.eq("closed")).filter(Column::Raises.is_null());
    if caller.oversees() { find } else { find.filter(Column::StaffId.eq(caller.staff.id)) }
}

async fn shown(core: &Core, row: &Model) -> ApiResult<ClosedRequest> {
    let unreadable = || ApiError::internal(&format!("request {} cannot be read", row.id));
    let impersonation::State::Closed { why, at } = state(row) else { return Err(unreadable()) };
    let wrong_codes = ledger_entry::Entity::find()
        .filter(ledger_entry::Column::SessionId.eq(row.id))
        .filter(ledger_entry::Column::Kind.eq("code_wrong"))
        .count(&core.store.db)
        .await?;
    Ok(ClosedRequest {
        id: row.id,
        staff: staff::reference(core, row.staff_id).await?,
        person: person(row),
        reason: row.reason.clone(),
        ticket: row.ticket.clone(),
        mode: named(&row.mode).ok_or_else(unreadable)?,
        consent: consent(row)?,
        asked_at: time(row.created_at),
        closed_at: time(at),
        state: closed(why),
        approver: staff::approver(core, row).await?,
        denial: row.denial.clone(),
        wrong_codes: u32::try_from(wrong_codes).unwrap_or(u32::MAX),
    })
}
