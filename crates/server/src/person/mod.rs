//! The person's side: a page of what was done in their account, of what runs, and of what they are asked.
//!
//! Whoever holds a link from a mail may look, and may end a session. An answer counts only from somebody whom the
//! platform vouches for, by a sign-in that did not begin while they were being impersonated (invariant 8).

mod api;
mod page;
mod vouching;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
};
use understudy_protocol::{
    Action, Consent, ConsentState, Counted, ErrorCode, PersonPage, PersonQuestion, PersonSession, Said,
};
use understudy_rules::{Millis, impersonation::State};
use url::Url;

use crate::{
    Core,
    api::sessions::read::actions,
    clock::time,
    config::PersonConfig,
    consent,
    error::{ApiError, ApiResult},
    exceptions,
    impersonations::{self, OPEN, name_of, named, state},
    keys::{Keys, Secret},
    staff,
    store::entities::{
        consent as consents, impersonation,
        person_link::{ActiveModel, Column, Entity, Model},
    },
};
pub use api::routes;
pub use page::router;
pub use vouching::Vouching;

const DAY: Millis = 24 * 60 * understudy_rules::MINUTE;
/// How long the page stays open for whom the platform has vouched for.
const VOUCHED: Millis = 15 * understudy_rules::MINUTE;
/// Sessions on the page.
const MOST: u64 = 50;

/// Makes a link; only its hash is kept.
async fn link(core: &Core, person: &str, good_for: Millis, auth_time: Option<Millis>) -> ApiResult<String> {
    let (secret, now) = (Keys::new_secret(), core.store.now().await?);
    let row = ActiveModel {
        mac: Set(core.keys.mac(Secret::PersonLink, secret.as_bytes())),
        person_id: Set(person.to_owned()),
        expires_at: Set(now + good_for),
        auth_time: Set(auth_time),
    };
    let db = &core.store.db;
    Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(db).await?;
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(secret)
}

/// The address for a mail. The secret stands in the fragment, which no browser sends and no log holds.
pub async fn link_in_mail(core: &Core, person: &str) -> ApiResult<Url> {
    let days = Millis::from(core.config.account.link_days);
    let mut url = core.config.api.origin.clone();
    url.set_path("/person");
    url.set_fragment(Some(&link(core, person, days * DAY, None).await?));
    Ok(url)
}

async fn holder(core: &Core, link: &str) -> ApiResult<Model> {
    let mac = core.keys.mac(Secret::PersonLink, link.as_bytes());
    let (row, now) = (Entity::find_by_id(mac).one(&core.store.db).await?, core.store.now().await?);
    row.filter(|row| row.expires_at > now).ok_or_else(|| {
        ApiError::new(
            ErrorCode::NotFound,
            "This link is no longer good. Use the one in the newest mail, or the page in your account.",
        )
    })
}

/// Whether an answer from here counts, as things stand now.
async fn may_answer(core: &Core, link: &Model) -> ApiResult<bool> {
    match (&core.config.platform.person, link.auth_time) {
        (None, _) | (Some(PersonConfig::Platform { .. }), None) => Ok(false),
        (Some(PersonConfig::Mailbox), _) => Ok(true),
        (Some(PersonConfig::Platform { .. }), Some(auth_time)) => {
            Ok(!impersonated_at(core, &link.person_id, auth_time).await?)
        }
    }
}

/// Whether somebody was signed in as this person then.
async fn impersonated_at(core: &Core, person: &str, at: Millis) -> ApiResult<bool> {
    use impersonation::Column;
    let rows = impersonation::Entity::find()
        .filter(Column::PersonId.eq(person))
        // Clocks differ, and assertions have whole seconds.
        .filter(Column::StartedAt.lte(at + vouching::LEEWAY))
        .filter(Column::EndedAt.is_null().or(Column::EndedAt.gte(at - vouching::LEEWAY)));
    Ok(rows.one(&core.store.db).await?.is_some())
}

async fn shown(core: &Core, link: String, row: &Model) -> ApiResult<PersonPage> {
    use impersonation::Column;
    let db = &core.store.db;
    let now = core.store.now().await?;
    let rows = impersonation::Entity::find()
        .filter(Column::PersonId.eq(&row.person_id))
        .filter(Column::StartedAt.is_not_null())
        .order_by_desc(Column::StartedAt);
    let rows = sea_orm::QuerySelect::limit(rows, MOST).all(db).await?;
    let mut sessions = vec![];
    let mut questions = requested(core, &row.person_id, now).await?;
    for session in &rows {
        sessions.push(told(core, session).await?);
        if session.state != "live" {
            continue;
        }
        let staff = staff::reference(core, session.staff_id).await?.name;
        let asked = consents::Entity::find().filter(consents::Column::SessionId.eq(session.id));
        for asked in asked.all(db).await? {
            let question = consent::shown(&asked, now);
            if matches!(question.state, ConsentState::Asked | ConsentState::Allowed) {
                questions.push(PersonQuestion {
                    id: question.id,
                    state: question.state,
                    text: consent::text(core, session, &staff, &asked.scope),
                });
            }
        }
    }
    let may_answer = may_answer(core, row).await?;
    let signed_in_late = !may_answer && row.auth_time.is_some();
    let answer_at = match &core.config.platform.person {
        Some(PersonConfig::Platform { page, .. }) if !may_answer && !signed_in_late => Some(page.to_string()),
        _ => None,
    };
    Ok(PersonPage {
        installation: core.config.name.clone(),
        link,
        may_answer,
        answer_at,
        signed_in_late,
        questions,
        sessions,
    })
}

/// What requests ask: to be let in, or for more.
async fn requested(core: &Core, person: &str, now: Millis) -> ApiResult<Vec<PersonQuestion>> {
    use impersonation::Column;
    let open = impersonation::Entity::find()
        .filter(Column::PersonId.eq(person))
        .filter(Column::State.is_in(OPEN))
        .order_by_desc(Column::CreatedAt);
    let mut questions = vec![];
    for row in open.all(&core.store.db).await?.iter().filter(|row| asks_its_person(row)) {
        let state = match state(row).settled(now) {
            State::Asked { .. } => ConsentState::Asked,
            State::Live { .. } | State::Closed { .. } | State::Ended { .. } => continue,
            // A yes can be taken back until it is used.
            _ => ConsentState::Allowed,
        };
        questions.push(PersonQuestion { id: row.id, state, text: consent::wanted(core, row).await? });
    }
    Ok(questions)
}

/// Whether the person answers for this request on their page.
fn asks_its_person(row: &impersonation::Model) -> bool {
    matches!(impersonations::consent(row), Ok(Consent::Page))
}

/// A session as its person is told of it.
pub async fn told(core: &Core, row: &impersonation::Model) -> ApiResult<PersonSession> {
    let unreadable = || ApiError::internal(&format!("session {} cannot be read", row.id));
    let (started_at, ended) = match state(row).settled(core.store.now().await?) {
        State::Live { started_at, .. } => (started_at, None),
        State::Ended { started_at, at, cause, .. } => (started_at, Some((at, cause))),
        _ => return Err(unreadable()),
    };
    let (mut viewed, mut changed, mut refused) = (vec![], vec![], vec![]);
    for action in actions(core, row.id).await? {
        let list = match (action.refused.is_some(), action.changes) {
            (true, _) => &mut refused,
            (false, true) => &mut changed,
            (false, false) => &mut viewed,
        };
        count(list, action);
    }
    let raise = match row.raised_by {
        Some(id) => impersonation::Entity::find_by_id(id).one(&core.store.db).await?,
        None => None,
    };
    Ok(PersonSession {
        id: row.id,
        staff: staff::reference(core, row.staff_id).await?.name,
        reason: row.reason.clone(),
        ticket: row.ticket.clone(),
        mode: named(&row.mode).ok_or_else(unreadable)?,
        changes_since: raise.as_ref().and_then(|raise| raise.ended_at).map(time),
        changes_reason: raise.as_ref().map(|raise| raise.reason.clone()),
        statements: std::iter::once(row).chain(&raise).filter_map(stated).collect(),
        exceptions: std::iter::once(row).chain(&raise).filter_map(exceptions::of).collect(),
        started_at: time(started_at),
        ended_at: ended.map(|(at, _)| time(at)),
        end_cause: ended.and_then(|(_, cause)| named(&name_of(cause))),
        viewed,
        changed,
        refused,
    })
}

/// What the request rests on, where staff state it.
fn stated(row: &impersonation::Model) -> Option<Said> {
    match impersonations::consent(row) {
        Ok(Consent::Statement(statement)) => Some(consent::stated(&statement)),
        _ => None,
    }
}

fn count(list: &mut Vec<Counted>, Action { name, names, .. }: Action) {
    match list.iter_mut().find(|counted| counted.name == name) {
        Some(counted) => counted.times = counted.times.saturating_add(1),
        None => list.push(Counted { name, names, times: 1 }),
    }
}
