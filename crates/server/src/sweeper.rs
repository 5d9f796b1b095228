//! Writes down what time has done: codes that ran out, sessions past their lease or limit, sessions of staff
//! who may no longer have one, and what they have asked administrators for. Every check on the way judges for itself; this makes the end known.

use std::time::Duration;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use understudy_rules::{
    MINUTE, Millis,
    impersonation::{EndCause, Event, State},
};

use crate::{
    Core,
    error::ApiResult,
    impersonations::{OPEN, end, may_go_on, state, step},
    store::entities::{
        event,
        impersonation::{Column, Entity, Model},
        refresh_token,
    },
    switch,
};

const PAUSE: Duration = Duration::from_millis(500);
/// Rounds between two looks for what nobody needs any more: an hour.
const ROUNDS: u32 = 7_200;
/// An app that was away for longer asks anew instead of catching up.
const EVENTS_KEPT: Millis = 7 * 24 * 60 * MINUTE;

/// Runs until it is dropped.
pub async fn run(core: &Core) {
    for round in (0..ROUNDS).cycle() {
        if let Err(error) = sweep(core).await {
            tracing::warn!(code = ?error.code(), "the sweep failed; trying again");
        }
        if round == 0
            && let Err(error) = trim(core).await
        {
            tracing::warn!(%error, "old events could not be cleared away; trying again in an hour");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The record keeps everything; what only serves to tell the news does not have to.
async fn trim(core: &Core) -> Result<(), sea_orm::DbErr> {
    let old = core.store.now().await? - EVENTS_KEPT;
    event::Entity::delete_many().filter(event::Column::At.lt(old)).exec(&core.store.db).await?;
    refresh_token::Entity::delete_many()
        .filter(refresh_token::Column::UsedAt.lt(old))
        .exec(&core.store.db)
        .await?;
    Ok(())
}

pub async fn sweep(core: &Core) -> ApiResult<()> {
    let now = core.store.now().await?;
    let on = switch::read(core).await?;
    let open = Column::State.is_in(OPEN);
    for row in Entity::find().filter(open).all(&core.store.db).await? {
        // One that fails must not keep the others alive.
        if let Err(error) = sweep_one(core, &row, now, on).await {
            tracing::warn!(code = ?error.code(), id = %row.id, "an impersonation could not be swept; trying again");
        }
    }
    Ok(())
}

async fn sweep_one(core: &Core, row: &Model, now: Millis, on: bool) -> ApiResult<()> {
    let before = state(row);
    if before.settled(now) != before {
        step(core, row.id, |_| Ok(Event::TimePassed), Default::default).await?;
    } else if !on {
        switch::end_one(core, row.id).await?;
    } else if before.is_live() && !may_go_on(core, row).await? {
        end(core, row.id, EndCause::StaffDisabled).await?;
    } else if matches!(before, State::Asked { .. } | State::Pending { .. }) && !may_go_on(core, row).await?
        || is_left_over(core, row).await?
    {
        step(core, row.id, |_| Ok(Event::Cancelled), Default::default).await?;
    }
    Ok(())
}

/// Whether the session is over in which a request wanted more.
async fn is_left_over(core: &Core, row: &Model) -> ApiResult<bool> {
    let Some(id) = row.raises else { return Ok(false) };
    let session = Entity::find_by_id(id).one(&core.store.db).await?;
    Ok(session.is_none_or(|session| session.state != "live"))
}
