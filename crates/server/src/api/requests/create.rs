//! "Request code".

use axum::{Json as Answer, extract::State, http::StatusCode};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _, QuerySelect as _,
    QueryTrait as _, UpdateMany, sea_query::Expr,
};
use serde_json::json;
use understudy_protocol::{
    Consent, ConsentStatement, ErrorCode, Event as Told, Exception, Mode, NewRequest, Person, Recipient,
    Request,
};
use understudy_rules::{
    Millis,
    code::Code,
    impersonation::{Event, Refusal, State as Machine},
    rate::{MEMORY, Rate},
    reason::in_one_line,
};
use uuid::Uuid;

use super::shown;
use crate::{
    Core, Shared,
    api::{checked_reason, extract::Json, sessions::note::require_written},
    auth::{Caller, Impersonator},
    delivery, eligibility,
    error::{ApiError, ApiResult},
    exceptions,
    impersonations::{name_of, set_state, state, step},
    keys::Secret,
    letters::{self, Letter},
    store::{
        ADMINS, Entry, Job, NewEvent, WriteError,
        entities::{impersonation, staff},
        statement,
    },
    switch,
};

/// Makes a request. Its code goes out by every configured channel, once the person has agreed and an administrator
/// has handed it over, where they have to. An older request of the same staff member ends.
#[utoipa::path(post, path = "/api/requests", security(("bearer" = [])), request_body = NewRequest,
    responses((status = 201, body = Request)))]
pub async fn create(
    State(core): State<Shared>,
    Impersonator(caller): Impersonator,
    Json(new): Json<NewRequest>,
) -> ApiResult<(StatusCode, Answer<Request>)> {
    let reason = checked_reason("reason", &new.reason)?;
    let ticket = optional("ticket", new.ticket.as_deref())?;
    let person = core.directory.find(&new.identifier).await?;
    let (mode, consent) = (new.mode, new.consent);
    let asked = Asked { person, mode, reason, ticket, consent, raises: None, resumes: None };
    place(&core, &caller, asked).await
}

/// How often a request is written anew that something else came before: a delivery, or another request.
const TRIES: usize = 3;

/// What is asked for.
pub struct Asked {
    pub person: Person,
    pub mode: Mode,
    pub reason: String,
    pub ticket: Option<String>,
    pub consent: Consent,
    /// The session that is to allow changes; none for a session of its own.
    pub raises: Option<Uuid>,
    /// The session whose consent it goes on with, and until when that is good.
    pub resumes: Option<(Uuid, Millis)>,
}

/// The person of a session, as the directory knows them now, with the address that they had before anybody was in
/// their account.
pub async fn person_of(core: &Core, session: &impersonation::Model) -> ApiResult<Person> {
    let person = core.directory.find(&session.person_id).await?;
    let email = session.person_email.clone().unwrap_or(person.email);
    Ok(Person { email, ..person })
}

/// Checks it and writes it down.
pub async fn place(
    core: &Core,
    caller: &Caller,
    mut asked: Asked,
) -> ApiResult<(StatusCode, Answer<Request>)> {
    switch::require_on(core).await?;
    let recipient = match asked.consent {
        // A second administrator agrees, whatever the rules say of other requests.
        Consent::Exception(_) => Recipient::Approver,
        _ => core.config.code.recipient_of(&caller.staff.roles, asked.mode),
    };
    if asked.resumes.is_none() {
        asked.consent = check_consent(core, caller, &asked, recipient).await?;
    }
    eligibility::require(core, caller, &asked.person.id, &asked.person.kind).await?;
    for _ in 0..TRIES {
        if let Some(id) = write(core, caller, &asked, recipient).await? {
            let row = impersonation::Entity::find_by_id(id).one(&core.store.db).await?;
            let row = row.ok_or_else(|| ApiError::not_found("request"))?;
            return Ok((StatusCode::CREATED, Answer(shown(core, &row).await?)));
        }
    }
    Err(ApiError::too_many(1_000, "You asked for another code at the same moment. Try again."))
}

/// Checks what may change at any moment, and writes the request if it still holds then; none where it does not.
async fn write(core: &Core, caller: &Caller, asked: &Asked, recipient: Recipient) -> ApiResult<Option<Uuid>> {
    let Asked { person, mode, reason, ticket, consent, raises, resumes } = asked;
    let (resumes, consent_until) = resumes.unzip();
    let nothing_owed = require_written(core, caller, resumes).await?;
    let mut still = check_rate(core, caller).await?.filter(nothing_owed).filter(switch::still_on());
    if *consent == Consent::Code || (*consent == Consent::Page && resumes.is_none()) {
        still = still.filter(letters::require_patience(core, &person.email).await?);
    }
    replace_open(core, caller, *raises).await?;

    let db = &core.store.db;
    let (id, now) = (Uuid::now_v7(), core.store.now().await?);
    let limits = core.config.limits();
    let machine = match (consent, recipient) {
        (Consent::Page, _) if resumes.is_none() => Machine::asked(now, &limits),
        (_, Recipient::Approver) => Machine::pending(now, &limits),
        _ => Machine::requested(now, &limits),
    };
    let mut row = impersonation::ActiveModel {
        id: Set(id),
        version: Set(0),
        staff_id: Set(caller.staff.id),
        sign_in_id: Set(caller.sign_in_id),
        person_id: Set(person.id.clone()),
        person_kind: Set(person.kind.clone()),
        person_name: Set(person.name.clone()),
        person_email: Set(Some(person.email.clone())),
        person_language: Set(person.language.clone()),
        reason: Set(reason.clone()),
        ticket: Set(ticket.clone()),
        mode: Set(name_of(mode)),
        consent: Set(serde_json::to_string(consent).map_err(|error| ApiError::internal(&error))?),
        created_at: Set(now),
        tries_left: Set(core.config.code.tries.into()),
        recipient: Set(Some(name_of(recipient))),
        // A question is a delivery, too: it counts towards the rate.
        delivered_at: Set(matches!(machine, Machine::Asked { .. }).then_some(now)),
        raises: Set(*raises),
        resumes: Set(resumes),
        consent_until: Set(consent_until),
        open_raise: Set(*raises),
        open_staff: Set(raises.is_none().then_some(caller.staff.id)),
        ..Default::default()
    };
    set_state(&mut row, machine);
    let told = |staff_id, event| NewEvent { staff_id, overseers: false, sign_in_id: None, event };
    let mut events = vec![told(caller.staff.id, Told::RequestChanged { request_id: id })];
    let effects = match machine {
        Machine::Asked { .. } => vec![letters::insert(core, Letter::Question(None), id, &person.email, now)],
        Machine::Pending { .. } => {
            events.push(told(ADMINS, Told::ApprovalAsked { request_id: id }));
            vec![]
        }
        _ => {
            put_code(core, id, &mut row);
            match recipient {
                Recipient::Person => delivery::to_person(core, id, &person.email).await?,
                _ => delivery::to_requester(core, id, caller.staff.id).await?,
            }
        }
    };
    let mut details = json!({
        "reason": reason,
        "ticket": ticket,
        "mode": mode,
        "consent": consent,
        "recipient": recipient,
    });
    if raises.is_some() {
        details["request"] = json!(id);
    }
    if resumes.is_some() {
        details["resumes"] = json!(resumes);
    }
    let job = Job {
        guards: vec![statement(&still, db), statement(&impersonation::Entity::insert(row), db)],
        effects,
        entries: vec![Entry {
            kind: "code_requested",
            staff: Some(caller.staff.id),
            person: Some(person.id.clone()),
            session: Some(raises.unwrap_or(id)),
            details,
        }],
        events,
    };
    match core.store.write(job).await {
        Ok(_) => Ok(Some(id)),
        Err(WriteError::Exists(_) | WriteError::Conflict) => {
            switch::require_on(core).await?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a code for a request and puts it into its row.
pub fn put_code(core: &Core, request: Uuid, row: &mut impersonation::ActiveModel) {
    let code = Code::random(rand::random);
    row.code_mac = Set(Some(code_mac(core, request, &code)));
    row.code_sealed = Set(Some(core.keys.seal(&format!("code/{request}"), &code.shown())));
}

/// The stored form of a code: worth nothing for another request.
pub fn code_mac(core: &Core, request: Uuid, code: &Code) -> Vec<u8> {
    core.keys.mac(Secret::Code, &[request.as_bytes().as_slice(), code.as_bytes()].concat())
}

fn optional(field: &str, text: Option<&str>) -> ApiResult<Option<String>> {
    let text = text.map(in_one_line).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.chars().count() > 100) {
        return Err(ApiError::invalid(field, "At most 100 characters."));
    }
    Ok(text)
}

/// Whether the evidence is one that can be had here, and says what it must.
async fn check_consent(
    core: &Core,
    caller: &Caller,
    asked: &Asked,
    recipient: Recipient,
) -> ApiResult<Consent> {
    let not_here = |detail: &str| Err(ApiError::invalid("consent", detail));
    match (&asked.consent, recipient) {
        (Consent::Exception(exception), _) => {
            let exception = check_exception(core, exception)?;
            exceptions::require_reviewed(core, caller).await?;
            Ok(Consent::Exception(exception))
        }
        (Consent::Code, Recipient::Person) => Ok(Consent::Code),
        (_, Recipient::Person) => {
            not_here("Here the person gets the code, and reads it to you: that is their consent.")
        }
        (Consent::Code, _) => {
            not_here("Here the code does not go to the person, so it says nothing of their consent.")
        }
        (Consent::Statement(statement), _) => Ok(Consent::Statement(check_statement(statement)?)),
        (Consent::Page, _) if core.config.platform.person.is_none() => {
            not_here("Nobody can be asked by e-mail here: the platform does not vouch for its people.")
        }
        (Consent::Page, _) => Ok(Consent::Page),
    }
}

fn check_exception(core: &Core, exception: &Exception) -> ApiResult<Exception> {
    let categories = &core.config.exception.categories;
    if !categories.contains(&exception.category) {
        let detail = match categories.as_slice() {
            [] => "This installation knows no exceptional cases.".to_owned(),
            known => {
                format!("Choose one of the exceptional cases of this installation: {}.", known.join(", "))
            }
        };
        return Err(ApiError::invalid("consent.category", detail));
    }
    let reason = checked_reason("consent.reason", &exception.reason)?;
    Ok(Exception { category: exception.category.clone(), reason })
}

fn check_statement(consent: &ConsentStatement) -> ApiResult<ConsentStatement> {
    let needed = |field: &str, text: &str, what: &str| {
        optional(field, Some(text))?.ok_or_else(|| ApiError::invalid(field, what))
    };
    let (who, place) =
        ("Say who gave their consent.", "Say where the consent can be looked up: a ticket, a recorded call.");
    let given_by = needed("consent.given_by", &consent.given_by, who)?;
    let reference = needed("consent.reference", &consent.reference, place)?;
    // A dot is nobody, and can be looked up nowhere.
    if given_by.chars().filter(|c| c.is_alphabetic()).count() < 2 {
        return Err(ApiError::invalid("consent.given_by", who));
    }
    if reference.chars().filter(|c| c.is_alphanumeric()).count() < 3 {
        return Err(ApiError::invalid("consent.reference", place));
    }
    Ok(ConsentStatement { given_by, means: consent.means, reference })
}

/// Requests at most, for each code that may be delivered: what is replaced before it is on its way, or cannot
/// be delivered, counts for itself.
const UNDELIVERED: u32 = 10;

/// Whether the caller may have another code. What is answered has to hold still when the request is written.
async fn check_rate(core: &Core, caller: &Caller) -> ApiResult<UpdateMany<staff::Entity>> {
    let now = core.store.now().await?;
    let recent = |column: impersonation::Column| {
        impersonation::Entity::find()
            .select_only()
            .filter(impersonation::Column::StaffId.eq(caller.staff.id))
            .filter(column.gt(now - MEMORY))
    };
    let times = async |column| -> ApiResult<Vec<Millis>> {
        let times: Vec<Option<Millis>> =
            recent(column).column(column).into_tuple().all(&core.store.db).await?;
        Ok(times.into_iter().flatten().collect())
    };
    let delivered = times(impersonation::Column::DeliveredAt).await?;
    let requested = times(impersonation::Column::CreatedAt).await?;
    let rate = core.config.rate();
    let requests = Rate {
        burst: rate.burst * UNDELIVERED,
        every: rate.every / Millis::from(UNDELIVERED),
        per_hour: rate.per_hour * UNDELIVERED,
    };
    rate.check(&delivered, now).and(requests.check(&requested, now)).map_err(|wait| {
        let seconds = (wait + 999) / 1_000;
        ApiError::too_many(
            wait,
            format!("You have asked for many codes. Wait {seconds} seconds, then request the next."),
        )
    })?;
    let count = recent(impersonation::Column::DeliveredAt)
        .column_as(impersonation::Column::Id.count(), "delivered")
        .into_query();
    Ok(staff::Entity::update_many()
        .col_expr(staff::Column::Id, Expr::col(staff::Column::Id))
        .filter(staff::Column::Id.eq(caller.staff.id))
        .filter(Expr::SubQuery(None, Box::new(count.into())).eq(delivered.len() as i64)))
}

/// Ends what the caller has open of this kind; a live session stays and refuses a request for another.
async fn replace_open(core: &Core, caller: &Caller, raises: Option<Uuid>) -> ApiResult<()> {
    let open = match raises {
        Some(session) => impersonation::Column::OpenRaise.eq(session),
        None => impersonation::Column::OpenStaff.eq(caller.staff.id),
    };
    let Some(row) = impersonation::Entity::find().filter(open).one(&core.store.db).await? else {
        return Ok(());
    };
    // A session whose time has run out is no session, also before the sweeper has been there.
    let settled = state(&row).settled(core.store.now().await?);
    let event = if settled.is_live() || !settled.is_open() { Event::TimePassed } else { Event::Replaced };
    let done = step(core, row.id, |_| Ok(event), Default::default).await?;
    match done.result {
        _ if state(&done.row).is_live() => Err(ApiError::new(
            ErrorCode::AlreadyImpersonating,
            format!(
                "You are signed in as {}. Exit impersonation before you request another code.",
                row.person_name
            ),
        )),
        Ok(()) | Err(Refusal::Closed(_) | Refusal::Ended(_)) => Ok(()),
        Err(refusal) => Err(refusal.into()),
    }
}
