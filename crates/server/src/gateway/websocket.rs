//! WebSockets: what the platform says passes; what the page says is recorded, or refused in mode `view`.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header},
    response::Response,
};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};
use tokio_util::sync::CancellationToken;
use understudy_rules::passage::{Class, Mode, Route, needs_at};
use uuid::Uuid;

use super::{
    body::{Fields, until_ended},
    headers, jar,
    proxy::Passing,
    refusal,
};
use crate::{
    Shared,
    error::{ApiResult, chain},
    impersonations::write_while_live,
    store::{Entry, Job},
};

/// Whether the client asks for a WebSocket (RFC 6455, section 4.1). A request that brings a body asks for
/// something else, and is passed on without the upgrade.
pub fn is_upgrade(method: &Method, headers: &HeaderMap) -> bool {
    let says = |name, token: &str| {
        let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
    };
    let body =
        headers.contains_key(header::CONTENT_LENGTH) || headers.contains_key(header::TRANSFER_ENCODING);
    method == Method::GET
        && !body
        && says(header::CONNECTION, "upgrade")
        && says(header::UPGRADE, "websocket")
}

/// Opens the socket at the platform and then the client's. `entry` is the record of the handshake.
pub(super) async fn tunnel(
    passing: &Passing<'_>,
    mut request: Request,
    client: &HeaderMap,
    entry: u64,
    route: Option<&Route>,
) -> ApiResult<Response> {
    let core = &passing.gateway.core;
    let session = passing.session;
    let ours = request.extensions_mut().remove::<OnUpgrade>();
    let upgrade = [(header::CONNECTION, "Upgrade"), (header::UPGRADE, "websocket")];
    for (name, value) in upgrade.clone() {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // Compression would hide from the record what was said.
    request.headers_mut().remove(header::SEC_WEBSOCKET_EXTENSIONS);
    let (mut parts, _) = request.into_parts();
    parts.extensions.clear();
    let path = parts.uri.path().to_owned();
    let asked = passing.gateway.client.request(Request::from_parts(parts, Body::empty()));
    let answer = tokio::select! {
        biased;
        () = session.ended.cancelled() => None,
        answer = asked => answer.inspect_err(|error| tracing::warn!(error = chain(error), "the platform did not answer")).ok(),
    };
    let Some(mut answer) = answer else {
        passing.answered(entry, None, &Fields::default(), jar::Sorted::default()).await?;
        return Ok(refusal::no_platform(client));
    };
    let now = core.store.now().await?;
    let cookies = jar::sort(core, session.row.id, passing.origin, &path, answer.headers(), now);
    let mut released = headers::to_client(answer.headers(), &passing.gateway.origins, passing.origin);
    for cookie in &cookies.through {
        released.append(header::SET_COOKIE, cookie.clone());
    }
    match passing.answered(entry, Some(answer.status()), &Fields::default(), cookies).await {
        Ok(true) => {}
        Ok(false) => return Ok(refusal::no_session(client)),
        Err(error) => return Ok(refusal::answer_not_recorded(client, &error)),
    }
    let (Some(ours), StatusCode::SWITCHING_PROTOCOLS) = (ours, answer.status()) else {
        let (mut parts, body) = answer.into_parts();
        parts.headers = released;
        parts.version = Version::HTTP_11;
        parts.extensions.clear();
        return Ok(Response::from_parts(parts, until_ended(Body::new(body), session.ended.clone())));
    };
    let theirs = hyper::upgrade::on(&mut answer);
    let reads = route.is_some_and(|route| route.class == Class::Reads);
    let mute = if reads {
        None
    } else if session.mode == Mode::View {
        Some("This session is view only.")
    } else {
        needs_at(&passing.gateway.routes, &path)
            .map(|_| "This takes the person's consent, which a socket cannot carry.")
    };
    let relay = Relay {
        core: core.clone(),
        session: session.row.id,
        entry: passing.entry("frame", json!({})),
        handshake: entry,
        mute,
        changes: !reads,
        ended: session.ended.clone(),
    };
    tokio::spawn(async move {
        if let (Ok(ours), Ok(theirs)) = (ours.await, theirs.await) {
            relay.run(ours, theirs).await;
        }
    });
    for (name, value) in upgrade {
        released.insert(name, HeaderValue::from_static(value));
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *response.headers_mut() = released;
    Ok(response)
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

struct Relay {
    core: Shared,
    session: Uuid,
    /// What each frame's entry has in common.
    entry: Entry,
    handshake: u64,
    /// Why the page may say nothing; none where it may.
    mute: Option<&'static str>,
    /// Whether what the page says may change something.
    changes: bool,
    ended: CancellationToken,
}

impl Relay {
    async fn run(self, ours: Upgraded, theirs: Upgraded) {
        let mut client = WebSocketStream::from_raw_socket(TokioIo::new(ours), Role::Server, None).await;
        let mut platform = WebSocketStream::from_raw_socket(TokioIo::new(theirs), Role::Client, None).await;
        // Around the whole of it: a peer that does not read must not hold up the end.
        let goodbye = tokio::select! {
            biased;
            () = self.ended.cancelled() => Some("The session has ended."),
            goodbye = self.talk(&mut client, &mut platform) => goodbye,
        };
        let reason = goodbye.map(|reason| CloseFrame { code: CloseCode::Policy, reason: reason.into() });
        // Either may be gone; a second is enough for a polite end.
        let polite = async { tokio::join!(client.close(reason), platform.close(None)) };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(500), polite).await;
    }

    /// Passes on what both say until one of them is done; answers why, where it was not their wish.
    async fn talk(&self, client: &mut Socket, platform: &mut Socket) -> Option<&'static str> {
        loop {
            tokio::select! {
                said = client.next() => {
                    let message = said?.ok()?;
                    match self.recorded(&message).await {
                        Ok(None) => {}
                        Ok(Some(why)) => return Some(why),
                        Err(_) => return Some("This could not be recorded."),
                    }
                    platform.send(message).await.ok()?;
                }
                said = platform.next() => client.send(said?.ok()?).await.ok()?,
            }
        }
    }

    /// Makes what the page says durable before it is passed on; answers why, where it may say nothing.
    async fn recorded(&self, message: &Message) -> ApiResult<Option<&'static str>> {
        let (Message::Text(_) | Message::Binary(_)) = message else { return Ok(None) };
        let bytes = message.clone().into_data();
        let mut entry = self.entry.clone();
        entry.kind = if self.mute.is_none() { "frame" } else { "frame_refused" };
        entry.details = json!({
            "entry": self.handshake,
            "changes": self.changes,
            "bytes": bytes.len(),
            "sha256": data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes)),
        });
        write_while_live(&self.core, self.session, Job { entries: vec![entry], ..Job::default() }).await?;
        Ok(self.mute)
    }
}
