//! What the app and the server say to each other: every type that crosses the HTTP border, declared once.
//!
//! No I/O, no rules. TypeScript for the UI is generated from here into `ui/src/lib/generated`; the OpenAPI
//! document of the server is made from the same types. Times are UTC (RFC 3339); `*_in_ms` fields are the
//! server's own arithmetic, so a client whose clock is wrong still counts down correctly.

pub mod events;
pub mod impersonation;
pub mod people;
pub mod person;
pub mod problem;
pub mod sessions;
pub mod staff;

pub use events::*;
pub use impersonation::*;
pub use people::*;
pub use person::*;
pub use problem::*;
pub use sessions::*;
pub use staff::*;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// The version of this contract. Raised when an old client would misread a new server.
pub const PROTOCOL_VERSION: u32 = 2;
/// The oldest version that this one still speaks. App and server understand each other where their ranges meet.
pub const OLDEST_PROTOCOL: u32 = 2;

/// `GET /api/info`: what a client must know before anybody has signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS, ToSchema)]
pub struct ServerInfo {
    /// What the installation calls itself, e.g. "Meridian support".
    pub name: String,
    /// Version of the server's software.
    pub version: String,
    /// See [`PROTOCOL_VERSION`].
    pub protocol: u32,
    /// See [`OLDEST_PROTOCOL`]; `protocol` alone where it is missing.
    pub oldest_protocol: Option<u32>,
    /// The kinds of people that may be impersonated, in the order of the tabs.
    pub kinds: Vec<Kind>,
    /// Origins of the gateway; the app lets the stage navigate to these and no others.
    pub gateway_origins: Vec<String>,
    /// What the platform's pages may use of staff's computers; all else is refused to them.
    #[serde(default)]
    pub permissions: Vec<Permission>,
    /// Minutes that a session lasts at most.
    pub session_minutes: u32,
    /// Whether a person can be asked, and answer on their page.
    #[serde(default)]
    pub asks_people: bool,
    /// Exceptional cases in which nobody has to be asked; none where there are none.
    #[serde(default)]
    pub exception_categories: Vec<String>,
    /// Nobody may impersonate until an administrator switches it on again.
    #[serde(default)]
    pub switched_off: bool,
}

/// What a page can ask the system's webview for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    Geolocation,
    Camera,
    Microphone,
}

/// `POST /api/switch`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SetSwitch {
    pub on: bool,
    /// At least 10 characters with letters in them.
    pub reason: String,
}

/// Whether anybody may impersonate in this installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Switch {
    pub on: bool,
    /// How it came to stand so; none where it was never turned.
    #[serde(default)]
    pub turned: Option<Turned>,
}

/// Who turned the switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Turned {
    pub at: DateTime<Utc>,
    /// Nobody of the staff where it was done on the command line.
    pub by: Option<StaffRef>,
    pub reason: Option<String>,
}
