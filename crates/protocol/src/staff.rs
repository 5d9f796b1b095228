//! Staff: who signs in to Understudy.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

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
