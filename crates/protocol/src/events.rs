//! What the server tells the app without being asked: server-sent events, followed with a cursor.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::impersonation::Mode;
use crate::people::PersonRef;
use crate::person::{Question, Scope};
use crate::sessions::EndCause;
use crate::staff::StaffRef;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A code waits in the inbox. The code itself is not in here.
    CodeArrived {
        request_id: Uuid,
        person: PersonRef,
        mode: Mode,
    },
    /// Somebody asks for a code that an administrator hands over; for administrators.
    ApprovalAsked {
        request_id: Uuid,
    },
    /// It was taken, answered, or is over; for administrators.
    ApprovalChanged {
        request_id: Uuid,
    },
    /// An administrator will not hand the code over; for the one who asked.
    CodeDenied {
        request_id: Uuid,
        person: PersonRef,
        by: StaffRef,
    },
    /// The request's state, tries or deliveries changed.
    RequestChanged {
        request_id: Uuid,
    },
    SessionStarted {
        session_id: Uuid,
        staff: StaffRef,
        person: PersonRef,
    },
    /// It may do more now, or lasts longer.
    SessionChanged {
        session_id: Uuid,
        mode: Mode,
        /// Whether it can be given more time.
        extendable: bool,
    },
    SessionEnded {
        session_id: Uuid,
        cause: EndCause,
    },
    /// The gateway refused something that was tried on the stage.
    ActionRefused {
        session_id: Uuid,
        method: String,
        path: String,
        reason: RefusalReason,
        /// What the person would have to consent to.
        scope: Option<Scope>,
    },
    /// The person was asked, has answered, or the answer was used.
    ConsentChanged {
        question: Question,
    },
    NoteWritten {
        session_id: Uuid,
    },
    /// An administrator lets its staff member ask for codes although the note is missing.
    NoteLifted {
        session_id: Uuid,
    },
    /// Somebody is in an account whose person was not asked; for leads.
    ExceptionUsed {
        session_id: Uuid,
        staff: StaffRef,
        person: PersonRef,
        category: String,
        /// Who has handed the code over.
        approved_by: Option<StaffRef>,
    },
    /// A lead has given a verdict.
    SessionReviewed {
        session_id: Uuid,
    },
    /// Impersonation was switched off or on again, for everybody.
    Switched {
        on: bool,
    },
    /// This sign-in is over: signed out, disabled, or a refresh token was used twice.
    SignedOut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// Mode `view`: nothing can be changed.
    ViewOnly,
    /// The path has more than one reading (`//`, `%2f`, `;`).
    PathNotCanonical,
    /// The installation keeps this route shut during impersonation.
    Shut,
    /// The person has not agreed to this one change.
    ConsentMissing,
}

/// One server-sent event: `id:` is the cursor, `data:` this as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct EventEnvelope {
    #[ts(type = "number")]
    pub cursor: i64,
    pub at: DateTime<Utc>,
    pub event: Event,
}
