//! WebSockets: what the platform says passes; what the page says is recorded, or refused in mode `view`.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
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
use understudy_rules::passage::{Class, Mode, Route};
use uuid::Uuid;

use super::{body::Fields, headers, jar, proxy::Passing, refusal};
use crate::{
    Shared,
    error::ApiResult,
    impersonations::write_while_live,
    store::{Entry, Job},
};

/// Whether the client asks for a WebSocket (RFC 6455, section 4.1).
pub fn is_upgrade(method: &Method, headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE);
    method == Method::GET && upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
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
    let Ok(mut answer) = passing.gateway.client.request(Request::from_parts(parts, Body::empty())).await
    else {
        passing.answered(entry, None, &Fields::default(), jar::Sorted::default()).await?;
        return Ok(refusal::no_platform(client));
    };
    let now = core.store.now().await?;
    let cookies = jar::sort(core, session.row.id, passing.origin, "/", answer.headers(), now);
    if !passing.answered(entry, Some(answer.status()), &Fields::default(), cookies).await? {
        return Ok(refusal::no_session(client));
    }
    let mut released = headers::to_client(answer.headers(), &passing.gateway.origins);
    let (Some(ours), StatusCode::SWITCHING_PROTOCOLS) = (ours, answer.status()) else {
        let (mut parts, body) = answer.into_parts();
        parts.headers = released;
        parts.extensions.clear();
        return Ok(Response::from_parts(parts, Body::new(body)));
    };
    let theirs = hyper::upgrade::on(&mut answer);
    let relay = Relay {
        core: core.clone(),
        session: session.row.id,
        entry: passing.entry("frame", json!({})),
        handshake: entry,
        may_speak: session.mode == Mode::Act || route.is_some_and(|route| route.class == Class::Reads),
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

struct Relay {
    core: Shared,
    session: Uuid,
    /// What each frame's entry has in common.
    entry: Entry,
    handshake: u64,
    may_speak: bool,
    ended: CancellationToken,
}

impl Relay {
    async fn run(self, ours: Upgraded, theirs: Upgraded) {
        let mut client = WebSocketStream::from_raw_socket(TokioIo::new(ours), Role::Server, None).await;
        let mut platform = WebSocketStream::from_raw_socket(TokioIo::new(theirs), Role::Client, None).await;
        let goodbye = loop {
            tokio::select! {
                biased;
                () = self.ended.cancelled() => break Some("The session has ended."),
                said = client.next() => {
                    let Some(Ok(message)) = said else { break None };
                    match self.recorded(&message).await {
                        Ok(true) => {}
                        Ok(false) => break Some("This session is view only."),
                        Err(_) => break Some("This could not be recorded."),
                    }
                    if platform.send(message).await.is_err() { break None }
                }
                said = platform.next() => {
                    let Some(Ok(message)) = said else { break None };
                    if client.send(message).await.is_err() { break None }
                }
            }
        };
        let reason = goodbye.map(|reason| CloseFrame { code: CloseCode::Policy, reason: reason.into() });
        // Either may be gone; a second is enough for a polite end.
        let polite = async { tokio::join!(client.close(reason), platform.close(None)) };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(500), polite).await;
    }

    /// Makes what the page says durable before it is passed on; `false` where it may say nothing.
    async fn recorded(&self, message: &Message) -> ApiResult<bool> {
        let (Message::Text(_) | Message::Binary(_)) = message else { return Ok(true) };
        let bytes = message.clone().into_data();
        let mut entry = self.entry.clone();
        entry.kind = if self.may_speak { "frame" } else { "frame_refused" };
        entry.details = json!({
            "entry": self.handshake,
            "bytes": bytes.len(),
            "sha256": data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes)),
        });
        write_while_live(&self.core, self.session, Job { entries: vec![entry], ..Job::default() }).await?;
        Ok(self.may_speak)
    }
}
