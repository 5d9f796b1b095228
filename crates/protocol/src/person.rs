//! The person's side: what was done in their account, and what they are asked.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{EndCause, Exception, Mode};

/// What a change does that takes an account over, or its money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Password,
    BankDetails,
    /// E-mail, phone, second factor, keys.
    SignIn,
}

/// `POST /api/sessions/{id}/ask`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AskPerson {
    /// The impersonation token.
    pub token: String,
    pub scope: Scope,
}

/// How a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    Asked,
    /// One change may be made.
    Allowed,
    Declined,
    /// Nobody answered, or nobody used the answer, in time.
    Lapsed,
    Used,
}

/// A question to the person: may this one thing be changed, once?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct Question {
    pub id: Uuid,
    pub session_id: Uuid,
    pub scope: Scope,
    pub state: ConsentState,
    /// Until the answer, or the change, is too late.
    #[ts(type = "number")]
    pub left_ms: u64,
    /// Whoever came to answer has signed in while somebody was in the account, so their yes does not count.
    #[serde(default)]
    pub signed_in_late: bool,
}

/// What opens the person's page: a link from a mail, or the platform's word for who is signed in there.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonKey {
    Link(String),
    Assertion(String),
}

/// `POST /api/person`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenPersonPage {
    pub key: PersonKey,
}

/// `POST /api/person/answer`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AnswerQuestion {
    pub link: String,
    /// The question's ID, or that of the request that asks.
    pub question: Uuid,
    pub allow: bool,
    /// What was read, word for word: a yes to anything else is none.
    pub text: String,
    /// The language of the text that was read: `en` or `fr`.
    pub language: String,
}

/// `POST /api/person/end`
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EndAsPerson {
    pub link: String,
    pub session: Uuid,
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Said {
    pub en: String,
    pub fr: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonPage {
    pub installation: String,
    /// What opens the page again where an assertion did.
    pub link: String,
    /// Whether an answer from here counts.
    pub may_answer: bool,
    /// The page of the platform from which answers count, where they do not from here.
    pub answer_at: Option<String>,
    /// The sign-in began while somebody was in the account: it may be theirs. It declines and ends, no more.
    pub signed_in_late: bool,
    pub questions: Vec<PersonQuestion>,
    /// Newest first.
    pub sessions: Vec<PersonSession>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonQuestion {
    pub id: Uuid,
    pub state: ConsentState,
    /// What an answer answers, word for word; the record keeps it.
    pub text: Said,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonSession {
    pub id: Uuid,
    pub staff: String,
    pub reason: String,
    pub ticket: Option<String>,
    pub mode: Mode,
    /// Since when changes are allowed, where they were not from the beginning.
    #[serde(default)]
    pub changes_since: Option<DateTime<Utc>>,
    /// Why, as it was said then.
    #[serde(default)]
    pub changes_reason: Option<String>,
    /// What staff state that they agreed to, and where that is to be found.
    #[serde(default)]
    pub statements: Vec<Said>,
    /// What was begun without asking them, and why.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub end_cause: Option<EndCause>,
    /// What the installation calls it, and how often; in the order of the first time.
    pub viewed: Vec<Counted>,
    pub changed: Vec<Counted>,
    pub refused: Vec<Counted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counted {
    pub name: String,
    /// Its name in other languages, by their tags (BCP 47).
    pub names: BTreeMap<String, String>,
    pub times: u32,
}
