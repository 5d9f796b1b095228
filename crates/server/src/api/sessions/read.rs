//! One session with its actions, read from the record itself.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};
use understudy_protocol::{
    Action, LiftedNote, Milestone, MilestoneKind, Note, Review, SessionDetail, StaffRef, Verdict,
};
use uuid::Uuid;

use super::{ACTION_KINDS, shown, visible};
use crate::{
    Core, Shared,
    api::{extract::Path, second_factor::require_fresh},
    auth::Caller,
    clock::time,
    error::ApiResult,
    gateway::TRIED,
    impersonations::named,
    staff,
    store::{
        Entry, Job,
        entities::{
            impersonation,
            ledger_entry::{Column, Entity, Model},
        },
    },
};

/// A session and what was done in it, in order. That it was looked at is on record too, and whoever looks at
/// somebody else's has shown their second factor.
#[utoipa::path(get, path = "/api/sessions/{id}", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = SessionDetail)))]
pub async fn read(
    State(core): State<Shared>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<Json<SessionDetail>> {
    let row = visible(&core, &caller, id).await?;
    if row.staff_id != caller.staff.id {
        require_fresh(&core, &caller).await?;
    }
    // Without a session ID: looking at a session is not a part of it.
    let entry = Entry {
        kind: "session_viewed",
        staff: Some(caller.staff.id),
        person: Some(row.person_id.clone()),
        session: None,
        details: json!({ "session_id": id }),
    };
    core.store.write(Job { entries: vec![entry], ..Job::default() }).await?;
    Ok(Json(SessionDetail {
        session: shown(&core, &row).await?,
        actions: actions(&core, id).await?,
        milestones: milestones(&core, &row).await?,
        earlier_notes: earlier_notes(&core, id).await?,
        lifted: lifted(&core, id).await?,
        earlier_reviews: earlier_reviews(&core, id).await?,
    }))
}

/// All that was written but the last, which is the note as it stands.
async fn earlier_notes(core: &Core, id: Uuid) -> ApiResult<Vec<Note>> {
    let mut notes = Vec::new();
    for (row, details) in entries(core, id, &["note_written"]).await? {
        let text = |key: &str| details[key].as_str().unwrap_or_default().to_owned();
        notes.push(Note {
            what: text("what"),
            why: text("why"),
            solved: details["solved"].as_bool().unwrap_or(false),
            written_at: time(row.at),
            written_by: who(core, &details).await?,
        });
    }
    notes.pop();
    Ok(notes)
}

/// All that was written but the last, which is the review as it stands.
async fn earlier_reviews(core: &Core, id: Uuid) -> ApiResult<Vec<Review>> {
    let mut reviews = Vec::new();
    for (row, details) in entries(core, id, &["session_reviewed"]).await? {
        reviews.push(Review {
            // Where the details are erased, nothing looks better than it was.
            verdict: details["verdict"].as_str().and_then(named).unwrap_or(Verdict::Objected),
            text: details["text"].as_str().unwrap_or_default().to_owned(),
            by: who(core, &details).await?,
            at: time(row.at),
        });
    }
    reviews.pop();
    Ok(reviews)
}

async fn lifted(core: &Core, id: Uuid) -> ApiResult<Option<LiftedNote>> {
    let Some((row, details)) = entries(core, id, &["note_lifted"]).await?.pop() else { return Ok(None) };
    let reason = details["reason"].as_str().unwrap_or_default().to_owned();
    Ok(Some(LiftedNote { by: who(core, &details).await?, at: time(row.at), reason }))
}

/// Entries that are milestones, by their names there.
const MILESTONES: [&str; 13] = [
    "code_requested",
    "request_closed",
    "consent_asked",
    "consent_given",
    "consent_declined",
    "signed_in_late",
    "code_handed_over",
    "code_wrong",
    "code_verified",
    "session_started",
    "mode_raised",
    "session_extended",
    "session_ended",
];

async fn milestones(core: &Core, session: &impersonation::Model) -> ApiResult<Vec<Milestone>> {
    let mut milestones = Vec::new();
    for (row, details) in entries(core, session.id, &MILESTONES).await? {
        let Some(kind) = milestone(&row.kind, &details) else { continue };
        let by = match doer(&details) {
            Some(id) if id != session.staff_id => Some(staff::reference(core, id).await?),
            _ => None,
        };
        milestones.push(Milestone {
            entry: row.idx.unsigned_abs(),
            // What time has ended is written later.
            at: time(details["ended_at"].as_i64().unwrap_or(row.at)),
            kind,
            by,
            scope: details["scope"].as_str().and_then(named),
        });
    }
    Ok(milestones)
}

/// What an entry of this kind is called in a report. A session's own request never closes; one for changes does.
fn milestone(kind: &str, details: &Value) -> Option<MilestoneKind> {
    match kind {
        "code_requested" if !details["request"].is_null() => Some(MilestoneKind::RaiseRequested),
        "request_closed" if details["why"] == "raised" => None,
        "request_closed" => Some(MilestoneKind::RaiseClosed),
        kind => named(kind),
    }
}

async fn entries(core: &Core, id: Uuid, kinds: &[&str]) -> ApiResult<Vec<(Model, Value)>> {
    let rows = Entity::find()
        .filter(Column::SessionId.eq(id))
        .filter(Column::Kind.is_in(kinds.iter().copied()))
        .order_by_asc(Column::Idx)
        .all(&core.store.db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let details = said(&row);
            (row, details)
        })
        .collect())
}

/// Who did it; erased details do not say.
async fn who(core: &Core, details: &Value) -> ApiResult<StaffRef> {
    Ok(staff::reference(core, doer(details).unwrap_or_default()).await?)
}

pub fn doer(details: &Value) -> Option<Uuid> {
    details["staff_id"].as_str()?.parse().ok()
}

/// Erased details leave the fact that there was something.
pub fn said(row: &Model) -> Value {
    row.details.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Entries that say more of an action: `entry` in their details is its index.
const MORE_OF_ACTIONS: [&str; 3] = ["action_answered", "frame", "frame_refused"];

pub async fn actions(core: &Core, id: Uuid) -> ApiResult<Vec<Action>> {
    let rows = Entity::find()
        .filter(Column::SessionId.eq(id))
        .filter(Column::Kind.is_in(ACTION_KINDS.into_iter().chain(MORE_OF_ACTIONS)))
        .order_by_asc(Column::Idx)
        .all(&core.store.db)
        .await?;
    let mut actions: Vec<Action> = Vec::with_capacity(rows.len());
    for row in rows {
        let details = said(&row);
        if ACTION_KINDS.contains(&row.kind.as_str()) {
            actions.push(action(&row, &details));
            continue;
        }
        // Entries come in order, and so do the actions that are looked for.
        let of = details["entry"].as_u64().unwrap_or(u64::MAX);
        let Ok(place) = actions.binary_search_by_key(&of, |action| action.entry) else { continue };
        let action = &mut actions[place];
        let bytes = details["bytes"].as_u64().unwrap_or_default();
        match row.kind.as_str() {
            "frame" => {
                let frames = action.frames.get_or_insert_default();
                frames.sent = frames.sent.saturating_add(1);
                frames.sent_bytes = frames.sent_bytes.saturating_add(bytes);
                action.changes |= details["changes"].as_bool().unwrap_or(true);
            }
            "frame_refused" => {
                let frames = action.frames.get_or_insert_default();
                frames.refused = frames.refused.saturating_add(1);
                frames.refused_bytes = frames.refused_bytes.saturating_add(bytes);
            }
            _ => {
                action.status = details["status"].as_u64().and_then(|status| u16::try_from(status).ok());
                // What fails on the platform's side, or takes it too long, may have changed something all the same.
                let refused = |status: u16| (400..500).contains(&status) && status != 408;
                if action.changes && action.status.is_some_and(refused) {
                    action.changes = false;
                    action.refused = Some("platform".to_owned());
                }
                action.fields = texts(&details["fields"]);
                action.fields.retain(|name| !core.config.platform.unlisted_fields.contains(name));
            }
        }
    }
    for action in &mut actions {
        action.names = core.config.platform.names(&action.name);
    }
    Ok(actions)
}

fn action(row: &Model, details: &Value) -> Action {
    let text = |key: &str| details[key].as_str().unwrap_or_default().to_owned();
    let name = details["name"].as_str().unwrap_or_default();
    Action {
        entry: row.idx.unsigned_abs(),
        at: time(row.at),
        name: name.strip_prefix(TRIED).unwrap_or(name).to_owned(),
        names: BTreeMap::new(),
        method: text("method"),
        route: details["route"].as_str().map(str::to_owned),
        path: text("path"),
        parameters: texts(&details["parameters"]),
        fields: vec![],
        status: None,
        refused: details["refused"].as_str().map(str::to_owned),
        changes: details["refused"].is_null() && details["changes"].as_bool().unwrap_or(false),
        frames: None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use understudy_protocol::MilestoneKind;

    use super::{MILESTONES, milestone};

    #[test]
    fn every_milestone_has_its_kind() {
        for name in MILESTONES {
            assert!(milestone(name, &json!({})).is_some(), "{name}");
        }
    }

    #[test]
    fn what_was_asked_for_in_a_session_is_no_code_of_its_own() {
        let asked = json!({ "request": "0193" });
        assert_eq!(milestone("code_requested", &asked), Some(MilestoneKind::RaiseRequested));
        assert_eq!(milestone("code_requested", &json!({})), Some(MilestoneKind::CodeRequested));
        assert_eq!(milestone("request_closed", &json!({ "why": "raised" })), None, "mode_raised says so");
    }
}
