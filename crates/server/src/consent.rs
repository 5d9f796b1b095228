//! Consent to one sensitive change, at rest: asked on the stage, answered by the person, used up by the gateway in
//! the same write that records the change (invariant 9).

use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, Statement, sea_query::Expr,
};
use serde_json::json;
use understudy_protocol::{
    ConsentMeans, ConsentState, ConsentStatement, ErrorCode, Event as Told, Question, Said,
};
use understudy_rules::{
    Millis,
    consent::{Consent, Event, Scope},
};
use uuid::Uuid;

use crate::{
    Core,
    error::{ApiError, ApiResult},
    impersonations::{entry, name_of, named, still_live, write_while_live},
    letters::{self, Letter},
    staff,
    store::{
        Job, NewEvent,
        entities::{
            consent::{Column, Entity, Model},
            impersonation,
        },
        statement,
    },
};

/// Questions in one session: whoever asks more often is nagging.
const MOST: u64 = 10;

/// A row that cannot be read counts as declined: it opens nothing.
fn consent(row: &Model) -> Consent {
    let until = row.due_at;
    match row.state.as_str() {
        "asked" => Consent::Asked { until },
        "allowed" => Consent::Allowed { until },
        "lapsed" => Consent::Lapsed,
        "used" => Consent::Used,
        _ => Consent::Declined,
    }
}

/// The row in another state.
fn moved(row: &Model, next: Consent) -> Model {
    let (name, until) = match next {
        Consent::Asked { until } => ("asked", Some(until)),
        Consent::Allowed { until } => ("allowed", Some(until)),
        Consent::Declined => ("declined", None),
        Consent::Lapsed => ("lapsed", None),
        Consent::Used => ("used", None),
    };
    Model { state: name.to_owned(), due_at: until.unwrap_or(row.due_at), ..row.clone() }
}

/// The write that moves a row, if nobody has moved it first.
fn write(core: &Core, from: &Model, to: &Model) -> Statement {
    let update = Entity::update_many()
        .col_expr(Column::State, Expr::value(to.state.as_str()))
        .col_expr(Column::DueAt, Expr::value(to.due_at))
        .filter(Column::Id.eq(from.id))
        .filter(Column::State.eq(from.state.as_str()))
        .filter(Column::DueAt.eq(from.due_at));
    statement(&update, &core.store.db)
}

fn told(session: &impersonation::Model, question: Question) -> NewEvent {
    let event = Told::ConsentChanged { question };
    NewEvent { staff_id: session.staff_id, overseers: false, sign_in_id: Some(session.sign_in_id), event }
}

/// A row as apps and the person see it.
pub fn shown(row: &Model, now: Millis) -> Question {
    let (state, until) = match consent(row).settled(now) {
        Consent::Asked { until } => (ConsentState::Asked, until),
        Consent::Allowed { until } => (ConsentState::Allowed, until),
        Consent::Declined => (ConsentState::Declined, now),
        Consent::Lapsed => (ConsentState::Lapsed, now),
        Consent::Used => (ConsentState::Used, now),
    };
    Question {
        id: row.id,
        session_id: row.session_id,
        // A name that nobody knows any more was written by a newer server.
        scope: named(&row.scope).unwrap_or(understudy_protocol::Scope::SignIn),
        state,
        left_ms: (until - now).max(0).unsigned_abs(),
        signed_in_late: false,
    }
}

/// What a request asks of its person, word for word. The reason is somebody else's words, so it comes last.
pub async fn wanted(core: &Core, request: &impersonation::Model) -> ApiResult<Said> {
    let staff = staff::reference(core, request.staff_id).await?.name;
    let (name, session) = (&core.config.name, &core.config.session);
    let (minutes, longest) = (session.minutes, session.longest());
    let (en, fr) = if request.raises.is_some() {
        (
            format!(
                "{staff} of {name} is in your account to help you, and so far can change nothing. They ask to change \
                 things for you as well, until they leave. Do you allow this?"
            ),
            format!(
                "{staff} ({name}) est dans votre compte pour vous aider et ne peut rien y modifier pour l’instant. \
                 Cette personne demande à pouvoir aussi y faire des modifications, jusqu’à son départ. \
                 L’autorisez-vous ?"
            ),
        )
    } else {
        let (en, fr) = if request.mode == "view" {
            ("see what you see, and change nothing", "verrait ce que vous voyez, sans rien pouvoir modifier")
        } else {
            (
                "see what you see, and could change things for you",
                "verrait ce que vous voyez et pourrait faire des modifications pour vous",
            )
        };
        (
            format!(
                "{staff} of {name} asks to sign in to your account as you, to help you. They would {en}, for {minutes} \
                 minutes, or {longest} at most if it takes longer. You can end it at any time. Do you allow this?"
            ),
            format!(
                "{staff} ({name}) demande à se connecter à votre compte à votre place, pour vous aider. Cette personne \
                 {fr}, pendant {minutes} minutes, {longest} au plus si cela prend plus de temps. Vous pouvez y mettre \
                 fin à tout moment. L’autorisez-vous ?"
            ),
        )
    };
    Ok(with_reason(&en, &fr, &request.reason))
}

/// What the person answers about one change, word for word.
pub fn text(core: &Core, session: &impersonation::Model, staff: &str, scope: &str) -> Said {
    let (en, fr) = match named(scope) {
        Some(Scope::Password) => ("your password", "votre mot de passe"),
        Some(Scope::BankDetails) => ("your bank details", "vos coordonnées bancaires"),
        _ => ("how you sign in", "votre façon de vous connecter"),
    };
    let name = &core.config.name;
    let en = format!(
        "{staff} of {name} is in your account to help you and asks to change {en}. Do you allow this one change? Your \
         answer is good for one change within 10 minutes."
    );
    let fr = format!(
        "{staff} ({name}) est dans votre compte pour vous aider et demande à modifier {fr}. Autorisez-vous cette unique \
         modification ? Votre réponse vaut pour une modification, dans les 10 minutes."
    );
    // The reason is the session's: it says nothing about this change.
    Said {
        en: format!("{en} Why they came, in their own words: {}", session.reason),
        fr: format!("{fr} Le motif de leur venue, selon leurs propres mots : {}", session.reason),
    }
}

fn with_reason(en: &str, fr: &str, reason: &str) -> Said {
    Said {
        en: format!("{en} Why, in their own words: {reason}"),
        fr: format!("{fr} Pourquoi, selon leurs propres mots : {reason}"),
    }
}

/// What staff state as consent, to be read by the one who gave it too.
pub fn stated(ConsentStatement { given_by, means, reference }: &ConsentStatement) -> Said {
    let (en, fr) = match means {
        ConsentMeans::Phone => ("by phone", "par téléphone"),
        ConsentMeans::Chat => ("in a chat", "par messagerie"),
        ConsentMeans::Email => ("by e-mail", "par e-mail"),
        ConsentMeans::InPerson => ("in person", "en personne"),
    };
    Said {
        en: format!("given by {given_by} {en}; reference: {reference}"),
        fr: format!("donné par {given_by} {fr}\u{202f}; référence\u{a0}: {reference}"),
    }
}

async fn of_session(core: &Core, session: Uuid, scope: Scope) -> ApiResult<Vec<Model>> {
    let rows = Entity::find()
        .filter(Column::SessionId.eq(session))
        .filter(Column::Scope.eq(name_of(scope)))
        .order_by_desc(Column::AskedAt);
    Ok(rows.all(&core.store.db).await?)
}

/// Asks the person, by mail; answers with the open question where there is one.
pub async fn ask(core: &Core, session: &impersonation::Model, scope: Scope) -> ApiResult<Question> {
    let unable = |why| Err(ApiError::new(ErrorCode::ConsentUnavailable, why));
    if core.config.platform.person.is_none() {
        return unable("Nobody can be asked for consent here: the platform does not vouch for its people.");
    }
    let Some(address) = &session.person_email else {
        return unable("No e-mail address of this person is known, so they cannot be asked.");
    };
    if session.mode != "act" {
        return unable(
            "In this mode nothing can be changed, whoever agrees. Ask for a session with changes.",
        );
    }
    let now = core.store.now().await?;
    let open =
        |row: &&Model| matches!(consent(row).settled(now), Consent::Asked { .. } | Consent::Allowed { .. });
    if let Some(row) = of_session(core, session.id, scope).await?.iter().find(open) {
        return Ok(shown(row, now));
    }
    if Entity::find().filter(Column::SessionId.eq(session.id)).count(&core.store.db).await? >= MOST {
        let why = "The person has been asked many times in this session. Talk to them, and begin a new one.";
        return Err(ApiError::too_many(0, why));
    }
    let patient = letters::require_patience(core, address).await?;
    let asked = Consent::asked(now);
    let (id, scope) = (Uuid::now_v7(), name_of(scope));
    let row = Model { id, session_id: session.id, scope, asked_at: now, state: String::new(), due_at: now };
    let row = moved(&row, asked);
    let question = shown(&row, now);
    let insert = Entity::insert(row.clone().into_active_model().reset_all());
    let job = Job {
        guards: vec![
            statement(&still_live(session.id).filter(patient), &core.store.db),
            statement(&insert, &core.store.db),
            letters::insert(core, Letter::Question(Some(id)), session.id, address, now),
        ],
        entries: vec![entry(session, "consent_asked", json!({ "consent": id, "scope": row.scope }))],
        events: vec![told(session, question.clone())],
        ..Job::default()
    };
    write_while_live(core, session.id, job).await?;
    Ok(question)
}

/// The person answers; `text` is what they read.
pub async fn answer(
    core: &Core,
    session: &impersonation::Model,
    row: &Model,
    allow: bool,
    text: &str,
) -> ApiResult<Question> {
    let now = core.store.now().await?;
    let Some(next) = consent(row).apply(Event::Answered { allow }, now) else {
        return Err(ApiError::new(
            ErrorCode::ConsentUnavailable,
            "This question was answered already, or its time has run out. Nothing was changed.",
        ));
    };
    let kind = if allow { "consent_given" } else { "consent_declined" };
    let details = json!({ "consent": row.id, "scope": row.scope, "evidence": "page", "text": text });
    let after = moved(row, next);
    let question = shown(&after, now);
    let job = Job {
        guards: vec![write(core, row, &after)],
        entries: vec![entry(session, kind, details)],
        events: vec![told(session, question.clone())],
        ..Job::default()
    };
    write_while_live(core, session.id, job).await?;
    Ok(question)
}

/// Somebody came to answer from a sign-in that began while staff were in the account: whoever waits for a yes learns
/// that none can come from there.
pub async fn signed_in_late(core: &Core, person: &str) -> ApiResult<()> {
    let live = impersonation::Entity::find()
        .filter(impersonation::Column::PersonId.eq(person))
        .filter(impersonation::Column::State.eq("live"));
    let (Some(session), now) = (live.one(&core.store.db).await?, core.store.now().await?) else {
        return Ok(());
    };
    let rows = Entity::find().filter(Column::SessionId.eq(session.id)).all(&core.store.db).await?;
    for row in rows {
        let question = Question { signed_in_late: true, ..shown(&row, now) };
        if question.state == ConsentState::Asked {
            let details = json!({ "consent": row.id, "scope": row.scope });
            let job = Job {
                entries: vec![entry(&session, "signed_in_late", details)],
                events: vec![told(&session, question)],
                ..Job::default()
            };
            match write_while_live(core, session.id, job).await {
                // Nobody waits any more.
                Err(error) if error.code() == ErrorCode::SessionEnded => return Ok(()),
                written => written?,
            };
        }
    }
    Ok(())
}

/// A permission that is good now, and the guard that uses it up: of two writes at once one gets it.
pub async fn take(core: &Core, session: &impersonation::Model, scope: Scope) -> ApiResult<Option<Taken>> {
    let now = core.store.now().await?;
    for row in of_session(core, session.id, scope).await? {
        if let Some(next) = consent(&row).apply(Event::Changed, now) {
            let after = moved(&row, next);
            return Ok(Some(Taken {
                id: row.id,
                guard: write(core, &row, &after),
                event: told(session, shown(&after, now)),
            }));
        }
    }
    Ok(None)
}

pub struct Taken {
    pub id: Uuid,
    pub guard: Statement,
    pub event: NewEvent,
}
