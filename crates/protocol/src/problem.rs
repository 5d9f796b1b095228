//! Errors over HTTP: RFC 9457 problem details with a stable `code`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client may branch on. Names are stable; messages are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request could not be read.
    BadRequest,
    /// A field has a wrong value; `field` says which.
    Invalid,
    /// Nobody is signed in, or no longer.
    SignedOut,
    /// E-mail address or password is wrong.
    WrongCredentials,
    /// Signed in, but not allowed.
    Forbidden,
    NotFound,
    /// The address knows other methods; `Allow` says which.
    MethodNotAllowed,
    /// The body is not JSON.
    UnsupportedMediaType,
    /// The body is too large.
    TooLarge,
    /// The request was sent to a host that is not served here.
    Misdirected,
    /// Too many tries or requests; `retry_after_ms` says when to try again.
    TooMany,
    PersonNotFound,
    /// This person may not be impersonated.
    PersonRefused,
    /// You are in a session already.
    AlreadyImpersonating,
    /// Somebody else is in this person's account.
    PersonBusy,
    /// A note of an earlier session is still missing; `session_id` says which.
    NoteMissing,
    /// An exceptional case of yours still waits for its review; `session_id` says which.
    ReviewMissing,
    WrongCode,
    CodeExpired,
    /// No channel could deliver the code.
    Undeliverable,
    CodeUsed,
    TooManyTries,
    RequestReplaced,
    RequestCancelled,
    /// An administrator has denied the code.
    RequestDenied,
    /// No administrator has answered the request in time.
    RequestUnanswered,
    /// An administrator has not handed the code over yet.
    NotHandedOver,
    /// Nobody answers their own request.
    OwnRequest,
    /// Another administrator has taken the request.
    RequestTaken,
    /// The request has to be taken before it is answered.
    NotTaken,
    /// The request no longer waits for an answer.
    RequestAnswered,
    /// The request was made by another sign-in.
    OtherSignIn,
    /// The code was not entered yet.
    NotVerified,
    /// The second factor has to be set up, or shown anew.
    SecondFactorNeeded,
    WrongSecondFactor,
    SessionEnded,
    /// An administrator has switched impersonation off, for everybody.
    SwitchedOff,
    /// The person cannot be asked, or the question is over.
    ConsentUnavailable,
    /// The person has not agreed: not yet, not in time, or not at all.
    ConsentMissing,
    /// The session cannot last any longer.
    LimitReached,
    /// The platform's directory did not answer.
    DirectoryUnavailable,
    /// Something failed inside the server; it has been logged.
    Internal,
    /// Made by the app, never by the server: the server could not be reached.
    Unreachable,
    /// Made by the app: the server's certificate is not trusted.
    Untrusted,
    /// Made by the app: app and server are too far apart in version.
    OtherVersion,
    /// Made by the app: something failed on this computer; the message says what, in the app's language.
    App,
}

/// RFC 9457, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Problem {
    /// `urn:understudy:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What happened, what it means, what to do next.
    pub detail: String,
    pub code: ErrorCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries_left: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(type = "number | null")]
    pub retry_after_ms: Option<u64>,
    /// The session that it is about, e.g. the one whose note or review is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<Uuid>,
    /// Whom it is about, by name: who is in a person's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
