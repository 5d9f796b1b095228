//! Whom nobody may impersonate (invariant 8): kinds that are not on the list, protected people, and people who are
//! staff themselves. Who is staff rests on a link of IDs that somebody made, never on equal e-mail addresses.

use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::json;
use understudy_protocol::ErrorCode;

use crate::{
    Core,
    auth::Caller,
    error::{ApiError, ApiResult},
    store::{Entry, Job, entities::staff},
};

/// Why not, where nobody may.
pub async fn refusal(core: &Core, person: &str, kind: &str) -> Result<Option<&'static str>, DbErr> {
    if core.config.kind(kind).is_none() {
        return Ok(Some("People of this kind cannot be impersonated here."));
    }
    // In either case: one letter that is written otherwise must not open what was meant to be shut.
    if core.config.platform.protected.iter().any(|id| id.eq_ignore_ascii_case(person)) {
        return Ok(Some("This person is protected: nobody can be signed in as them."));
    }
    let linked = staff::Entity::find().filter(staff::Column::PersonId.eq(person));
    let is_staff = linked.count(&core.store.db).await? > 0;
    Ok(is_staff.then_some("This account belongs to a member of staff, and nobody can be signed in as staff."))
}

/// Refuses, and puts it on record.
pub async fn require(core: &Core, caller: &Caller, person: &str, kind: &str) -> ApiResult<()> {
    let Some(why) = refusal(core, person, kind).await? else { return Ok(()) };
    let refused = Entry {
        kind: "refused",
        staff: Some(caller.staff.id),
        person: Some(person.to_owned()),
        session: None,
        details: json!({ "what": "Impersonation", "why": why }),
    };
    core.store.write(Job { entries: vec![refused], ..Job::default() }).await?;
    Err(ApiError::new(ErrorCode::PersonRefused, why))
}
