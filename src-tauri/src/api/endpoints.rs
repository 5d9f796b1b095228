//! One function for each endpoint, with the types of `understudy-protocol`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{ACCEPT, DATE};
use reqwest::{Method, Response};
use secrecy::{ExposeSecret, SecretString};
use understudy_protocol::{
    AskPerson, Deny, Enrol, Enrolment, ErrorCode, Handoff, InboxEntry, Lease, LiftNote, NewNote, NewRaise,
    NewRequest, NewReview, Note, PendingRequest, PeoplePage, PeopleQuery, Person, Question, Raise,
    RecoveryCodes, Renew, Request, RequestsPage, RequestsQuery, Review, Scope, SecondFactor, ServerInfo,
    Session, SessionDetail, SessionsPage, SessionsQuery, SetSwitch, ShowFactor, Started, Switch, VerifyCode,
    WithToken,
};
use uuid::Uuid;

use super::{ANSWER_TIMEOUT, Api, Server};
use crate::contract::CommandError;
use crate::error::Result;

/// A renewal that hangs must leave time for another one before the lease is over.
const LEASE_TIMEOUT: Duration = Duration::from_secs(8);

/// What the server says of itself.
#[derive(Clone)]
pub(crate) struct Info {
    pub(crate) server: ServerInfo,
    /// By how much this computer's clock is ahead of the server's; to the second, and what the answer took.
    pub(crate) clock_ahead_ms: Option<i64>,
}

impl Server {
    pub(crate) async fn info(&self) -> Result<Info> {
        let request = self.request(Method::GET, "/api/info")?.timeout(ANSWER_TIMEOUT);
        let response = self.send(request).await?;
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        let clock_ahead_ms = date.map(|date| (Utc::now() - date.to_utc()).num_milliseconds());
        let server = self.read(response).await.map_err(|error| match error.code {
            ErrorCode::Internal | ErrorCode::App => CommandError::no_server(&self.origin()),
            _ => error,
        })?;
        Ok(Info { server, clock_ahead_ms })
    }
}

impl Api {
    pub(crate) async fn second_factor(&self) -> Result<SecondFactor> {
        self.get("/api/second-factor").await
    }

    pub(crate) async fn enrol_second_factor(&self, password: String) -> Result<Enrolment> {
        self.post("/api/second-factor/enrol", &Enrol { password }).await
    }

    pub(crate) async fn confirm_second_factor(&self, code: String) -> Result<RecoveryCodes> {
        self.post("/api/second-factor/confirm", &ShowFactor { code }).await
    }

    pub(crate) async fn verify_second_factor(&self, code: String) -> Result<SecondFactor> {
        self.post("/api/second-factor/verify", &ShowFactor { code }).await
    }

    pub(crate) async fn list_people(&self, query: &PeopleQuery) -> Result<PeoplePage> {
        self.query("/api/people", query).await
    }

    pub(crate) async fn find_person(&self, identifier: &str) -> Result<Person> {
        self.query("/api/people/find", &[("identifier", identifier)]).await
    }

    pub(crate) async fn request_code(&self, request: &NewRequest) -> Result<Request> {
        self.post("/api/requests", request).await
    }

    pub(crate) async fn get_request(&self, id: Uuid) -> Result<Request> {
        self.get(&format!("/api/requests/{id}")).await
    }

    pub(crate) async fn current_request(&self) -> Result<Option<Request>> {
        self.get("/api/requests/current").await
    }

    pub(crate) async fn cancel_request(&self, id: Uuid) -> Result<Request> {
        self.post_empty(&format!("/api/requests/{id}/cancel")).await
    }

    pub(crate) async fn verify_code(&self, id: Uuid, code: String) -> Result<Request> {
        self.post(&format!("/api/requests/{id}/verify"), &VerifyCode { code }).await
    }

    pub(crate) async fn list_inbox(&self) -> Result<Vec<InboxEntry>> {
        self.get("/api/inbox").await
    }

    pub(crate) async fn list_approvals(&self) -> Result<Vec<PendingRequest>> {
        self.get("/api/approvals").await
    }

    pub(crate) async fn take_request(&self, id: Uuid) -> Result<PendingRequest> {
        self.post_empty(&format!("/api/approvals/{id}/take")).await
    }

    pub(crate) async fn hand_over_code(&self, id: Uuid) -> Result<()> {
        self.post_empty(&format!("/api/approvals/{id}/hand-over")).await
    }

    pub(crate) async fn deny_code(&self, id: Uuid, reason: String) -> Result<()> {
        self.post(&format!("/api/approvals/{id}/deny"), &Deny { reason }).await
    }

    pub(crate) async fn start_session(&self, id: Uuid) -> Result<Started> {
        self.post_empty(&format!("/api/requests/{id}/start")).await
    }

    pub(crate) async fn renew_lease(&self, id: Uuid, token: &SecretString, idle: Duration) -> Result<Lease> {
        let server = self.server()?;
        let body = Renew {
            token: token.expose_secret().to_owned(),
            idle_ms: u64::try_from(idle.as_millis()).unwrap_or(u64::MAX),
        };
        let request = server
            .request(Method::POST, &format!("/api/sessions/{id}/lease"))?
            .timeout(LEASE_TIMEOUT)
            .json(&body);
        let response = self.authorised(&server, request).await?;
        server.read(response).await
    }

    pub(crate) async fn resume_session(&self, id: Uuid) -> Result<Request> {
        self.post_empty(&format!("/api/sessions/{id}/resume")).await
    }

    pub(crate) async fn ask_to_act(&self, id: Uuid, token: &SecretString, wanted: Raise) -> Result<Request> {
        let body = NewRaise { token: token.expose_secret().to_owned(), wanted };
        self.post(&format!("/api/sessions/{id}/raise"), &body).await
    }

    pub(crate) async fn raise_session(&self, request: Uuid, token: &SecretString) -> Result<Session> {
        self.post(&format!("/api/requests/{request}/raise"), &with_token(token)).await
    }

    pub(crate) async fn extend_session(&self, id: Uuid, token: &SecretString) -> Result<Lease> {
        self.post(&format!("/api/sessions/{id}/extend"), &with_token(token)).await
    }

    pub(crate) async fn ask_person(&self, id: Uuid, token: &SecretString, scope: Scope) -> Result<Question> {
        let body = AskPerson { token: token.expose_secret().to_owned(), scope };
        self.post(&format!("/api/sessions/{id}/ask"), &body).await
    }

    pub(crate) async fn handoff(&self, id: Uuid, token: &SecretString) -> Result<Handoff> {
        self.post(&format!("/api/sessions/{id}/handoff"), &with_token(token)).await
    }

    pub(crate) async fn end_session(&self, id: Uuid) -> Result<Session> {
        self.post_empty(&format!("/api/sessions/{id}/end")).await
    }

    /// The end of one whose app was gone before.
    pub(crate) async fn end_lost_session(&self, id: Uuid) -> Result<Session> {
        self.post_empty(&format!("/api/sessions/{id}/end?lost=true")).await
    }

    pub(crate) async fn list_sessions(&self, query: &SessionsQuery) -> Result<SessionsPage> {
        self.query("/api/sessions", query).await
    }

    pub(crate) async fn list_requests(&self, query: &RequestsQuery) -> Result<RequestsPage> {
        self.query("/api/requests", query).await
    }

    pub(crate) async fn get_session(&self, id: Uuid) -> Result<SessionDetail> {
        self.get(&format!("/api/sessions/{id}")).await
    }

    pub(crate) async fn write_note(&self, id: Uuid, note: &NewNote) -> Result<Note> {
        self.post(&format!("/api/sessions/{id}/note"), note).await
    }

    pub(crate) async fn lift_note(&self, id: Uuid, lift: &LiftNote) -> Result<Session> {
        self.post(&format!("/api/sessions/{id}/note/lift"), lift).await
    }

    pub(crate) async fn review_session(&self, id: Uuid, review: &NewReview) -> Result<Review> {
        self.post(&format!("/api/sessions/{id}/review"), review).await
    }

    pub(crate) async fn switch(&self) -> Result<Switch> {
        self.get("/api/switch").await
    }

    pub(crate) async fn set_switch(&self, set: &SetSwitch) -> Result<Switch> {
        self.post("/api/switch", set).await
    }

    /// Opens the stream of events after `cursor`; from now on without one. It stays open.
    pub(crate) async fn events(&self, cursor: Option<i64>) -> Result<Response> {
        let server = self.server()?;
        let mut request = server.request(Method::GET, "/api/events")?.header(ACCEPT, "text/event-stream");
        if let Some(cursor) = cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        let response = self.authorised(&server, request).await?;
        server.refuse_errors(response).await
    }

    pub(super) async fn tell_sign_out(&self) -> Result<()> {
        self.post_empty("/api/sign-out").await
    }
}

fn with_token(token: &SecretString) -> WithToken {
    WithToken { token: token.expose_secret().to_owned() }
}
