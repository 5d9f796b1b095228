//! One request on its way through the gateway.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, Version, header, request::Parts},
    response::Response,
};
use serde_json::{Value, json};
use understudy_protocol::{ErrorCode, Event, RefusalReason};
use understudy_rules::{
    consent::Scope,
    passage::{Barred, Passage, Route, decide},
};

use super::{
    Gateway,
    body::{Fields, none as no_body, observed, parameter_names, until_ended},
    headers, jar, refusal,
    session::{self, GatewaySession},
    websocket,
};
use crate::{
    api::{host_of, is_host},
    config::{Origin, UNNAMED},
    consent::{self, Taken},
    error::{ApiError, ApiResult, chain},
    impersonations::{self, name_of, named, write_while_live},
    store::{Entry, Job, NewEvent},
    switch,
};

/// Before the name of what was refused, in the record.
pub const TRIED: &str = "Tried: ";

impl Gateway {
    /// Index of the origin that a request addresses.
    pub fn origin_of<B>(&self, request: &axum::http::Request<B>) -> Option<usize> {
        let host = host_of(request)?;
        self.origins.iter().position(|origin| is_host(&origin.gateway, host))
    }
}

/// A task of its own for each: whoever hangs up does not keep the answer out of the record.
pub async fn handle(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let wishes = request.headers().clone();
    let done = tokio::spawn(async move { pass(&gateway, request).await }).await;
    done.unwrap_or_else(|error| {
        tracing::error!(%error, "a request was given up");
        refusal::given_up(&wishes)
    })
}

async fn pass(gateway: &Gateway, request: Request) -> Response {
    let Some(place) = gateway.origin_of(&request) else {
        return refusal::misdirected(request.headers());
    };
    let origin = &gateway.origins[place];
    let wishes = request.headers().clone();
    let session = match session::find(&gateway.core, &wishes, place, &origin.gateway).await {
        Ok(Some(session)) => session,
        // Its cookie has gone with the session; whoever comes back is told why.
        Ok(None) if !switch::is_on(&gateway.core).await => return refusal::switched_off(&wishes),
        Ok(None) => return refusal::no_session(&wishes),
        Err(error) => return refusal::failed(&wishes, &error),
    };
    let passing = Passing { gateway, origin, session: &session };
    let (path, method) = (request.uri().path(), request.method().as_str());
    let query = request.uri().query().unwrap_or_default();
    let done = match decide(&gateway.routes, session.mode, method, path, query) {
        Passage::Asset => passing.asset(request).await,
        Passage::Refuse { route, why } => passing.refuse(request.into_parts().0, route, why, None).await,
        Passage::Forward { route, changes, needs: None } => {
            passing.forward(request, route, changes, None).await
        }
        Passage::Forward { route, needs: Some(scope), .. } => passing.sensitive(request, route, scope).await,
    };
    match done {
        Ok(answer) => answer,
        Err(error) if error.code() == ErrorCode::SessionEnded => refusal::no_session(&wishes),
        Err(error) => refusal::failed(&wishes, &error),
    }
}

/// A request of a session at one origin.
pub(super) struct Passing<'a> {
    pub gateway: &'a Gateway,
    pub origin: &'a Origin,
    pub session: &'a GatewaySession,
}

impl Passing<'_> {
    /// The same for everybody: no identity, no cookies, no record.
    async fn asset(&self, request: Request) -> ApiResult<Response> {
        let (mut parts, body) = request.into_parts();
        parts.headers = headers::to_platform(
            &parts.headers,
            &self.gateway.core.config.platform.identity_header,
            &self.gateway.origins,
        );
        parts.headers.remove(header::AUTHORIZATION);
        parts.headers.remove(header::REFERER);
        parts.uri = self.upstream(&parts.uri)?;
        let wanted = parts.headers.clone();
        let body = until_ended(body, self.session.ended.clone());
        let answer = tokio::select! {
            biased;
            () = self.session.ended.cancelled() => None,
            answer = self.gateway.client.request(Request::from_parts(bare(parts), body)) => Some(answer),
        };
        match answer {
            None => Ok(refusal::no_session(&wanted)),
            Some(Err(_)) => Ok(refusal::no_platform(&wanted)),
            Some(Ok(answer)) => {
                let (mut parts, body) = answer.into_parts();
                parts.headers = headers::to_client(&parts.headers, &self.gateway.origins, self.origin);
                parts.extensions.clear();
                parts.version = Version::HTTP_11;
                Ok(Response::from_parts(parts, until_ended(Body::new(body), self.session.ended.clone())))
            }
        }
    }

    /// Uses up the person's consent to this one change, or refuses.
    async fn sensitive(&self, request: Request, route: Option<&Route>, scope: Scope) -> ApiResult<Response> {
        let (parts, body) = request.into_parts();
        if let Some(taken) = consent::take(&self.gateway.core, &self.session.row, scope).await? {
            let request = Request::from_parts(parts.clone(), body);
            match self.forward(request, route, true, Some(taken)).await {
                // Another change was faster.
                Err(error) if error.code() == ErrorCode::ConsentUnavailable => {}
                done => return done,
            }
        }
        self.refuse(parts, route, Barred::ConsentMissing, Some(scope)).await
    }

    async fn refuse(
        &self,
        request: Parts,
        route: Option<&Route>,
        why: Barred,
        scope: Option<Scope>,
    ) -> ApiResult<Response> {
        let mut details = described(&request.method, &request.uri, route, true);
        details["refused"] = name_of(why).into();
        // The record of something that was not done must not read as if it was.
        details["name"] = format!("{TRIED}{}", details["name"].as_str().unwrap_or_default()).into();
        let reason: Option<RefusalReason> = named(&name_of(why));
        let event = reason.map(|reason| NewEvent {
            staff_id: self.session.row.staff_id,
            overseers: false,
            sign_in_id: None,
            event: Event::ActionRefused {
                session_id: self.session.row.id,
                method: request.method.to_string(),
                path: request.uri.path().chars().take(200).collect(),
                reason,
                scope: scope.and_then(|scope| named(&name_of(scope))),
            },
        });
        let job = Job {
            entries: vec![self.entry("action_refused", details)],
            events: event.into_iter().collect(),
            ..Job::default()
        };
        self.gateway.core.store.write(job).await?;
        Ok(refusal::barred(&request.method, &request.headers, why, scope))
    }

    async fn forward(
        &self,
        mut request: Request,
        route: Option<&Route>,
        changes: bool,
        taken: Option<Taken>,
    ) -> ApiResult<Response> {
        let core = &self.gateway.core;
        // Durable before anything is sent.
        let mut details = described(request.method(), request.uri(), route, changes);
        if let Some(taken) = &taken {
            details["consent"] = json!(taken.id);
        }
        let (guards, events) = taken.map(|taken| (taken.guard, taken.event)).unzip();
        let entry = write_while_live(
            core,
            self.session.row.id,
            Job {
                guards: guards.into_iter().collect(),
                entries: vec![self.entry("action", details)],
                events: events.into_iter().collect(),
                ..Job::default()
            },
        )
        .await?;
        let path = request.uri().path().to_owned();
        let now = core.store.now().await?;
        let platform = self.origin.platform.origin().ascii_serialization();
        let token = self
            .gateway
            .identity
            .sign(&self.session.row, &platform, request.method(), &path, now)
            .map_err(|error| ApiError::internal(&error))?;
        let identity = HeaderValue::from_str(&token).map_err(|error| ApiError::internal(&error))?;
        let identity_header = &core.config.platform.identity_header;
        let client_headers = request.headers().clone();
        let mut sent = headers::to_platform(&client_headers, identity_header, &self.gateway.origins);
        let name = header::HeaderName::try_from(identity_header.as_str())
            .map_err(|error| ApiError::internal(&error))?;
        sent.insert(name, identity);
        let cookies =
            jar::cookies_for(core, self.session.row.id, self.origin, &path, &client_headers, now).await?;
        if let Some(cookies) = cookies {
            sent.insert(header::COOKIE, cookies);
        }
        *request.uri_mut() = self.upstream(request.uri())?;
        if websocket::is_upgrade(request.method(), &client_headers) {
            *request.headers_mut() = sent;
            return websocket::tunnel(self, request, &client_headers, entry, route).await;
        }
        let (mut parts, body) = request.into_parts();
        let head = parts.method == Method::HEAD;
        let text = |name| client_headers.get(name).and_then(|value| value.to_str().ok());
        let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let body = until_ended(body, self.session.ended.clone());
        let (body, fields) = observed(body, text(header::CONTENT_TYPE), length);
        parts.headers = sent;
        let upstream = Request::from_parts(bare(parts), body);
        let answer = tokio::select! {
            biased;
            () = self.session.ended.cancelled() => None,
            answer = self.gateway.client.request(upstream) => Some(answer),
        };
        let answer = match answer {
            Some(Err(error)) => {
                tracing::warn!(error = chain(&error), "the platform did not answer");
                return match self.answered(entry, None, &fields, jar::Sorted::default()).await {
                    Ok(_) => Ok(refusal::no_platform(&client_headers)),
                    Err(error) => Ok(refusal::answer_not_recorded(&client_headers, &error)),
                };
            }
            None => {
                return match self.answered(entry, None, &fields, jar::Sorted::default()).await {
                    Ok(_) => Ok(refusal::no_session(&client_headers)),
                    Err(error) => Ok(refusal::answer_not_recorded(&client_headers, &error)),
                };
            }
            Some(Ok(answer)) => answer,
        };
        let (mut parts, body) = answer.into_parts();
        let cookies = jar::sort(core, self.session.row.id, self.origin, &path, &parts.headers, now);
        parts.headers = headers::to_client(&parts.headers, &self.gateway.origins, self.origin);
        for cookie in &cookies.through {
            parts.headers.append(header::SET_COOKIE, cookie.clone());
        }
        parts.extensions.clear();
        parts.version = Version::HTTP_11;
        // Durable before anything is released.
        match self.answered(entry, Some(parts.status), &fields, cookies).await {
            Ok(true) => {}
            Ok(false) => return Ok(refusal::no_session(&client_headers)),
            Err(error) => return Ok(refusal::answer_not_recorded(&client_headers, &error)),
        }
        let body = if head { no_body() } else { until_ended(Body::new(body), self.session.ended.clone()) };
        Ok(Response::from_parts(parts, body))
    }

    /// Records the answer and keeps its cookies, if the session still lives; says whether it does.
    pub async fn answered(
        &self,
        entry: u64,
        status: Option<StatusCode>,
        fields: &Fields,
        cookies: jar::Sorted,
    ) -> ApiResult<bool> {
        let details =
            json!({ "entry": entry, "status": status.map(|s| s.as_u16()), "fields": fields.names() });
        let entry = self.entry("action_answered", details);
        let alive = Job { effects: cookies.effects, entries: vec![entry.clone()], ..Job::default() };
        match write_while_live(&self.gateway.core, self.session.row.id, alive).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == ErrorCode::SessionEnded => {
                self.gateway.core.store.write(Job { entries: vec![entry], ..Job::default() }).await?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    pub fn entry(&self, kind: &'static str, details: Value) -> Entry {
        impersonations::entry(&self.session.row, kind, details)
    }

    /// The address at the platform: its origin, and exactly the path and query that were matched.
    fn upstream(&self, uri: &Uri) -> ApiResult<Uri> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let origin = self.origin.platform.origin().ascii_serialization();
        format!("{origin}{path}")
            .parse()
            .map_err(|error: axum::http::uri::InvalidUri| ApiError::internal(&error))
    }
}

/// Without what belongs to the client's own connection.
fn bare(mut parts: Parts) -> Parts {
    parts.extensions.clear();
    parts.version = Version::HTTP_11;
    parts
}

/// What the record says of a request: names, never values.
fn described(method: &Method, uri: &Uri, route: Option<&Route>, changes: bool) -> Value {
    let (fallback, _) = UNNAMED[usize::from(changes)];
    json!({
        "name": route.and_then(|route| route.name.as_deref()).unwrap_or(fallback),
        "method": method.as_str(),
        "route": route.map(|route| route.pattern.as_str()),
        "path": uri.path().chars().take(2_000).collect::<String>(),
        "parameters": parameter_names(uri.query().unwrap_or_default().as_bytes()),
        "changes": changes,
    })
}
