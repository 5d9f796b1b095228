//! Mails to people: that somebody is in their account, what they are asked, and the account of each session; and to
//! leads, where the person was not asked. Written in the transaction that gives rise to them; nobody on the staff's
//! side can leave one out.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    Statement,
    sea_query::{Expr, SimpleExpr},
};
use serde_json::json;
use understudy_rules::{MINUTE, Millis, impersonation::Event};
use uuid::Uuid;

use crate::{
    Core,
    config::PersonConfig,
    consent,
    delivery::{PATIENCE, PAUSES, TURN},
    error::{ApiError, ApiResult},
    exceptions,
    impersonations::{entry, step},
    language::Language,
    mail::{LetterMail, Text, letter_mail},
    person, staff,
    store::{
        Job, WriteError,
        entities::{
            consent as consents, delivery, impersonation,
            letter::{ActiveModel, Column, Entity, Model},
        },
        statement,
    },
};

const HOUR: Millis = 60 * MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    /// Somebody is in the account now, and the consent is only what staff say.
    Started,
    /// Changes are allowed from now on, in a session that began without.
    Raised,
    /// About one change; none where the request itself asks.
    Question(Option<Uuid>),
    Account,
    /// Somebody is in the account, or may change things there, and the person was not asked.
    Exception {
        raise: bool,
    },
    /// The same, to a lead.
    Lead,
}

/// The write that sends one.
pub fn insert(core: &Core, letter: Letter, session: Uuid, address: &str, at: Millis) -> Statement {
    let (kind, consent_id) = match letter {
        Letter::Started => ("started", None),
        Letter::Raised => ("raised", None),
        Letter::Question(id) => ("question", id),
        Letter::Account => ("account", None),
        Letter::Exception { raise: false } => ("exception", None),
        Letter::Exception { raise: true } => ("exception_raise", None),
        Letter::Lead => ("lead", None),
    };
    let row = ActiveModel {
        kind: Set(kind.to_owned()),
        session_id: Set(session),
        consent_id: Set(consent_id),
        address: Set(address.to_owned()),
        state: Set("sending".to_owned()),
        tries: Set(0),
        next_at: Set(at),
        ..Default::default()
    };
    statement(&Entity::insert(row), &core.store.db)
}

/// Questions, and codes to read out, that one person gets within an hour.
const MOST: usize = 5;

/// Refused where this person was asked by mail again and again. What is answered has to hold still when the next mail
/// is written.
pub async fn require_patience(core: &Core, address: &str) -> ApiResult<SimpleExpr> {
    let (db, hour_ago) = (&core.store.db, core.store.now().await? - HOUR);
    let questions = Entity::find()
        .filter(Column::Kind.eq("question"))
        .filter(Column::Address.eq(address))
        .filter(Column::State.ne("failed"))
        .filter(Column::NextAt.gt(hour_ago));
    let codes = delivery::Entity::find()
        .filter(delivery::Column::Address.eq(address))
        .filter(delivery::Column::State.ne("failed"))
        .filter(delivery::Column::NextAt.gt(hour_ago));
    let mut times: Vec<Millis> = questions.clone().all(db).await?.iter().map(|row| row.next_at).collect();
    let asked = times.len();
    times.extend(codes.all(db).await?.iter().map(|row| row.next_at));
    times.sort_unstable_by(|one, other| other.cmp(one));
    if let Some(at) = times.get(MOST - 1) {
        let detail = "This person was asked by e-mail several times in the last hour. Talk to them first.";
        return Err(ApiError::too_many(at - hour_ago, detail));
    }
    let count = questions.select_only().column_as(Column::Id.count(), "asked").into_query();
    Ok(Expr::SubQuery(None, Box::new(count.into())).eq(asked as i64))
}

/// Takes every letter whose time has come, unless another server has.
pub async fn take_due(core: &Core) -> ApiResult<Vec<Model>> {
    let now = core.store.now().await?;
    let due = Column::State.eq("sending").and(Column::NextAt.lte(now));
    let mut taken = Vec::new();
    for mut row in Entity::find().filter(due).all(&core.store.db).await? {
        let take = Entity::update_many()
            .col_expr(Column::NextAt, Expr::val(now + TURN))
            .filter(Column::Id.eq(row.id))
            .filter(Column::NextAt.eq(row.next_at));
        if take.exec(&core.store.db).await?.rows_affected == 1 {
            row.next_at = now + TURN;
            taken.push(row);
        }
    }
    Ok(taken)
}

pub async fn send(core: &Core, row: Model) -> ApiResult<()> {
    let Some(session) = impersonation::Entity::find_by_id(row.session_id).one(&core.store.db).await? else {
        return Ok(());
    };
    // What speaks of somebody who is in the account is false once they have left. That the person was not asked is said
    // also then: no session is too short for it.
    let wanted = match (row.kind.as_str(), row.consent_id) {
        ("account" | "exception" | "exception_raise" | "lead", _) => true,
        ("question", None) => session.state == "asked",
        _ => session.state == "live",
    };
    let sent = match text(core, &row, &session).await {
        _ if !wanted => Err("the session is over".to_owned()),
        Ok(text) => tokio::time::timeout(PATIENCE, core.mailer.send(&row.address, text))
            .await
            .unwrap_or_else(|_| Err("the mail server did not answer in time".to_owned())),
        Err(error) => Err(format!("it could not be written: {:?}", error.code())),
    };
    let now = core.store.now().await?;
    let again = wanted.then(|| PAUSES.get(row.tries.unsigned_abs() as usize)).flatten();
    let (state, next_at) = match (&sent, again) {
        (Ok(()), _) => ("sent", now),
        (Err(_), Some(pause)) => ("sending", now + pause),
        (Err(_), None) => ("failed", now),
    };
    if let Err(error) = &sent {
        tracing::warn!(session = %session.id, kind = row.kind, error, "a letter could not be sent");
    }
    let done = ActiveModel {
        state: Set(state.to_owned()),
        tries: Set(row.tries + 1),
        next_at: Set(next_at),
        ..Default::default()
    };
    let update = Entity::update_many()
        .set(done)
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq("sending"))
        // Whoever was so slow that the turn went to another server has nothing to say any more.
        .filter(Column::NextAt.eq(row.next_at));
    let kind = if sent.is_ok() { "letter_sent" } else { "letter_not_sent" };
    let details = json!({ "letter": row.kind, "try": row.tries + 1, "error": sent.err() });
    let entry = entry(&session, kind, details);
    let guards = vec![statement(&update, &core.store.db)];
    match core.store.write(Job { guards, entries: vec![entry], ..Job::default() }).await {
        Ok(_) | Err(WriteError::Conflict) => Ok(()),
        Err(error) => Err(ApiError::from(error)),
    }?;
    if state == "failed" && wanted && row.kind == "question" && row.consent_id.is_none() {
        step(core, session.id, |_| Ok(Event::DeliveryFailed), Default::default).await?;
    }
    Ok(())
}

/// Written as it is sent, with a link of its own: the link stands in the mail and nowhere else.
async fn text(core: &Core, row: &Model, session: &impersonation::Model) -> ApiResult<Text> {
    let staff = staff::reference(core, session.staff_id).await?.name;
    // The link is the person's: nobody else gets one.
    let link = match row.kind.as_str() {
        "lead" => None,
        _ => Some(person::link_in_mail(core, &session.person_id).await?),
    };
    let language = match row.kind.as_str() {
        "lead" => core.config.mail.language,
        _ => language_of(core, session),
    };
    let mut approvers = vec![];
    for id in exceptions::approvers(core, session).await? {
        approvers.push(staff::reference(core, id).await?.name);
    }
    let question = match row.consent_id {
        None if row.kind == "question" => Some(language.read(consent::wanted(core, session).await?)),
        None => None,
        Some(id) => {
            let row = consents::Entity::find_by_id(id).one(&core.store.db).await?;
            let row = row.ok_or_else(|| ApiError::not_found("question"))?;
            Some(language.read(consent::text(core, session, &staff, &row.scope)))
        }
    };
    let told = if row.kind == "question" && row.consent_id.is_none() {
        None
    } else {
        Some(person::told(core, session).await?)
    };
    Ok(letter_mail(&LetterMail {
        installation: &core.config.name,
        staff: &staff,
        person: &format!("{} ({})", session.person_name, session.person_id),
        approvers: &approvers.join(", "),
        session: told.as_ref(),
        kind: &row.kind,
        question: question.as_deref(),
        link: link.as_ref().map(|link| link.as_str()),
        minutes: core.config.session.minutes,
        longest: core.config.session.longest(),
        early: row.consent_id.is_some()
            && matches!(core.config.platform.person, Some(PersonConfig::Platform { .. })),
        language,
    }))
}

/// What the person of a session is written to in: their own where it is one of ours.
pub fn language_of(core: &Core, session: &impersonation::Model) -> Language {
    session.person_language.as_deref().and_then(Language::wanted).unwrap_or(core.config.mail.language)
}
