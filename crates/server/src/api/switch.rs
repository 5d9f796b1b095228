//! Switching impersonation off, for everybody, and on again.

use axum::{Json as Answer, extract::State};
use understudy_protocol::{SetSwitch, Switch};

use super::{checked_reason, extract::Json, second_factor::require_fresh};
use crate::{Shared, auth::Admin, error::ApiResult, switch};

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
    Ok(Answer(Switch { on: switch::is_on(&core).await }))
}
