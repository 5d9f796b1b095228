//! A lead's verdict on a session.

use axum::{Json as Answer, extract::State, http::StatusCode};
use sea_orm::{ActiveValue::Set, EntityTrait as _, sea_query::OnConflict};
use serde_json::json;
use understudy_protocol::{ErrorCode, Event, NewReview, Review, StaffRef};
use understudy_rules::reason::check_reason;
use uuid::Uuid;

use super::{shown, visible};
use crate::{
    Shared,
    api::extract::{Json, Path},
    auth::Lead,
    clock::time,
    error::{ApiError, ApiResult},
    impersonations::name_of,
    staff,
    store::{
        Entry, Job, NewEvent,
        entities::review::{ActiveModel, Column, Entity},
        statement,
    },
};

/// Writes the review of a session that has ended. Writing again replaces it: the record keeps both. Nobody reviews
/// what they have done or let happen themselves, with any account of theirs.
#[utoipa::path(post, path = "/api/sessions/{id}/review", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = NewReview, responses((status = 201, body = Review)))]
pub async fn write(
    State(core): State<Shared>,
    Lead(caller): Lead,
    Path(id): Path<Uuid>,
    Json(new): Json<NewReview>,
) -> ApiResult<(StatusCode, Answer<Review>)> {
    let row = visible(&core, &caller, id).await?;
    let session = shown(&core, &row).await?;
    let refused = |why: &str| Err(ApiError::new(ErrorCode::Forbidden, why));
    if staff::is_same(&core, session.staff.id, caller.staff.id).await? {
        return refused("This is your own session. Ask another team lead to review it.");
    }
    let approvers = [session.approved_by, session.raised.and_then(|raised| raised.approved_by)];
    for approver in approvers.into_iter().flatten() {
        if staff::is_same(&core, approver.id, caller.staff.id).await? {
            return refused(
                "You have handed over a code of this session. Ask another team lead to review it.",
            );
        }
    }
    if session.ended_at.is_none() {
        let why = "This session still runs. Review it once it has ended.";
        return Err(ApiError::new(ErrorCode::Invalid, why));
    }
    let text = check_reason(&new.text)
        .map_err(|error| ApiError::invalid("text", format!("The review must have {error}.")))?;
    let now = core.store.now().await?;
    let written = ActiveModel {
        session_id: Set(id),
        staff_id: Set(caller.staff.id),
        verdict: Set(name_of(new.verdict)),
        text: Set(text.to_owned()),
        written_at: Set(now),
    };
    let again = OnConflict::column(Column::SessionId)
        .update_columns([Column::StaffId, Column::Verdict, Column::Text, Column::WrittenAt])
        .to_owned();
    let job = Job {
        guards: vec![statement(&Entity::insert(written).on_conflict(again), &core.store.db)],
        effects: vec![],
        entries: vec![Entry {
            kind: "session_reviewed",
            staff: Some(caller.staff.id),
            person: Some(row.person_id),
            session: Some(id),
            details: json!({ "verdict": new.verdict, "text": text, "for": row.staff_id }),
        }],
        events: vec![NewEvent {
            staff_id: row.staff_id,
            overseers: true,
            sign_in_id: None,
            event: Event::SessionReviewed { session_id: id },
        }],
    };
    core.store.write(job).await?;
    let by = StaffRef { id: caller.staff.id, name: caller.staff.name };
    let review = Review { verdict: new.verdict, text: text.to_owned(), by, at: time(now) };
    Ok((StatusCode::CREATED, Answer(review)))
}
