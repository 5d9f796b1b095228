//! Sessions: one impersonation, what was done in it, and the note about it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::impersonation::{Consent, Mode};
use crate::people::PersonRef;
use crate::person::Scope;
use crate::staff::StaffRef;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    Exit,
    Limit,
    Idle,
    ClientLost,
    ConsentWithdrawn,
    StoppedByStaff,
    StaffDisabled,
    SwitchedOff,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Session {
    pub id: Uuid,
    pub staff: StaffRef,
    pub person: PersonRef,
    pub mode: Mode,
    pub reason: String,
    pub ticket: Option<String>,
    pub consent: Consent,
    /// The administrator who handed its code over, where one had to.
    pub approved_by: Option<StaffRef>,
    /// How it came to allow changes, where it began without.
    #[serde(default)]
    pub raised: Option<Raised>,
    /// The session that went on with it after its app was lost; one note serves both.
    #[serde(default)]
    pub resumed_by: Option<Uuid>,
    /// When it was given more time, the last time.
    #[serde(default)]
    pub extended_at: Option<DateTime<Utc>>,
    /// Whether it can be given more time.
    #[serde(default)]
    pub extendable: bool,
    pub started_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub limit_at: DateTime<Utc>,
    #[ts(type = "number")]
    pub limit_in_ms: u64,
    pub ended_at: Option<DateTime<Utc>>,
    pub end_cause: Option<EndCause>,
    /// How many actions are on record, refused ones too. A WebSocket is one, whatever is said over it.
    pub actions: u32,
    /// How many of them were refused, by the gateway.
    #[serde(default)]
    pub refused: u32,
    /// In a list, a colleague's says whether it is solved and leaves the rest to the report.
    pub note: Option<Note>,
    /// An administrator lets its staff member go on without the note.
    #[serde(default)]
    pub note_lifted: bool,
    /// The verdict of a lead; the newest counts. In a list, that of a colleague's session is without its text.
    #[serde(default)]
    pub review: Option<Review>,
    /// Until when a lead has to review it; none where no review is missing.
    #[serde(default)]
    pub review_by: Option<DateTime<Utc>>,
}

/// How a session came to allow changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Raised {
    pub at: DateTime<Utc>,
    pub reason: String,
    pub consent: Consent,
    pub approved_by: Option<StaffRef>,
}

/// The answer to `POST /api/requests/{id}/start`. Stays in the app's Rust memory.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Started {
    pub session: Session,
    /// The impersonation token: renews the lease and asks for handoffs, together with the staff member's
    /// own sign-in. Never reaches a webview.
    pub token: String,
    pub lease: Lease,
}

/// `POST /api/sessions/{id}/handoff`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct WithToken {
    pub token: String,
}

/// `POST /api/sessions/{id}/lease`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Renew {
    pub token: String,
    /// How long ago the last input by hand on the stage was, as the toolkit has it: a page that polls is none.
    pub idle_ms: u64,
}

/// The server's promise that the session dies when the app stops renewing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Lease {
    /// The session ends when this much time passes without a renewal.
    #[ts(type = "number")]
    pub ends_in_ms: u64,
    /// Renew again after this time.
    #[ts(type = "number")]
    pub renew_in_ms: u64,
    /// The session ends then, renewed or not.
    #[ts(type = "number")]
    pub limit_in_ms: u64,
    /// The session ends when nothing was done by hand for so long.
    #[ts(type = "number")]
    pub idle_after_ms: u64,
}

/// The one-time pass with which the stage's webview enters the gateway.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Handoff {
    /// Good once, for ten seconds.
    pub url: String,
}

/// What the page said over one WebSocket. Each frame stands in the ledger with its size and hash.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Frames {
    /// How many were passed on to the platform.
    pub sent: u32,
    #[ts(type = "number")]
    pub sent_bytes: u64,
    /// How many were refused.
    pub refused: u32,
    #[ts(type = "number")]
    pub refused_bytes: u64,
}

/// One thing done in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Action {
    /// Index of its entry in the ledger.
    #[ts(type = "number")]
    pub entry: u64,
    pub at: DateTime<Utc>,
    /// What the installation calls it, e.g. "Uploaded a document". Where it was refused, this is what was tried.
    pub name: String,
    /// Its name in other languages, by their tags (BCP 47), e.g. `fr`.
    pub names: BTreeMap<String, String>,
    pub method: String,
    /// The route's pattern where one is configured, e.g. `/documents/{id}`.
    pub route: Option<String>,
    pub path: String,
    /// Names of query parameters; never their values.
    pub parameters: Vec<String>,
    /// Names of form fields, without those that the installation leaves out of reports; never their values.
    pub fields: Vec<String>,
    /// The platform's answer; none where the gateway refused it or none has come.
    pub status: Option<u16>,
    /// Why the gateway refused it, or `platform` for a change that the platform itself refused.
    pub refused: Option<String>,
    /// Whether it may have changed something.
    pub changes: bool,
    /// For a WebSocket, what the page said over it; none where it said nothing.
    pub frames: Option<Frames>,
}

/// How a session came about, what became of it, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MilestoneKind {
    CodeRequested,
    /// Permission to act was asked for in a session that may only look.
    RaiseRequested,
    /// That came to nothing.
    RaiseClosed,
    ConsentAsked,
    ConsentGiven,
    ConsentDeclined,
    /// Somebody came to answer from a sign-in that began while staff were in the account.
    SignedInLate,
    CodeHandedOver,
    CodeWrong,
    CodeVerified,
    SessionStarted,
    ModeRaised,
    SessionExtended,
    SessionEnded,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Milestone {
    /// Index of its entry in the ledger.
    #[ts(type = "number")]
    pub entry: u64,
    pub at: DateTime<Utc>,
    pub kind: MilestoneKind,
    /// The administrator who handed the code over.
    pub by: Option<StaffRef>,
    /// The one change that a consent was about; none for a consent to the session itself.
    pub scope: Option<Scope>,
}

/// `GET /api/sessions/{id}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SessionDetail {
    pub session: Session,
    pub actions: Vec<Action>,
    #[serde(default)]
    pub milestones: Vec<Milestone>,
    /// What the note said before it was corrected, the oldest first.
    #[serde(default)]
    pub earlier_notes: Vec<Note>,
    #[serde(default)]
    pub lifted: Option<LiftedNote>,
    /// What the review said before it was written anew, the oldest first.
    #[serde(default)]
    pub earlier_reviews: Vec<Review>,
}

/// Sessions that stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionsOnly {
    /// The caller's own that have ended and still lack their note.
    Unnoted,
    /// Those that rested on an exceptional case.
    Exceptions,
    /// Those of them that have ended and that no lead has reviewed.
    ToReview,
}

/// `POST /api/sessions/{id}/end`, in its query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndQuery {
    /// Nobody exited: its app was gone, as the next start has found. One's own session only.
    #[serde(default)]
    pub lost: bool,
}

/// `GET /api/sessions`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SessionsQuery {
    /// Only sessions in this person's account.
    pub person: Option<String>,
    /// Only live (`true`) or ended (`false`) ones.
    pub live: Option<bool>,
    pub only: Option<SessionsOnly>,
    /// Only those with each of these words in the name of staff or person, their ID, the ticket, the reason or the note.
    pub search: Option<String>,
    #[serde(default)]
    pub offset: u32,
    /// How many at most, 1 to 200; 50 where it is missing.
    pub limit: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SessionsPage {
    pub sessions: Vec<Session>,
    pub total: u32,
    pub offset: u32,
    /// How many rested on an exceptional case, of all that the caller may see.
    #[serde(default)]
    pub exceptions: u32,
    /// How many of these wait for their review.
    #[serde(default)]
    pub to_review: u32,
    /// How many requests never became a session, of all that the caller may see.
    #[serde(default)]
    pub never_started: u32,
}

/// `POST /api/sessions/{id}/note`: what was done and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct NewNote {
    pub what: String,
    pub why: String,
    pub solved: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Note {
    pub what: String,
    pub why: String,
    pub solved: bool,
    pub written_at: DateTime<Utc>,
    pub written_by: StaffRef,
}

/// Who gave up on a note, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LiftedNote {
    pub by: StaffRef,
    pub at: DateTime<Utc>,
    pub reason: String,
}

/// `POST /api/sessions/{id}/note/lift`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct LiftNote {
    /// At least 10 characters with letters in them.
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Justified,
    /// It should not have happened, or not like this.
    Objected,
}

/// `POST /api/sessions/{id}/review`: a lead's verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct NewReview {
    pub verdict: Verdict,
    /// At least 10 characters with letters in them.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Review {
    pub verdict: Verdict,
    pub text: String,
    pub by: StaffRef,
    pub at: DateTime<Utc>,
}
