//! One function for each endpoint, with the types of `understudy-protocol`.

use std::time::Duration;

use reqwest::header::ACCEPT;
use reqwest::{Method, Response};
use secrecy::{ExposeSecret, SecretString};
use understudy_protocol::{
    Handoff, InboxEntry, Lease, NewNote, NewRequest, Note, PeoplePage, PeopleQuery, Person, Request,
    ServerInfo, Session, SessionDetail, SessionsPage, SessionsQuery, Started, VerifyCode, WithToken,
};
use uuid::Uuid;

use super::{ANSWER_TIMEOUT, Api, Server};
use crate::error::Result;

/// A renewal that hangs must leave time for another one before the lease is over.
const LEASE_TIMEOUT: Duration = Duration::from_secs(8);

impl Server {
    pub(crate) async fn info(&self) -> Result<ServerInfo> {
        let request = self.request(Method::GET, "/api/info")?.timeout(ANSWER_TIMEOUT);
        self.read(self.send(request).await?).await
    }
}

impl Api {
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

    pub(crate) async fn start_session(&self, id: Uuid) -> Result<Started> {
        self.post_empty(&format!("/api/requests/{id}/start")).await
    }

    pub(crate) async fn renew_lease(&self, id: Uuid, token: &SecretString) -> Result<Lease> {
        let server = self.server()?;
        let body = with_token(token);
        let request = server
            .request(Method::POST, &format!("/api/sessions/{id}/lease"))?
            .timeout(LEASE_TIMEOUT)
            .json(&body);
        let response = self.authorised(&server, request).await?;
        server.read(response).await
    }

    pub(crate) async fn handoff(&self, id: Uuid, token: &SecretString) -> Result<Handoff> {
        self.post(&format!("/api/sessions/{id}/handoff"), &with_token(token)).await
    }

    pub(crate) async fn end_session(&self, id: Uuid) -> Result<Session> {
        self.post_empty(&format!("/api/sessions/{id}/end")).await
    }

    pub(crate) async fn list_sessions(&self, query: &SessionsQuery) -> Result<SessionsPage> {
        self.query("/api/sessions", query).await
    }

    pub(crate) async fn get_session(&self, id: Uuid) -> Result<SessionDetail> {
        self.get(&format!("/api/sessions/{id}")).await
    }

    pub(crate) async fn write_note(&self, id: Uuid, note: &NewNote) -> Result<Note> {
        self.post(&format!("/api/sessions/{id}/note"), note).await
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
