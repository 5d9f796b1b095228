//! The second factor: TOTP (RFC 6238) of an authenticator app, and recovery codes in its place. Whoever starts a
//! session, or opens what was done in somebody else's, has shown it to this sign-in not long ago.

use axum::{Json as Answer, extract::State};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, Statement, sea_query::OnConflict,
};
use totp_rs::{Builder, Totp};
use understudy_protocol::{Enrol, Enrolment, ErrorCode, RecoveryCodes, SecondFactor, ShowFactor};
use understudy_rules::{MINUTE, Millis, SECOND, code::Code};
use uuid::Uuid;

use super::{attempts::Attempt, extract::Json};
use crate::{
    Core, Shared,
    auth::Caller,
    error::{ApiError, ApiResult},
    keys::Secret,
    staff::entry,
    store::{
        Job, WriteError,
        entities::{
            recovery_code,
            second_factor::{ActiveModel, Column, Entity, Model},
            sign_in, staff,
        },
        statement,
    },
};

const RECOVERY_CODES: usize = 10;

/// How the caller's second factor stands.
#[utoipa::path(get, path = "/api/second-factor", security(("bearer" = [])), responses((status = 200, body = SecondFactor)))]
pub async fn read(State(core): State<Shared>, caller: Caller) -> ApiResult<Answer<SecondFactor>> {
    shown(&core, &caller).await
}

/// Makes a new secret. It takes the place of the old one once a code of it has been confirmed.
#[utoipa::path(post, path = "/api/second-factor/enrol", security(("bearer" = [])), request_body = Enrol,
    responses((status = 200, body = Enrolment)))]
pub async fn enrol(
    State(core): State<Shared>,
    caller: Caller,
    Json(given): Json<Enrol>,
) -> ApiResult<Answer<Enrolment>> {
    let db = &core.store.db;
    if find(&core, caller.staff.id).await?.is_some_and(|row| row.secret.is_some()) {
        require_fresh(&core, &caller).await?;
    }
    let attempt = Attempt::begin(
        &core,
        &format!("enrol/{}", caller.staff.id),
        "Too many wrong passwords. Wait five minutes, then try again.",
    )
    .await?;
    let hash = staff::Entity::find_by_id(caller.staff.id).one(db).await?.map(|staff| staff.password_hash);
    if !core.passwords.verify(given.password.into(), hash).await {
        core.store
            .write(Job { entries: vec![entry("second_factor_refused", caller.staff.id)], ..Job::default() })
            .await?;
        return Err(ApiError::invalid("password", "That is not your password. Check it and try again."));
    }
    attempt.forget(&core).await?;
    let secret = totp_rs::Secret::generate();
    let url = totp(&secret.to_base32(), Some((&core.config.name, &caller.staff.email)))?
        .to_url()
        .map_err(|error| ApiError::internal(&error))?;
    let row = ActiveModel {
        staff_id: Set(caller.staff.id),
        secret: Set(None),
        pending: Set(Some(core.keys.seal(&place(caller.staff.id), &secret.to_base32()))),
        last_step: Set(0),
    };
    let keep = OnConflict::column(Column::StaffId).update_column(Column::Pending).to_owned();
    Entity::insert(row).on_conflict(keep).exec_without_returning(db).await?;
    Ok(Answer(Enrolment { secret: secret.to_base32(), url }))
}

/// The first code of a new secret: from now on it counts. Answers with recovery codes, this once.
#[utoipa::path(post, path = "/api/second-factor/confirm", security(("bearer" = [])), request_body = ShowFactor,
    responses((status = 200, body = RecoveryCodes)))]
pub async fn confirm(
    State(core): State<Shared>,
    caller: Caller,
    Json(given): Json<ShowFactor>,
) -> ApiResult<Answer<RecoveryCodes>> {
    let (db, now) = (&core.store.db, core.store.now().await?);
    let row = find(&core, caller.staff.id).await?;
    if row.as_ref().is_some_and(|row| row.secret.is_some()) {
        require_fresh(&core, &caller).await?;
    }
    let Some(pending) = row.and_then(|row| row.pending) else {
        return Err(ApiError::new(
            ErrorCode::NotFound,
            "There is nothing to confirm. Begin again with the QR code.",
        ));
    };
    let attempt = begin(&core, &caller).await?;
    let Some(step) = step_of(&core, &caller, &pending, &given.code, now)? else {
        return Err(wrong(&core, &caller).await?);
    };
    let codes: Vec<Code> =
        std::iter::repeat_with(|| Code::random(rand::random)).take(RECOVERY_CODES).collect();
    let take = Entity::update_many()
        .set(ActiveModel {
            secret: Set(Some(pending.clone())),
            pending: Set(None),
            last_step: Set(step),
            ..Default::default()
        })
        .filter(Column::StaffId.eq(caller.staff.id))
        .filter(Column::Pending.eq(pending));
    let forget =
        recovery_code::Entity::delete_many().filter(recovery_code::Column::StaffId.eq(caller.staff.id));
    let rows = codes.iter().map(|code| recovery_code::ActiveModel {
        mac: Set(recovery_mac(&core, caller.staff.id, code)),
        staff_id: Set(caller.staff.id),
    });
    // Whoever showed the old one elsewhere has to show the new one.
    let stale = sign_in::Entity::update_many()
        .set(sign_in::ActiveModel { second_factor_at: Set(None), ..Default::default() })
        .filter(sign_in::Column::StaffId.eq(caller.staff.id))
        .filter(sign_in::Column::Id.ne(caller.sign_in_id));
    let job = Job {
        guards: vec![statement(&take, db), freshen(&core, &caller, now)],
        effects: vec![
            statement(&stale, db),
            statement(&forget, db),
            statement(&recovery_code::Entity::insert_many(rows), db),
        ],
        entries: vec![entry("second_factor_set_up", caller.staff.id)],
        events: vec![],
    };
    if !written(&core, job).await? {
        return Err(wrong(&core, &caller).await?);
    }
    attempt.forget(&core).await?;
    Ok(Answer(RecoveryCodes { codes: codes.iter().map(Code::shown).collect() }))
}

/// Shows the second factor to this sign-in: six digits, or a recovery code. Both are good once.
#[utoipa::path(post, path = "/api/second-factor/verify", security(("bearer" = [])), request_body = ShowFactor,
    responses((status = 200, body = SecondFactor)))]
pub async fn verify(
    State(core): State<Shared>,
    caller: Caller,
    Json(given): Json<ShowFactor>,
) -> ApiResult<Answer<SecondFactor>> {
    let (db, now) = (&core.store.db, core.store.now().await?);
    let Some(secret) = find(&core, caller.staff.id).await?.and_then(|row| row.secret) else {
        return Err(needed("Set up your authenticator app first."));
    };
    let attempt = begin(&core, &caller).await?;
    let used_up = if let Some(code) = Code::parse(&given.code) {
        let mac = recovery_mac(&core, caller.staff.id, &code);
        let use_up = recovery_code::Entity::delete_many().filter(recovery_code::Column::Mac.eq(mac));
        Some((statement(&use_up, db), "recovery_code_used"))
    } else {
        step_of(&core, &caller, &secret, &given.code, now)?.map(|step| {
            // None up to it is taken again, whoever read it over somebody's shoulder.
            let use_up = Entity::update_many()
                .set(ActiveModel { last_step: Set(step), ..Default::default() })
                .filter(Column::StaffId.eq(caller.staff.id))
                .filter(Column::LastStep.lt(step));
            (statement(&use_up, db), "second_factor_shown")
        })
    };
    let Some((use_up, kind)) = used_up else { return Err(wrong(&core, &caller).await?) };
    let job = Job {
        guards: vec![use_up, freshen(&core, &caller, now)],
        entries: vec![entry(kind, caller.staff.id)],
        ..Job::default()
    };
    if !written(&core, job).await? {
        return Err(wrong(&core, &caller).await?);
    }
    attempt.forget(&core).await?;
    shown(&core, &caller).await
}

/// Refused where this sign-in has not shown its second factor for too long.
pub async fn require_fresh(core: &Core, caller: &Caller) -> ApiResult<()> {
    if shown(core, caller).await?.fresh_for_ms > 0 {
        return Ok(());
    }
    Err(needed("Enter the code of your authenticator app first."))
}

/// How long it counts for what takes it shown for that very thing.
const JUST_NOW: Millis = 2 * MINUTE;

/// Refused where this sign-in has not just shown its second factor, and after `at`.
pub async fn require_just_shown(core: &Core, caller: &Caller, at: Millis) -> ApiResult<()> {
    let at = at.max(core.store.now().await? - JUST_NOW);
    let sign_in = sign_in::Entity::find_by_id(caller.sign_in_id).one(&core.store.db).await?;
    let shown_at = sign_in.and_then(|row| row.second_factor_at);
    if shown_at.is_some_and(|shown_at| shown_at > at) {
        return Ok(());
    }
    Err(needed("Enter the code of your authenticator app first."))
}

fn needed(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::SecondFactorNeeded, detail)
}

async fn find(core: &Core, staff_id: Uuid) -> ApiResult<Option<Model>> {
    Ok(Entity::find_by_id(staff_id).one(&core.store.db).await?)
}

async fn shown(core: &Core, caller: &Caller) -> ApiResult<Answer<SecondFactor>> {
    let set_up = find(core, caller.staff.id).await?.is_some_and(|row| row.secret.is_some());
    let sign_in = sign_in::Entity::find_by_id(caller.sign_in_id).one(&core.store.db).await?;
    let fresh_until = sign_in
        .and_then(|row| row.second_factor_at)
        .map_or(0, |at| at + Millis::from(core.config.second_factor.minutes) * MINUTE);
    let left = if set_up { (fresh_until - core.store.now().await?).max(0) } else { 0 };
    Ok(Answer(SecondFactor { set_up, fresh_for_ms: left.unsigned_abs() }))
}

async fn begin(core: &Core, caller: &Caller) -> ApiResult<Attempt> {
    let detail = "Too many wrong codes. Wait five minutes, then try again.";
    Attempt::begin(core, &format!("second-factor/{}", caller.staff.id), detail).await
}

async fn wrong(core: &Core, caller: &Caller) -> ApiResult<ApiError> {
    let failed = entry("second_factor_refused", caller.staff.id);
    core.store.write(Job { entries: vec![failed], ..Job::default() }).await?;
    Ok(ApiError::new(
        ErrorCode::WrongSecondFactor,
        "That code is not right. Enter the one that your authenticator app shows now: each works once.",
    ))
}

/// False where somebody else was faster.
async fn written(core: &Core, job: Job) -> ApiResult<bool> {
    match core.store.write(job).await {
        Ok(_) => Ok(true),
        Err(WriteError::Conflict) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn freshen(core: &Core, caller: &Caller, now: Millis) -> Statement {
    let update = sign_in::Entity::update_many()
        .set(sign_in::ActiveModel { second_factor_at: Set(Some(now)), ..Default::default() })
        .filter(sign_in::Column::Id.eq(caller.sign_in_id))
        .filter(sign_in::Column::EndedAt.is_null());
    statement(&update, &core.store.db)
}

/// The time step whose code this is, now or one step before or after.
fn step_of(core: &Core, caller: &Caller, sealed: &[u8], typed: &str, now: Millis) -> ApiResult<Option<i64>> {
    let secret =
        core.keys.open(&place(caller.staff.id), sealed).map_err(|error| ApiError::internal(&error))?;
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let step = totp(&secret, None)?.check(&digits, (now / SECOND).unsigned_abs());
    Ok(step.map(u64::cast_signed))
}

/// Of a secret in Base32, for an installation's account.
fn totp(secret: &str, label: Option<(&str, &str)>) -> ApiResult<Totp> {
    let secret = totp_rs::Secret::try_from_base32(secret)
        .map_err(|_| ApiError::internal(&"a secret of the second factor cannot be read"))?;
    let mut builder = Builder::new().with_secret(secret);
    if let Some((installation, account)) = label {
        // The label's own separator.
        builder = builder
            .with_issuer(Some(installation.replace(':', " ")))
            .with_account_name(account.replace(':', " "));
    }
    builder.build().map_err(|error| ApiError::internal(&error))
}

fn place(staff_id: Uuid) -> String {
    format!("second-factor/{staff_id}")
}

fn recovery_mac(core: &Core, staff_id: Uuid, code: &Code) -> Vec<u8> {
    core.keys.mac(Secret::Recovery, &[staff_id.as_bytes().as_slice(), code.as_bytes()].concat())
}
