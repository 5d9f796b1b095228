//! Writes down what time has done: codes that ran out, sessions past their lease or limit, sessions of staff
//! who may no longer have one. Every check on the way judges for itself; this makes the end known.

use std::time::Duration;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use understudy_rules::{
    Millis,
    impersonation::{EndCause, Event},
};

use crate::{
    Core,
    error::ApiResult,
    impersonations::{Along, end, state, step},
    staff,
    store::entities::impersonation::{Column, Entity, Model},
};

/// Runs until it is dropped.
pub async fn run(core: &Core) {
    loop {
        if let Err(error) = sweep(core).await {
            tracing::warn!(code = ?error.code(), "the sweep failed; trying again");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

pub async fn sweep(core: &Core) -> ApiResult<()> {
    let now = core.store.now().await?;
    let open = Column::State.is_in(["waiting", "code_sent", "verified", "live"]);
    for row in Entity::find().filter(open).all(&core.store.db).await? {
        // One that fails must not keep the others alive.
        if let Err(error) = sweep_one(core, &row, now).await {
            tracing::warn!(code = ?error.code(), id = %row.id, "an impersonation could not be swept; trying again");
        }
    }
    Ok(())
}

async fn sweep_one(core: &Core, row: &Model, now: Millis) -> ApiResult<()> {
    let before = state(row);
    if before.settled(now) != before {
        step(core, row.id, |_| Ok(Event::TimePassed), Along::default).await?;
    } else if before.is_live() && !staff::may_go_on(&core.store, row.staff_id, row.sign_in_id).await? {
        end(core, row.id, EndCause::StaffDisabled).await?;
    }
    Ok(())
}
