//! Switching impersonation off, for everybody, and on again.

use axum::{Json as Answer, extract::State};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use understudy_protocol::{SetSwitch, Switch, Turned};

use super::{
    checked_reason,
    extract::Json,
    second_factor::require_fresh,
    sessions::read::{doer, said},
};
use crate::{
    Core, Shared,
    auth::Admin,
    clock::time,
    error::ApiResult,
    staff,
    store::entities::ledger_entry::{Column, Entity},
    switch,
};

/// Turns the switch. Off ends every session and closes every request, at once, on every server.
#[utoipa::path(post, path = "/api/switch", security(("bearer" = [])), request_body = SetSwitch,
    responses((status = 200, body = Switch)))]
pub async fn turn(
    State(core): State<Shared>,
    Admin(caller): Admin,
    Json(set): Json<SetSwitch>,
) -> ApiResult<Answer<Switch>> {
    let reason = checked_reason("reason", &set.reason)?;
    require_fresh(&core, &caller).await?;
    switch::turn(&core, set.on, Some(&reason), Some(caller.staff.id)).await?;
    shown(&core).await
}

/// How the switch stands, who has turned it last, and why.
#[utoipa::path(get, path = "/api/switch", security(("bearer" = [])), responses((status = 200, body = Switch)))]
pub async fn read(State(core): State<Shared>, _: Admin) -> ApiResult<Answer<Switch>> {
    shown(&core).await
}

async fn shown(core: &Core) -> ApiResult<Answer<Switch>> {
    let last = Entity::find().filter(Column::Kind.is_in(switch::KINDS)).order_by_desc(Column::Idx);
    let turned = match last.one(&core.store.db).await? {
        None => None,
        Some(row) => {
            let details = said(&row);
            Some(Turned {
                at: time(row.at),
                by: match doer(&details) {
                    Some(id) => Some(staff::reference(core, id).await?),
                    None => None,
                },
                reason: details["reason"].as_str().map(str::to_owned),
            })
        }
    };
    Ok(Answer(Switch { on: switch::is_on(core).await, turned }))
}
