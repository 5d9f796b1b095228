//! Giving up on a note: whoever wrote none may ask for codes again.

use axum::{Json as Answer, extract::State};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::json;
use understudy_protocol::{ErrorCode, Event, LiftNote, Session};
use uuid::Uuid;

use super::{shown, visible};
use crate::{
    Shared,
    api::{
        checked_reason,
        extract::{Json, Path},
    },
    auth::Admin,
    error::{ApiError, ApiResult},
    store::{
        Entry, Job, NewEvent, WriteError,
        entities::impersonation::{ActiveModel, Column, Entity},
        statement,
    },
};

/// Lets the staff member of a session ask for codes although its note is missing. Nobody does so for themselves.
#[utoipa::path(post, path = "/api/sessions/{id}/note/lift", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = LiftNote, responses((status = 200, body = Session)))]
pub async fn lift(
    State(core): State<Shared>,
    Admin(caller): Admin,
    Path(id): Path<Uuid>,
    Json(given): Json<LiftNote>,
) -> ApiResult<Answer<Session>> {
    let row = visible(&core, &caller, id).await?;
    if row.staff_id == caller.staff.id {
        let why = "This is your own session. Write its note, or ask another administrator.";
        return Err(ApiError::new(ErrorCode::Forbidden, why));
    }
    let reason = checked_reason("reason", &given.reason)?;
    let lifted = ActiveModel { note_lifted_at: Set(Some(core.store.now().await?)), ..Default::default() };
    let lift = Entity::update_many()
        .set(lifted)
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq("ended"))
        .filter(Column::NoteLiftedAt.is_null());
    let job = Job {
        guards: vec![statement(&lift, &core.store.db)],
        effects: vec![],
        entries: vec![Entry {
            kind: "note_lifted",
            staff: Some(caller.staff.id),
            person: Some(row.person_id.clone()),
            session: Some(id),
            details: json!({ "reason": reason, "for": row.staff_id }),
        }],
        events: vec![NewEvent {
            staff_id: row.staff_id,
            overseers: true,
            sign_in_id: None,
            event: Event::NoteLifted { session_id: id },
        }],
    };
    match core.store.write(job).await {
        Ok(_) => {}
        // Another administrator was faster.
        Err(WriteError::Conflict) if visible(&core, &caller, id).await?.note_lifted_at.is_some() => {}
        Err(WriteError::Conflict) => {
            let why = "This session has not ended yet, so no note is owed for it.";
            return Err(ApiError::new(ErrorCode::Invalid, why));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Answer(shown(&core, &visible(&core, &caller, id).await?).await?))
}
