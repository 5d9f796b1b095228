//! One session with its actions, read from the record itself.

use axum::{Json, extract::State};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};
use understudy_protocol::{Action, SessionDetail};
use uuid::Uuid;

use super::{shown, visible};
use crate::{
    Core, Shared,
    api::extract::Path,
    auth::Caller,
    clock::time,
    error::ApiResult,
    store::{
        Entry, Job,
        entities::ledger_entry::{Column, Entity, Model},
    },
};

/// A session and what was done in it, in order. That it was looked at is on record too.
#[utoipa::path(get, path = "/api/sessions/{id}", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = SessionDetail)))]
pub async fn read(
    State(core): State<Shared>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<SessionDetail>> {
    let row = visible(&core, &caller, id).await?;
    // Without a session ID: looking at a session is not a part of it.
    let entry = Entry {
        kind: "session_viewed",
        staff: Some(caller.staff.id),
        person: Some(row.person_id.clone()),
        session: None,
        details: json!({ "session_id": id }),
    };
    core.store.write(Job { entries: vec![entry], ..Job::default() }).await?;
    Ok(Json(SessionDetail { session: shown(&core, &row).await?, actions: actions(&core, id).await? }))
}

async fn actions(core: &Core, id: Uuid) -> ApiResult<Vec<Action>> {
    let rows = Entity::find()
        .filter(Column::SessionId.eq(id))
        .filter(Column::Kind.is_in(["action", "action_refused", "action_answered"]))
        .order_by_asc(Column::Idx)
        .all(&core.store.db)
        .await?;
    let mut actions: Vec<Action> = Vec::with_capacity(rows.len());
    for row in rows {
        // Erased details leave the fact that there was an action.
        let details: Value =
            row.details.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        if row.kind == "action_answered" {
            let of = details["entry"].as_u64();
            if let Some(action) = actions.iter_mut().rev().find(|action| Some(action.entry) == of) {
                action.status = details["status"].as_u64().and_then(|status| u16::try_from(status).ok());
                action.fields = texts(&details["fields"]);
            }
        } else {
            actions.push(action(&row, &details));
        }
    }
    Ok(actions)
}

fn action(row: &Model, details: &Value) -> Action {
    let text = |key: &str| details[key].as_str().unwrap_or_default().to_owned();
    Action {
        entry: row.idx.unsigned_abs(),
        at: time(row.at),
        name: text("name"),
        method: text("method"),
        route: details["route"].as_str().map(str::to_owned),
        path: text("path"),
        parameters: texts(&details["parameters"]),
        fields: vec![],
        status: None,
        refused: details["refused"].as_str().map(str::to_owned),
        changes: details["changes"].as_bool().unwrap_or(false),
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}
