//! The switch of the whole installation. While it is off nobody impersonates, whoever they are. It is asked at
//! each request and again in the transaction of each write, so that nothing begins as it falls; a row that is
//! missing or cannot be read counts as off.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _,
    sea_query::{Expr, OnConflict, SimpleExpr},
};
use serde_json::json;
use understudy_protocol::Event as Told;
use understudy_rules::impersonation::Event;
use uuid::Uuid;

use crate::{
    Core,
    error::{ApiError, ApiResult},
    impersonations::{OPEN, step},
    store::{
        EVERYBODY, Entry, Job, NewEvent, WriteError,
        entities::{
            impersonation,
            switch::{ActiveModel, Column, Entity},
        },
        statement,
    },
};

/// Entries of the record that say that it was turned: off, and on.
pub const KINDS: [&str; 2] = ["switched_off", "switched_on"];

/// How it stands. For what ends sessions: an error is no reason to, it only lets nothing pass.
pub async fn read(core: &Core) -> Result<bool, DbErr> {
    Ok(Entity::find_by_id(1).one(&core.store.db).await?.is_some_and(|row| row.is_on))
}

pub async fn is_on(core: &Core) -> bool {
    match read(core).await {
        Ok(on) => on,
        Err(error) => {
            tracing::error!(%error, "the switch cannot be read, so it counts as off");
            false
        }
    }
}

pub async fn require_on(core: &Core) -> ApiResult<()> {
    if is_on(core).await { Ok(()) } else { Err(ApiError::switched_off()) }
}

/// For the guard of a write: true while the switch is on.
pub fn still_on() -> SimpleExpr {
    let on = Entity::find().select_only().column(Column::Id).filter(Column::IsOn.eq(true)).into_query();
    Expr::exists(on)
}

/// Turns it, and ends what is open where it is off now; `by` is nobody for the command line. Nothing is written
/// where it stands so already.
pub async fn turn(core: &Core, on: bool, reason: Option<&str>, by: Option<Uuid>) -> ApiResult<()> {
    let db = &core.store.db;
    let row = ActiveModel { id: Set(1), is_on: Set(on) };
    let otherwise = OnConflict::column(Column::Id)
        .update_column(Column::IsOn)
        .action_and_where(Expr::col((Entity, Column::IsOn)).ne(on))
        .to_owned();
    let mut details = json!({ "reason": reason });
    if by.is_none() {
        details["by"] = "command line".into();
    }
    let kind = KINDS[usize::from(on)];
    let event = Told::Switched { on };
    let job = Job {
        guards: vec![statement(&Entity::insert(row).on_conflict(otherwise), db)],
        entries: vec![Entry { kind, staff: by, person: None, session: None, details }],
        events: vec![NewEvent { staff_id: EVERYBODY, overseers: false, sign_in_id: None, event }],
        ..Job::default()
    };
    match core.store.write(job).await {
        Ok(_) | Err(WriteError::Conflict) => {}
        Err(error) => return Err(error.into()),
    }
    if on { Ok(()) } else { end_all(core).await }
}

/// Ends whatever is open. One that fails must not keep the others alive: the sweeper comes back to it.
async fn end_all(core: &Core) -> ApiResult<()> {
    let open = impersonation::Entity::find().filter(impersonation::Column::State.is_in(OPEN));
    for row in open.all(&core.store.db).await? {
        if let Err(error) = end_one(core, row.id).await {
            tracing::warn!(code = ?error.code(), id = %row.id, "what is switched off could not be ended; trying again");
        }
    }
    Ok(())
}

pub async fn end_one(core: &Core, id: Uuid) -> ApiResult<()> {
    step(core, id, |_| Ok(Event::SwitchedOff), Default::default).await.map(drop)
}
