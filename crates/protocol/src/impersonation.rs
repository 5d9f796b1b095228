//! Requests and codes: from "Request code" to the moment the session may start.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::people::PersonRef;
use crate::staff::StaffRef;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing can be changed.
    View,
    Act,
}

/// How the person gave their permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentMeans {
    Phone,
    Chat,
    Email,
    InPerson,
}

/// A statement by staff that the person agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ConsentStatement {
    /// Who gave it: the person, or somebody who speaks for the company.
    pub given_by: String,
    pub means: ConsentMeans,
    /// Where it can be looked up: the ticket, the recorded call.
    pub reference: String,
}

/// What a request rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "evidence", rename_all = "snake_case")]
pub enum Consent {
    /// A statement by staff, of which the person is told when the session starts.
    Statement(ConsentStatement),
    /// The person is asked by mail, and answers on their page.
    Page,
    /// The person gets the code, and reads it out.
    Code,
    /// A documented exceptional case, where nobody can be asked.
    Exception(Exception),
}

/// Why somebody is let in whose person was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Exception {
    /// One of the installation's list.
    pub category: String,
    /// Why nobody can be asked: at least 10 characters with letters in them.
    pub reason: String,
}

/// `POST /api/requests`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct NewRequest {
    /// ID or e-mail address of the person.
    pub identifier: String,
    /// At least 10 characters with letters in them.
    pub reason: String,
    pub ticket: Option<String>,
    pub mode: Mode,
    pub consent: Consent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// The person is asked; there is no code yet.
    Asked,
    /// An administrator is asked to hand the code over; there is none yet.
    Pending,
    /// The code is made and on its way.
    Waiting,
    /// The code has reached its recipient.
    CodeSent,
    /// The right code was entered; the session may start.
    Verified,
    /// The session has started (and may have ended since).
    Started,
    Expired,
    /// A newer request of the same staff member took its place.
    Replaced,
    TooManyTries,
    Cancelled,
    /// No channel could deliver the code.
    Undeliverable,
    /// Impersonation was switched off meanwhile.
    SwitchedOff,
    /// An administrator said no.
    Denied,
    /// No administrator has answered.
    Unanswered,
    /// The person said no, or took their yes back.
    ConsentDeclined,
    /// The person has not answered.
    ConsentUnanswered,
    /// The session that runs may now do what was asked for.
    Raised,
}

/// Who decides about a code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// It goes to whoever asked.
    #[default]
    Requester,
    /// Another administrator hands it over.
    Approver,
    /// It goes to the person, who reads it out to whoever asked.
    Person,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    App,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Sending,
    Sent,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Delivery {
    pub channel: Channel,
    /// The address, where the channel has one.
    pub to: Option<String>,
    pub state: DeliveryState,
    pub tries: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Request {
    /// Also the ID of the session that comes from it.
    pub id: Uuid,
    /// The session that runs, where the request is for changes in it.
    pub raises: Option<Uuid>,
    pub person: PersonRef,
    pub reason: String,
    pub ticket: Option<String>,
    pub mode: Mode,
    pub consent: Consent,
    pub state: RequestState,
    pub created_at: DateTime<Utc>,
    /// When the code (or, once verified, the permission to start) runs out.
    pub expires_at: Option<DateTime<Utc>>,
    #[ts(type = "number | null")]
    pub expires_in_ms: Option<u64>,
    /// The whole of that time, for drawing what is left of it.
    #[ts(type = "number | null")]
    pub expires_after_ms: Option<u64>,
    pub tries_left: u8,
    pub deliveries: Vec<Delivery>,
    pub session_minutes: u32,
    pub recipient: Recipient,
    /// Where an administrator is asked.
    pub approval: Option<Approval>,
}

/// How a request stands with the administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Approval {
    /// Who has taken the request, or has answered it.
    pub by: Option<StaffRef>,
    /// Why it was denied.
    pub reason: Option<String>,
    /// How many who could answer it are signed in now.
    pub on_duty: u32,
}

/// `GET /api/requests`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct RequestsQuery {
    /// Only requests for this person's account.
    pub person: Option<String>,
    /// Only those with each of these words in the name of staff or person, their ID, the ticket or the reason.
    pub search: Option<String>,
    #[serde(default)]
    pub offset: u32,
    /// How many at most, 1 to 200; 50 where it is missing.
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct RequestsPage {
    pub requests: Vec<ClosedRequest>,
    pub total: u32,
    pub offset: u32,
}

/// A request that never became a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct ClosedRequest {
    pub id: Uuid,
    /// Who asked.
    pub staff: StaffRef,
    pub person: PersonRef,
    pub reason: String,
    pub ticket: Option<String>,
    pub mode: Mode,
    pub consent: Consent,
    pub asked_at: DateTime<Utc>,
    pub closed_at: DateTime<Utc>,
    /// Why it came to nothing.
    pub state: RequestState,
    /// The administrator who had taken it, where one had.
    pub approver: Option<StaffRef>,
    /// Why they denied it.
    pub denial: Option<String>,
    /// How many wrong codes were entered.
    pub wrong_codes: u32,
}

/// A request of somebody else's that waits for an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct PendingRequest {
    pub request_id: Uuid,
    /// Whether they are in the account already, and ask for changes.
    pub raises: bool,
    /// Who asks.
    pub staff: StaffRef,
    pub person: PersonRef,
    pub reason: String,
    pub ticket: Option<String>,
    pub mode: Mode,
    pub consent: Consent,
    pub session_minutes: u32,
    /// How long it can be made to last.
    pub longest_minutes: u32,
    pub asked_at: DateTime<Utc>,
    #[ts(type = "number")]
    pub expires_in_ms: u64,
    pub taken_by: Option<StaffRef>,
    /// How long nobody else can take it.
    #[ts(type = "number")]
    pub held_for_ms: u64,
}

/// `POST /api/approvals/{id}/deny`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Deny {
    /// At least 10 characters with letters in them; the one who asked reads it.
    pub reason: String,
}

/// `POST /api/sessions/{id}/raise`: changes, in a session that runs as `view`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewRaise {
    /// The impersonation token.
    pub token: String,
    #[serde(flatten)]
    pub wanted: Raise,
}

/// Why a session that runs as `view` needs changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Raise {
    /// At least 10 characters with letters in them.
    pub reason: String,
    pub consent: Consent,
}

/// `POST /api/requests/{id}/verify`. Case and dashes do not matter.
#[derive(Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct VerifyCode {
    pub code: String,
}

/// A code that waits in the app for the staff member who asked for it.
#[derive(Clone, Serialize, Deserialize, TS, ToSchema)]
pub struct InboxEntry {
    pub request_id: Uuid,
    pub person: PersonRef,
    pub reason: String,
    pub mode: Mode,
    pub arrived_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    #[ts(type = "number")]
    pub expires_in_ms: u64,
    /// As it is read out: `WDJB-MJHT`.
    pub code: String,
}
