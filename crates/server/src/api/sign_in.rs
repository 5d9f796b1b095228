//! Sign-ins: short access tokens, refresh tokens that work once.

use axum::{Json as Answer, extract::State, http::StatusCode};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::json;
use understudy_protocol::{ErrorCode, Event, Refresh, SignIn, SignedIn, Staff};
use understudy_rules::{MINUTE, Millis, impersonation::EndCause};
use uuid::Uuid;

use super::{attempts::Attempt, extract::Json};
use crate::{
    Core, Shared,
    auth::Caller,
    clock::time,
    error::{ApiError, ApiResult},
    keys::{Keys, Secret},
    staff::{end_sessions, entry, shown},
    store::{
        Entry, Job, NewEvent, WriteError,
        entities::{refresh_token, sign_in, staff},
        statement,
    },
};

const ACCESS: Millis = 10 * MINUTE;
const REFRESH: Millis = 12 * 60 * MINUTE;
/// A new pair of tokens.
struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    fn new() -> Self {
        Self { access: Keys::new_secret(), refresh: Keys::new_secret() }
    }

    fn stored(&self, core: &Core, sign_in_id: Uuid) -> refresh_token::ActiveModel {
        refresh_token::ActiveModel {
            mac: Set(core.keys.mac(Secret::Refresh, self.refresh.as_bytes())),
            sign_in_id: Set(sign_in_id),
            used_at: Set(None),
            successor: Set(None),
        }
    }

    fn answer(self, core: &Core, staff: &staff::Model, now: Millis) -> Answer<SignedIn> {
        Answer(SignedIn {
            staff: shown(core, staff),
            access_token: self.access,
            access_expires_in_ms: ACCESS.unsigned_abs(),
            refresh_token: self.refresh,
            refresh_expires_at: time(now + REFRESH),
        })
    }
}

/// Signs a staff member in.
#[utoipa::path(post, path = "/api/sign-in", request_body = SignIn, responses((status = 200, body = SignedIn)))]
pub async fn sign_in(State(core): State<Shared>, Json(given): Json<SignIn>) -> ApiResult<Answer<SignedIn>> {
    let db = &core.store.db;
    let email = given.email.trim().to_lowercase();
    let now = core.store.now().await?;
    let wrong = || {
        ApiError::new(
            ErrorCode::WrongCredentials,
            "The e-mail address or the password is not right. Check both and try again.",
        )
    };
    // Longer than any address (RFC 5321, 4.5.3.1): nothing to keep a record of.
    if email.len() > 254 {
        return Err(wrong());
    }
    let attempt = Attempt::begin(
        &core,
        &format!("password/{email}"),
        "Too many wrong passwords. Wait five minutes, then try again.",
    )
    .await?;
    let found = staff::Entity::find().filter(staff::Column::Email.eq(&email)).one(db).await?;
    let known = found.as_ref().map(|staff| staff.id);
    let hash =
        found.as_ref().filter(|staff| staff.disabled_at.is_none()).map(|staff| staff.password_hash.clone());
    let right = core.passwords.verify(given.password.into(), hash).await;
    let Some(staff) = found.filter(|_| right) else {
        let details = json!({ "email": email });
        let failed = Entry { kind: "sign_in_failed", staff: known, person: None, session: None, details };
        // One that is not recorded waits as long: the time must not tell who exists.
        let recorded = attempt.is_recorded(&core, known.is_some()).await?;
        let entries = if recorded { vec![failed] } else { vec![] };
        core.store.write(Job { entries, ..Job::default() }).await?;
        return Err(wrong());
    };
    attempt.forget(&core).await?;
    let (id, tokens) = (Uuid::now_v7(), Tokens::new());
    let row = sign_in::ActiveModel {
        id: Set(id),
        staff_id: Set(staff.id),
        access_mac: Set(core.keys.mac(Secret::Access, tokens.access.as_bytes())),
        access_expires_at: Set(now + ACCESS),
        access_used: Set(false),
        refresh_expires_at: Set(now + REFRESH),
        created_at: Set(now),
        ended_at: Set(None),
        second_factor_at: Set(None),
    };
    let inserts = [
        statement(&sign_in::Entity::insert(row), db),
        statement(&refresh_token::Entity::insert(tokens.stored(&core, id)), db),
    ];
    core.store
        .write(Job { guards: inserts.into(), entries: vec![entry("signed_in", staff.id)], ..Job::default() })
        .await?;
    Ok(tokens.answer(&core, &staff, now))
}

/// Exchanges a refresh token for the next pair. It may be sent again as long as nothing of that pair was
/// used, because the answer may have been lost. After that it ends the whole sign-in: somebody has a copy.
#[utoipa::path(post, path = "/api/sign-in/refresh", request_body = Refresh, responses((status = 200, body = SignedIn)))]
pub async fn refresh(State(core): State<Shared>, Json(given): Json<Refresh>) -> ApiResult<Answer<SignedIn>> {
    let db = &core.store.db;
    let mac = core.keys.mac(Secret::Refresh, given.refresh_token.as_bytes());
    loop {
        let token =
            refresh_token::Entity::find_by_id(mac.clone()).one(db).await?.ok_or_else(ApiError::signed_out)?;
        let sign_in =
            sign_in::Entity::find_by_id(token.sign_in_id).one(db).await?.ok_or_else(ApiError::signed_out)?;
        let staff =
            staff::Entity::find_by_id(sign_in.staff_id).one(db).await?.ok_or_else(ApiError::signed_out)?;
        let now = core.store.now().await?;
        if sign_in.ended_at.is_some() || staff.disabled_at.is_some() || now >= sign_in.refresh_expires_at {
            return Err(ApiError::signed_out());
        }
        let reused = match &token.successor {
            // The answer to its first use may have been lost: then nobody has used what it brought.
            Some(lost) => {
                let lost = refresh_token::Entity::find_by_id(lost.clone()).one(db).await?;
                sign_in.access_used || lost.is_none_or(|lost| lost.used_at.is_some())
            }
            None => token.used_at.is_some(),
        };
        if reused && refresh_token::Entity::find_by_id(mac.clone()).one(db).await?.as_ref() != Some(&token) {
            // Another one of the same kind came between the two looks.
            continue;
        }
        if reused {
            tracing::warn!(staff = %staff.id, "a refresh token was used twice");
            end_sign_in(&core, staff.id, sign_in.id, "refresh_token_reused").await?;
            return Err(ApiError::signed_out());
        }
        let tokens = Tokens::new();
        let next = tokens.stored(&core, sign_in.id);
        let mut use_up = refresh_token::Entity::update_many()
            .set(refresh_token::ActiveModel {
                used_at: Set(Some(now)),
                successor: Set(Some(next.mac.clone().take().unwrap_or_default())),
                ..Default::default()
            })
            .filter(refresh_token::Column::Mac.eq(mac.clone()));
        let mut guards = Vec::with_capacity(4);
        if let Some(lost) = &token.successor {
            use_up = use_up.filter(refresh_token::Column::Successor.eq(lost.clone()));
            let unused = refresh_token::Entity::update_many()
                .set(refresh_token::ActiveModel { used_at: Set(Some(now)), ..Default::default() })
                .filter(refresh_token::Column::Mac.eq(lost.clone()))
                .filter(refresh_token::Column::UsedAt.is_null());
            guards.push(statement(&unused, db));
        } else {
            use_up = use_up.filter(refresh_token::Column::UsedAt.is_null());
        }
        let renew = sign_in::Entity::update_many()
            .set(sign_in::ActiveModel {
                access_mac: Set(core.keys.mac(Secret::Access, tokens.access.as_bytes())),
                access_expires_at: Set(now + ACCESS),
                access_used: Set(false),
                refresh_expires_at: Set(now + REFRESH),
                ..Default::default()
            })
            .filter(sign_in::Column::Id.eq(sign_in.id))
            .filter(sign_in::Column::EndedAt.is_null());
        let renew = if token.successor.is_some() {
            renew.filter(sign_in::Column::AccessUsed.eq(false))
        } else {
            renew
        };
        guards.extend([
            statement(&use_up, db),
            statement(&renew, db),
            statement(&refresh_token::Entity::insert(next), db),
        ]);
        match core.store.write(Job { guards, ..Job::default() }).await {
            Ok(_) => return Ok(tokens.answer(&core, &staff, now)),
            // Another one of the same kind was faster: look again.
            Err(WriteError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Ends this sign-in, and a session that lies over it.
#[utoipa::path(post, path = "/api/sign-out", security(("bearer" = [])), responses((status = 204)))]
pub async fn sign_out(State(core): State<Shared>, caller: Caller) -> ApiResult<StatusCode> {
    end_sign_in(&core, caller.staff.id, caller.sign_in_id, "signed_out").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/me", security(("bearer" = [])), responses((status = 200, body = Staff)))]
pub async fn me(caller: Caller) -> Answer<Staff> {
    Answer(caller.staff)
}

async fn end_sign_in(core: &Core, staff_id: Uuid, sign_in_id: Uuid, kind: &'static str) -> ApiResult<()> {
    let db = &core.store.db;
    let now = core.store.now().await?;
    let end = sign_in::Entity::update_many()
        .set(sign_in::ActiveModel { ended_at: Set(Some(now)), ..Default::default() })
        .filter(sign_in::Column::Id.eq(sign_in_id))
        .filter(sign_in::Column::EndedAt.is_null());
    let forget = refresh_token::Entity::delete_many().filter(refresh_token::Column::SignInId.eq(sign_in_id));
    let job = Job {
        guards: vec![statement(&end, db)],
        effects: vec![statement(&forget, db)],
        entries: vec![entry(kind, staff_id)],
        events: vec![NewEvent {
            staff_id,
            overseers: false,
            sign_in_id: Some(sign_in_id),
            event: Event::SignedOut,
        }],
    };
    match core.store.write(job).await {
        Ok(_) | Err(WriteError::Conflict) => {}
        Err(error) => return Err(error.into()),
    }
    let cause = if kind == "signed_out" { EndCause::Exit } else { EndCause::StaffDisabled };
    end_sessions(core, staff_id, Some(sign_in_id), cause).await.map_err(|error| ApiError::internal(&error))
}
