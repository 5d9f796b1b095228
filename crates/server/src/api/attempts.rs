//! Throttles tries at what staff know: passwords, codes of the second factor.

use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use understudy_rules::{MINUTE, Millis};

use crate::{
    Core,
    error::{ApiError, ApiResult},
    store::entities::failed_attempt::{ActiveModel, Column, Entity},
};

/// So many failures of one thing in this time make it wait.
const FAILURES: u64 = 5;
const FAILURE_MEMORY: Millis = 5 * MINUTE;
/// With more failures than this in that time, of addresses that nobody has only one in `SAMPLE` is recorded:
/// a flood of made-up ones must not fill the record.
const FLOOD: u64 = 100;
const SAMPLE: i64 = 100;

/// A try at a secret of staff. It counts as failed from its beginning, so that many at once are no way around.
pub struct Attempt(i64);

impl Attempt {
    /// `what` is tried, with a prefix of its own for each kind of secret: an address is free text, and must not
    /// be able to name somebody's second factor. Refused with `detail` where it was too often.
    pub async fn begin(core: &Core, what: &str, detail: &str) -> ApiResult<Self> {
        let now = core.store.now().await?;
        let failures =
            Entity::find().filter(Column::What.eq(what)).filter(Column::At.gt(now - FAILURE_MEMORY));
        let too_many = || ApiError::too_many(FAILURE_MEMORY, detail);
        // Looked at before waiting too: a flood must not hold the connections of everybody else.
        if failures.clone().count(&core.store.db).await? >= FAILURES {
            return Err(too_many());
        }
        // One after the other, or many at once would see each other and all be refused, the right one too.
        let turn = core.store.turn_at(what).await?;
        Entity::delete_many().filter(Column::At.lte(now - FAILURE_MEMORY)).exec(&turn).await?;
        if failures.count(&turn).await? >= FAILURES {
            turn.commit().await?;
            return Err(too_many());
        }
        let row = ActiveModel { what: Set(what.to_owned()), at: Set(now), ..Default::default() };
        let attempt = Self(Entity::insert(row).exec(&turn).await?.last_insert_id);
        turn.commit().await?;
        Ok(attempt)
    }

    /// Whether its failure belongs into the record. `known`: it was tried on somebody who exists.
    pub async fn is_recorded(&self, core: &Core, known: bool) -> ApiResult<bool> {
        let earlier = Entity::find().filter(Column::Id.lt(self.0));
        Ok(known || self.0 % SAMPLE == 0 || earlier.count(&core.store.db).await? < FLOOD)
    }

    /// It did not fail.
    pub async fn forget(self, core: &Core) -> ApiResult<()> {
        Entity::delete_by_id(self.0).exec(&core.store.db).await?;
        Ok(())
    }
}
