//! Who calls: bearer tokens (RFC 6750), and the extractors by which a handler says whom it serves.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use understudy_protocol::{ErrorCode, Role, Staff};
use uuid::Uuid;

use crate::{
    Core, Shared,
    error::{ApiError, ApiResult},
    keys::Secret,
    staff::{may_impersonate, shown},
    store::entities::{sign_in, staff},
};

/// Any staff member who is signed in.
#[derive(Debug, Clone)]
pub struct Caller {
    pub staff: Staff,
    pub sign_in_id: Uuid,
    /// The stored hash of the token that was shown, to ask again later.
    access_mac: Vec<u8>,
}

impl Caller {
    /// Sees every session, not only their own.
    pub fn oversees(&self) -> bool {
        self.staff.roles.iter().any(|role| matches!(role, Role::Admin | Role::Lead))
    }

    pub fn is_admin(&self) -> bool {
        self.staff.roles.contains(&Role::Admin)
    }

    pub fn is_lead(&self) -> bool {
        self.staff.roles.contains(&Role::Lead)
    }

    /// Whether the same token would still be let in.
    pub async fn still_good(&self, core: &Core) -> ApiResult<Self> {
        by_mac(core, self.access_mac.clone()).await
    }
}

/// A staff member who may impersonate.
pub struct Impersonator(pub Caller);

/// Whoever sets the rules of the installation.
pub struct Admin(pub Caller);

/// Whoever reviews sessions.
pub struct Lead(pub Caller);

async fn by_mac(core: &Core, access_mac: Vec<u8>) -> ApiResult<Caller> {
    let db = &core.store.db;
    let found =
        sign_in::Entity::find().filter(sign_in::Column::AccessMac.eq(access_mac.clone())).one(db).await?;
    let sign_in = found.ok_or_else(ApiError::signed_out)?;
    if sign_in.ended_at.is_some() || core.store.now().await? >= sign_in.access_expires_at {
        return Err(ApiError::signed_out());
    }
    if !sign_in.access_used {
        let used = sign_in::ActiveModel { access_used: Set(true), ..Default::default() };
        let this = sign_in::Column::AccessMac.eq(access_mac.clone());
        sign_in::Entity::update_many().set(used).filter(this).exec(db).await?;
    }
    let staff =
        staff::Entity::find_by_id(sign_in.staff_id).one(db).await?.ok_or_else(ApiError::signed_out)?;
    if staff.disabled_at.is_some() {
        return Err(ApiError::signed_out());
    }
    Ok(Caller { staff: shown(core, &staff), sign_in_id: sign_in.id, access_mac })
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, core: &Shared) -> ApiResult<Self> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) =
            header.and_then(|value| value.split_once(' ')).ok_or_else(ApiError::signed_out)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::signed_out());
        }
        by_mac(core, core.keys.mac(Secret::Access, token.trim().as_bytes())).await
    }
}

impl FromRequestParts<Shared> for Impersonator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, core: &Shared) -> ApiResult<Self> {
        let caller = Caller::from_request_parts(parts, core).await?;
        if may_impersonate(&caller.staff.roles) {
            return Ok(Self(caller));
        }
        Err(ApiError::new(
            ErrorCode::Forbidden,
            "Your role does not include impersonation. Ask an administrator.",
        ))
    }
}

impl FromRequestParts<Shared> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, core: &Shared) -> ApiResult<Self> {
        let caller = Caller::from_request_parts(parts, core).await?;
        if caller.is_admin() {
            return Ok(Self(caller));
        }
        Err(ApiError::new(ErrorCode::Forbidden, "Only an administrator may do this. Ask one."))
    }
}

impl FromRequestParts<Shared> for Lead {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, core: &Shared) -> ApiResult<Self> {
        let caller = Caller::from_request_parts(parts, core).await?;
        if caller.is_lead() {
            return Ok(Self(caller));
        }
        Err(ApiError::new(ErrorCode::Forbidden, "Only a team lead may do this. Ask one."))
    }
}
