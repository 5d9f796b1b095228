//! The gateway's signed identity token: `Understudy-Identity: <JWT>`, EdDSA, good once for one request.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, Method};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header, get_current_timestamp, jwk::JwkSet,
};
use serde::Deserialize;

use super::sessions::Impersonation;
use crate::{Identity, error::Error};

const HEADER: &str = "understudy-identity";
/// Seconds by which the two clocks may differ.
const LEEWAY: u64 = 5;
/// An unknown key is looked up again no sooner than this, whoever sends tokens with made-up keys.
const REFETCH_AFTER: Duration = Duration::from_secs(2);

/// Who a valid token says the request is.
pub(crate) struct AsPerson {
    pub(crate) person: String,
    pub(crate) impersonation: Impersonation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    act: Actor,
    sid: String,
    jti: String,
    htm: String,
    htu: String,
    exp: u64,
}

/// The `act` claim of RFC 8693.
#[derive(Deserialize)]
struct Actor {
    sub: String,
}

pub(crate) struct Verifier {
    origin: String,
    jwks_url: url::Url,
    http: reqwest::Client,
    validation: Validation,
    keys: tokio::sync::Mutex<Keys>,
    /// Tokens used already, with their expiry. In memory: a token outlives a restart by a minute at most.
    used: Mutex<HashMap<String, u64>>,
}

#[derive(Default)]
struct Keys {
    by_id: HashMap<String, DecodingKey>,
    fetched: Option<Instant>,
}

impl Verifier {
    /// `origin` is the platform's own, which `htu` must begin with.
    pub(crate) fn new(identity: Identity, origin: &str) -> anyhow::Result<Self> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[identity.issuer]);
        validation.set_audience(&[identity.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        validation.leeway = LEEWAY;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self {
            origin: origin.to_owned(),
            jwks_url: identity.jwks_url,
            http,
            validation,
            keys: tokio::sync::Mutex::default(),
            used: Mutex::default(),
        })
    }

    /// `None` without a token; an error for one that is not good for exactly this request.
    pub(crate) async fn verify(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Option<AsPerson>, Error> {
        let mut sent = headers.get_all(HEADER).iter();
        let token = match (sent.next(), sent.next()) {
            (None, _) => return Ok(None),
            (Some(token), None) => token.as_bytes(),
            _ => return Err(Error::Identity("More than one identity token.")),
        };
        let kid = decode_header(token).ok().and_then(|header| header.kid);
        let kid = kid.ok_or(Error::Identity("The identity token is not a signed one."))?;
        let key = self
            .key(&kid)
            .await
            .ok_or(Error::Identity("The identity token is signed with an unknown key."))?;
        let claims = decode::<Claims>(token, &key, &self.validation)
            .map_err(|_| Error::Identity("The identity token is forged, expired or for another platform."))?
            .claims;
        if claims.htm != method.as_str() || claims.htu.strip_prefix(&self.origin) != Some(path) {
            return Err(Error::Identity("The identity token is for another request."));
        }
        if !self.first_use(claims.jti, claims.exp) {
            return Err(Error::Identity("The identity token was used before."));
        }
        let impersonation = Impersonation { actor: claims.act.sub, sid: claims.sid };
        Ok(Some(AsPerson { person: claims.sub, impersonation }))
    }

    fn first_use(&self, jti: String, exp: u64) -> bool {
        let now = get_current_timestamp();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, exp| *exp + LEEWAY >= now);
        used.insert(jti, exp).is_none()
    }

    async fn key(&self, kid: &str) -> Option<DecodingKey> {
        let mut keys = self.keys.lock().await;
        let due = keys.fetched.is_none_or(|fetched| fetched.elapsed() > REFETCH_AFTER);
        if !keys.by_id.contains_key(kid) && due {
            keys.fetched = Some(Instant::now());
            match self.fetch().await {
                Ok(by_id) => keys.by_id = by_id,
                Err(error) => tracing::warn!(%error, "the keys of the identity issuer cannot be fetched"),
            }
        }
        keys.by_id.get(kid).cloned()
    }

    async fn fetch(&self) -> reqwest::Result<HashMap<String, DecodingKey>> {
        let answer = self.http.get(self.jwks_url.clone()).send().await?.error_for_status()?;
        let set: JwkSet = answer.json().await?;
        let usable = |jwk: jsonwebtoken::jwk::Jwk| {
            Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(&jwk).ok()?))
        };
        Ok(set.keys.into_iter().filter_map(usable).collect())
    }
}
