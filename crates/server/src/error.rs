//! Errors as RFC 9457 problem details. Internals are logged once and never sent.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use understudy_protocol::{ErrorCode, Problem};
use understudy_rules::impersonation::{Closed, EndCause, Refusal};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError(Box<Problem>);

pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        use ErrorCode as C;
        let (status, title) = match code {
            C::BadRequest => (400, "The request cannot be read"),
            C::Invalid => (422, "A value is not allowed"),
            C::SignedOut => (401, "Not signed in"),
            C::WrongCredentials => (401, "Wrong e-mail address or password"),
            C::Forbidden => (403, "Not allowed"),
            C::NotFound => (404, "Not found"),
            C::MethodNotAllowed => (405, "Not with this method"),
            C::UnsupportedMediaType => (415, "Only JSON is read here"),
            C::TooLarge => (413, "Too large"),
            C::Misdirected => (421, "This host is not served here"),
            C::TooMany => (429, "Too many"),
            C::PersonNotFound => (404, "No such person"),
            C::PersonRefused => (403, "This person cannot be impersonated"),
            C::AlreadyImpersonating => (409, "You are impersonating already"),
            C::PersonBusy => (409, "Somebody is in this account"),
            C::NoteMissing => (409, "A note is missing"),
            C::ReviewMissing => (409, "A review is missing"),
            C::WrongCode => (422, "Wrong code"),
            C::CodeExpired => (410, "The code has expired"),
            C::Undeliverable => (410, "The code could not be delivered"),
            C::CodeUsed => (409, "The code was used"),
            C::TooManyTries => (410, "Too many wrong codes"),
            C::RequestReplaced => (410, "The request was replaced"),
            C::RequestCancelled => (410, "The request was cancelled"),
            C::RequestDenied => (410, "The code was denied"),
            C::RequestUnanswered => (410, "Nobody has answered"),
            C::NotHandedOver => (409, "The code was not handed over yet"),
            C::OwnRequest => (403, "Your own request"),
            C::RequestTaken => (409, "Somebody else has taken it"),
            C::NotTaken => (409, "Take it first"),
            C::RequestAnswered => (409, "Answered already"),
            C::OtherSignIn => (403, "Another sign-in made this request"),
            C::NotVerified => (409, "The code was not entered"),
            C::SecondFactorNeeded => (403, "The second factor is needed"),
            C::WrongSecondFactor => (422, "Wrong code of the second factor"),
            C::SessionEnded => (410, "The session has ended"),
            C::SwitchedOff => (403, "Impersonation is switched off"),
            C::ConsentUnavailable => (409, "Nobody can answer this"),
            C::ConsentMissing => (409, "The person has not agreed"),
            C::LimitReached => (409, "The session cannot last any longer"),
            C::DirectoryUnavailable => (502, "The platform does not answer"),
            C::Internal => (500, "Something failed here"),
            // The app's own.
            C::Unreachable | C::Untrusted | C::OtherVersion | C::App => (503, "Not reachable"),
        };
        let name =
            serde_json::to_value(code).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        Self(Box::new(Problem {
            kind: format!("urn:understudy:problem:{name}"),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            code,
            field: None,
            tries_left: None,
            retry_after_ms: None,
            session_id: None,
            name: None,
        }))
    }

    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorCode::Invalid, detail);
        error.0.field = Some(field.to_owned());
        error
    }

    pub fn too_many(wait: i64, detail: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorCode::TooMany, detail);
        error.0.retry_after_ms = Some(wait.max(0).unsigned_abs());
        error
    }

    pub fn note_missing(session: uuid::Uuid, person: &str) -> Self {
        let detail = format!(
            "The support note of your session as {person} is still missing. Write it, then ask again."
        );
        let mut error = Self::new(ErrorCode::NoteMissing, detail);
        error.0.session_id = Some(session);
        error
    }

    pub fn review_missing(session: uuid::Uuid, person: &str) -> Self {
        let detail = format!(
            "Your session as {person} rested on an exceptional case, and its review is late. Ask a team lead for it; \
             until then ask the person for their consent."
        );
        let mut error = Self::new(ErrorCode::ReviewMissing, detail);
        error.0.session_id = Some(session);
        error
    }

    pub fn person_busy(who: &str) -> Self {
        let detail = format!("{who} is in this person's account right now. Try again when they have exited.");
        let mut error = Self::new(ErrorCode::PersonBusy, detail);
        error.0.name = Some(who.to_owned());
        error
    }

    pub fn signed_out() -> Self {
        Self::new(ErrorCode::SignedOut, "Your sign-in is over. Sign in again to go on.")
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("There is no such {what}, or you may not see it."))
    }

    pub fn misdirected() -> Self {
        let detail =
            "This server answers to its configured address only. Ask your administrator for that address.";
        Self::new(ErrorCode::Misdirected, detail)
    }

    pub fn method_not_allowed() -> Self {
        Self::new(ErrorCode::MethodNotAllowed, "This address knows other methods: see the header Allow.")
    }

    pub fn switched_off() -> Self {
        Self::new(
            ErrorCode::SwitchedOff,
            "An administrator has switched impersonation off, for everybody. Ask them when it will be on again.",
        )
    }

    pub fn request_taken(name: &str) -> Self {
        Self::new(ErrorCode::RequestTaken, format!("{name} has taken this request. Leave it to them."))
    }

    pub fn request_answered() -> Self {
        Self::new(ErrorCode::RequestAnswered, "This request no longer waits for an answer.")
    }

    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "request failed");
        Self::new(
            ErrorCode::Internal,
            "The server could not do this and has logged why. Try again in a moment.",
        )
    }

    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    pub fn problem(&self) -> &Problem {
        &self.0
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.0.retry_after_ms.map(|ms| [(header::RETRY_AFTER, ms.div_ceil(1_000).to_string())]);
        let body = [(header::CONTENT_TYPE, "application/problem+json")];
        let challenge =
            (status == StatusCode::UNAUTHORIZED).then_some([(header::WWW_AUTHENTICATE, "Bearer")]);
        (status, retry, challenge, body, Json(*self.0)).into_response()
    }
}

impl From<sea_orm::DbErr> for ApiError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::internal(&error)
    }
}

impl From<crate::store::WriteError> for ApiError {
    fn from(error: crate::store::WriteError) -> Self {
        Self::internal(&error)
    }
}

/// What a refusal of the rules says to the one who made the request.
impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let again = "Request a new code.";
        match refusal {
            Refusal::WrongCode { tries_left } => {
                let detail = match tries_left {
                    0 => format!("That code is not right. That was the last try. {again}"),
                    1 => "That code is not right. 1 try left. Check the latest message: an older code no longer works."
                        .to_owned(),
                    n => format!(
                        "That code is not right. {n} tries left. Check the latest message: an older code no longer works."
                    ),
                };
                let mut error = Self::new(ErrorCode::WrongCode, detail);
                error.0.tries_left = Some(tries_left);
                error
            }
            Refusal::OwnRequest => Self::new(
                ErrorCode::OwnRequest,
                "This is your own request, and nobody answers their own. Another administrator has to.",
            ),
            Refusal::TakenBy(_) => Self::request_taken("Another administrator"),
            Refusal::NotTaken => {
                Self::new(ErrorCode::NotTaken, "Take the request first, so that nobody else answers it too.")
            }
            Refusal::NotPending => Self::request_answered(),
            Refusal::NotHandedOver => Self::new(
                ErrorCode::NotHandedOver,
                "An administrator has not handed the code over yet. Wait until they do.",
            ),
            Refusal::NotDelivered => Self::new(
                ErrorCode::NotVerified,
                "The code has not arrived anywhere yet. Wait until it is shown as sent, then enter it.",
            ),
            Refusal::CodeUsed => Self::new(
                ErrorCode::CodeUsed,
                "This code was used already; each code works once. Go on to start the session.",
            ),
            Refusal::NotVerified => Self::new(ErrorCode::NotVerified, "Enter the code first."),
            Refusal::AlreadyStarted => Self::new(ErrorCode::CodeUsed, "This session has started already."),
            Refusal::NotLive => Self::new(ErrorCode::SessionEnded, "No session is running for this request."),
            Refusal::Closed(Closed::Expired) => {
                Self::new(ErrorCode::CodeExpired, format!("The time for this code has run out. {again}"))
            }
            Refusal::Closed(Closed::Replaced) => Self::new(
                ErrorCode::RequestReplaced,
                "A newer request of yours took the place of this one. Use the newest code.",
            ),
            Refusal::Closed(Closed::TooManyTries) => Self::new(
                ErrorCode::TooManyTries,
                format!("Too many wrong codes ended this request. {again}"),
            ),
            Refusal::Closed(Closed::Cancelled) => {
                Self::new(ErrorCode::RequestCancelled, format!("This request was cancelled. {again}"))
            }
            Refusal::Closed(Closed::Undeliverable) => Self::new(
                ErrorCode::Undeliverable,
                "The code could not be delivered. Ask your administrator to check the mail settings, then request a new code.",
            ),
            Refusal::NotAgreed => Self::new(
                ErrorCode::ConsentMissing,
                "The person has not answered yet. The code comes when they have agreed.",
            ),
            Refusal::NotAsked => Self::new(
                ErrorCode::ConsentUnavailable,
                "This question was answered already, or its time has run out. Nothing was changed.",
            ),
            Refusal::NoMoreTime => Self::new(
                ErrorCode::LimitReached,
                "This session cannot last any longer. Finish, exit, and request a new code if there is more to do.",
            ),
            Refusal::Closed(Closed::ConsentDeclined) => Self::new(
                ErrorCode::ConsentMissing,
                "The person has declined. Talk to them before you ask again.",
            ),
            Refusal::Closed(Closed::ConsentUnanswered) => Self::new(
                ErrorCode::ConsentMissing,
                "The person has not answered in time. Talk to them, then ask again.",
            ),
            Refusal::Closed(Closed::Raised) => {
                Self::new(ErrorCode::CodeUsed, "This request has done what it was made for.")
            }
            Refusal::Closed(Closed::SwitchedOff) => Self::switched_off(),
            Refusal::Closed(Closed::Denied) => Self::new(
                ErrorCode::RequestDenied,
                "An administrator has denied this code. Read why, and talk to them before you ask again.",
            ),
            Refusal::Closed(Closed::Unanswered) => Self::new(
                ErrorCode::RequestUnanswered,
                "No administrator has answered this request in time. Ask one, then request a new code.",
            ),
            Refusal::Ended(cause) => Self::new(ErrorCode::SessionEnded, ended(cause)),
        }
    }
}

/// An error and what lies under it, for the log: "error sending request: invalid peer certificate: UnknownIssuer".
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    all.collect::<Vec<_>>().join(": ")
}

/// How a session ended, in a sentence.
pub fn ended(cause: EndCause) -> &'static str {
    match cause {
        EndCause::Exit => "The session has ended: impersonation was exited.",
        EndCause::Limit => "The session has ended: its time was up.",
        EndCause::Idle => "The session has ended: nothing was done in it for a while.",
        EndCause::ClientLost => "The session has ended: the app was no longer heard of.",
        EndCause::ConsentWithdrawn => "The session has ended: the person withdrew their consent.",
        EndCause::StoppedByStaff => "The session has ended: an administrator ended it.",
        EndCause::StaffDisabled => "The session has ended: the staff account may no longer impersonate.",
        EndCause::SwitchedOff => "The session has ended: impersonation is switched off.",
    }
}
