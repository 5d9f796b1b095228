//! Exceptional cases: somebody is let in whose person was not asked. The person and every lead hear of it at once, and
//! a lead reviews it; without that review whoever used it gets no other one.

use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Select, sea_query::SelectStatement,
};
use serde_json::{Value, json};
use understudy_protocol::{Consent, Event, Exception};
use understudy_rules::{MINUTE, Millis};
use uuid::Uuid;

use crate::{
    Core,
    auth::Caller,
    error::{ApiError, ApiResult},
    impersonations::{self, person, session_of},
    letters::{self, Letter},
    staff,
    store::{
        Job, LEADS, NewEvent,
        entities::{
            impersonation::{Column, Entity, Model},
            review,
        },
    },
};

/// What a request rests on, where it is an exceptional case.
pub fn of(row: &Model) -> Option<Exception> {
    match impersonations::consent(row) {
        Ok(Consent::Exception(exception)) => Some(exception),
        _ => None,
    }
}

/// Tells the person and the leads that a request without consent has come to something: a session, or changes in one.
/// Answers which leads are told, for the record.
pub async fn tell(core: &Core, request: &Model, exception: Exception, job: &mut Job) -> ApiResult<Value> {
    let (session, now) = (session_of(request), core.store.now().await?);
    let mut write = |letter, address: &str| {
        job.effects.push(letters::insert(core, letter, session, address, now));
    };
    if let Some(address) = &request.person_email {
        write(Letter::Exception { raise: request.raises.is_some() }, address);
    }
    let involved: Vec<Uuid> = std::iter::once(request.staff_id).chain(request.taken_by).collect();
    let leads = staff::leads(core, &involved).await?;
    for lead in &leads {
        write(Letter::Lead, &lead.email);
    }
    let approved_by = staff::approver(core, request).await?;
    let event = Event::ExceptionUsed {
        session_id: session,
        staff: staff::reference(core, request.staff_id).await?,
        person: person(request),
        category: exception.category,
        approved_by,
    };
    job.events.push(NewEvent { staff_id: LEADS, overseers: false, sign_in_id: None, event });
    Ok(json!(leads.iter().map(|lead| lead.id).collect::<Vec<_>>()))
}

/// Who has handed over the codes of what a session does without its person's consent.
pub async fn approvers(core: &Core, session: &Model) -> Result<Vec<Uuid>, DbErr> {
    let with_raise = Column::Id.eq(session.id).or(Column::Id.is_in(session.raised_by));
    let rows = Entity::find().filter(with_raise).order_by_asc(Column::CreatedAt).all(&core.store.db).await?;
    let mut approvers: Vec<Uuid> =
        rows.iter().filter(|row| of(row).is_some()).filter_map(|row| row.taken_by).collect();
    approvers.dedup();
    Ok(approvers)
}

/// Sessions that rested on an exceptional case.
pub fn used(find: Select<Entity>) -> Select<Entity> {
    find.filter(Column::ExceptionAt.is_not_null())
}

/// Those of them that have ended and that no lead has reviewed.
pub fn to_review(find: Select<Entity>) -> Select<Entity> {
    used(find).filter(Column::State.eq("ended")).filter(Column::Id.not_in_subquery(reviewed()))
}

fn reviewed() -> SelectStatement {
    review::Entity::find().select_only().column(review::Column::SessionId).into_query()
}

pub async fn count(core: &Core, find: Select<Entity>) -> Result<u32, DbErr> {
    Ok(u32::try_from(find.count(&core.store.db).await?).unwrap_or(u32::MAX))
}

/// How long a session may wait for its review.
pub fn grace(core: &Core) -> Millis {
    Millis::from(core.config.exception.review_hours) * 60 * MINUTE
}

/// Refused where the caller, by any account of theirs, has a session whose review is late.
pub async fn require_reviewed(core: &Core, caller: &Caller) -> ApiResult<()> {
    let late = to_review(Entity::find())
        .filter(Column::StaffId.is_in(staff::accounts_of(core, caller.staff.id).await?))
        .filter(Column::EndedAt.lte(core.store.now().await? - grace(core)))
        .order_by_asc(Column::EndedAt);
    match late.one(&core.store.db).await? {
        Some(row) => Err(ApiError::review_missing(row.id, &row.person_name)),
        None => Ok(()),
    }
}
