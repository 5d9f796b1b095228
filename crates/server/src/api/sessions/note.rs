//! The support note: what was done, and why.

use axum::{Json as Answer, extract, http::StatusCode};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    Select,
    sea_query::{Expr, SimpleExpr},
};
use serde_json::json;
use understudy_protocol::{Event, NewNote, Note, StaffRef};
use understudy_rules::{MINUTE, Millis, impersonation::State, note::check_owed};
use uuid::Uuid;

use super::owned;
use crate::{
    Core, Shared,
    api::extract::{Json, Path},
    auth::Caller,
    clock::time,
    error::{ApiError, ApiResult},
    impersonations::state,
    store::{
        Entry, Job, NewEvent,
        entities::{impersonation, note},
        statement,
    },
};

/// Writes the note of one's own session. Writing again is a correction: the record keeps both.
#[utoipa::path(post, path = "/api/sessions/{id}/note", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = NewNote, responses((status = 201, body = Note)))]
pub async fn write(
    extract::State(core): extract::State<Shared>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(new): Json<NewNote>,
) -> ApiResult<(StatusCode, Answer<Note>)> {
    let db = &core.store.db;
    let row = owned(&core, &caller, id).await?;
    if row.started_at.is_none() {
        return Err(ApiError::not_found("session"));
    }
    let what = needed("what", &new.what, "Say what was done.")?;
    let why = needed("why", &new.why, "Say why it was done.")?;
    let now = core.store.now().await?;
    let written = note::ActiveModel {
        session_id: Set(id),
        staff_id: Set(caller.staff.id),
        what: Set(what.clone()),
        why: Set(why.clone()),
        solved: Set(new.solved),
        written_at: Set(now),
    };
    let again = sea_orm::sea_query::OnConflict::column(note::Column::SessionId)
        .update_columns([
            note::Column::What,
            note::Column::Why,
            note::Column::Solved,
            note::Column::WrittenAt,
        ])
        .to_owned();
    core.store
        .write(Job {
            guards: vec![statement(&note::Entity::insert(written).on_conflict(again), db)],
            effects: vec![],
            entries: vec![Entry {
                kind: "note_written",
                staff: Some(caller.staff.id),
                person: Some(row.person_id),
                session: Some(id),
                details: json!({ "what": what, "why": why, "solved": new.solved }),
            }],
            events: vec![NewEvent {
                staff_id: caller.staff.id,
                overseers: true,
                sign_in_id: None,
                event: Event::NoteWritten { session_id: id },
            }],
        })
        .await?;
    let written_by = StaffRef { id: caller.staff.id, name: caller.staff.name };
    Ok((
        StatusCode::CREATED,
        Answer(Note { what, why, solved: new.solved, written_at: time(now), written_by }),
    ))
}

/// Sessions of this staff member that lack their note, live ones among them: one note serves a session and the one
/// that went on with it.
pub fn unnoted(staff: Uuid) -> Select<impersonation::Entity> {
    use impersonation::{Column, Entity};
    let written = note::Entity::find()
        .select_only()
        .column(note::Column::SessionId)
        .filter(note::Column::StaffId.eq(staff))
        .into_query();
    let resumed = Entity::find()
        .select_only()
        .column(Column::Resumes)
        .filter(Column::StaffId.eq(staff))
        .filter(Column::StartedAt.is_not_null())
        .filter(Column::Resumes.is_not_null())
        .into_query();
    Entity::find()
        .filter(Column::StaffId.eq(staff))
        .filter(Column::StartedAt.is_not_null())
        .filter(Column::NoteLiftedAt.is_null())
        .filter(Column::Id.not_in_subquery(written))
        .filter(Column::Id.not_in_subquery(resumed))
}

/// Refused where the caller owes a note, but for the session that they are about to go on with (`resumes`). What is
/// answered has to hold still when the request is written.
pub async fn require_written(core: &Core, caller: &Caller, resumes: Option<Uuid>) -> ApiResult<SimpleExpr> {
    use impersonation::Column;
    let now = core.store.now().await?;
    let owed = unnoted(caller.staff.id).filter(Column::Id.ne(resumes.unwrap_or_default()));
    let mut over = Vec::new();
    for row in owed.clone().all(&core.store.db).await? {
        // Also one whose time has run out before the sweeper has been there.
        if let State::Ended { at, .. } = state(&row).settled(now) {
            over.push((row, at));
        }
    }
    let ended: Vec<Millis> = over.iter().map(|(_, at)| *at).collect();
    let grace = Millis::from(core.config.session.note_minutes) * MINUTE;
    if let Err(first) = check_owed(&ended, now, grace) {
        let row = &over[first].0;
        return Err(ApiError::note_missing(row.id, &row.person_name));
    }
    let count = owed
        .filter(Column::State.eq("ended"))
        .select_only()
        .column_as(Column::Id.count(), "owed")
        .into_query();
    Ok(Expr::SubQuery(None, Box::new(count.into())).eq(ended.len() as i64))
}

fn needed(field: &str, text: &str, missing: &str) -> ApiResult<String> {
    match text.trim() {
        "" => Err(ApiError::invalid(field, missing)),
        text if text.chars().count() > 4_000 => Err(ApiError::invalid(field, "At most 4,000 characters.")),
        text => Ok(text.to_owned()),
    }
}
