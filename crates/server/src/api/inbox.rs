//! Codes that wait in the app.

use axum::{Json, extract::State};
use sea_orm::{ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _};
use understudy_protocol::InboxEntry;
use understudy_rules::impersonation::State as Machine;

use crate::{
    Shared,
    auth::Impersonator,
    clock::time,
    error::{ApiError, ApiResult},
    impersonations::{named, person, state},
    store::entities::{delivery, impersonation},
};

/// The caller's codes that are good now. A code is shown only to the sign-in for which it works.
#[utoipa::path(get, path = "/api/inbox", security(("bearer" = [])), responses((status = 200, body = Vec<InboxEntry>)))]
pub async fn inbox(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
) -> ApiResult<Json<Vec<InboxEntry>>> {
    let db = &core.store.db;
    let now = core.store.now().await?;
    let mine = impersonation::Column::StaffId
        .eq(caller.staff.id)
        .and(impersonation::Column::SignInId.eq(caller.sign_in_id))
        .and(impersonation::Column::State.eq("code_sent"));
    let mut entries = Vec::new();
    for row in impersonation::Entity::find().filter(mine).all(db).await? {
        let Machine::CodeSent { expires_at, .. } = state(&row).settled(now) else { continue };
        let here = delivery::Column::RequestId
            .eq(row.id)
            .and(delivery::Column::Channel.eq("app"))
            .and(delivery::Column::State.eq("sent"));
        if delivery::Entity::find().filter(here).one(db).await?.is_none() {
            continue;
        }
        let Some(sealed) = &row.code_sealed else { continue };
        let code = core
            .keys
            .open(&format!("code/{}", row.id), sealed)
            .map_err(|error| ApiError::internal(&error))?;
        entries.push(InboxEntry {
            request_id: row.id,
            person: person(&row),
            mode: named(&row.mode).ok_or_else(|| ApiError::internal(&"unknown mode"))?,
            arrived_at: time(row.delivered_at.unwrap_or(now)),
            expires_at: time(expires_at),
            expires_in_ms: Ord::max(expires_at - now, 0).unsigned_abs(),
            code: code.to_string(),
            reason: row.reason,
        });
    }
    Ok(Json(entries))
}
