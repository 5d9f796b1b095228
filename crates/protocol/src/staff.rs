//! Staff: who signs in to Understudy.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::impersonation::Recipient;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Helps people: requests codes, steps in, sees their own history.
    Support,
    /// All of that; ends any session and sees every one.
    Admin,
    /// Reads every session.
    Lead,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Staff {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub roles: Vec<Role>,
    /// Who gets the codes that they ask for.
    #[serde(default)]
    pub codes: Recipients,
}

/// Who gets a code, by the mode that is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Recipients {
    pub view: Recipient,
    pub act: Recipient,
}

/// As much of a staff member as a list of sessions needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct StaffRef {
    pub id: Uuid,
    pub name: String,
}

/// `POST /api/sign-in`. Never printed: it has no `Debug`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    pub email: String,
    pub password: String,
}

/// `POST /api/sign-in/refresh`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Refresh {
    pub refresh_token: String,
}

/// How the caller's second factor (TOTP, RFC 6238) stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SecondFactor {
    pub set_up: bool,
    /// How long what was shown last still counts for this sign-in; 0 where it has to be shown anew.
    #[ts(type = "number")]
    pub fresh_for_ms: u64,
}

/// `POST /api/second-factor/enrol`. Never printed: it has no `Debug`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Enrol {
    pub password: String,
}

/// What an authenticator app needs. It counts once a code of it has been confirmed.
#[derive(Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct Enrolment {
    /// Base32, to be typed.
    pub secret: String,
    /// `otpauth://…`, to be shown as a QR code.
    pub url: String,
}

/// `POST /api/second-factor/confirm` and `/verify`: six digits, or a recovery code.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ShowFactor {
    pub code: String,
}

/// Shown once; each is good once, in place of the authenticator app.
#[derive(Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct RecoveryCodes {
    pub codes: Vec<String>,
}

/// The answer to a sign-in and to a refresh. The app's Rust side keeps the tokens; the UI never sees them.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SignedIn {
    pub staff: Staff,
    /// A bearer token (RFC 6750).
    pub access_token: String,
    pub access_expires_in_ms: u64,
    /// Good once: each refresh answers with the next. Using one twice ends the sign-in.
    pub refresh_token: String,
    pub refresh_expires_at: DateTime<Utc>,
}
