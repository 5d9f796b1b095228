//! The platform's word for who is signed in there: a signed assertion (RFC 7519, EdDSA), good for a minute.

use std::time::{Duration, Instant};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use tokio::sync::Mutex;
use understudy_protocol::ErrorCode;
use understudy_rules::{Millis, SECOND};
use url::Url;

use crate::{
    config::{Config, PersonConfig},
    error::{ApiError, ApiResult, chain},
    tls,
};

/// By how much the two clocks may differ.
pub const LEEWAY: Millis = 5 * SECOND;
/// How long the platform's keys are taken for current; a key that it withdraws is withdrawn after that.
const FRESH: Duration = Duration::from_secs(10);
/// How long an assertion may be good.
const LONGEST: Millis = 120 * SECOND;

pub struct Vouching {
    client: reqwest::Client,
    jwks: Option<Url>,
    validation: Validation,
    /// The platform's keys, and when they were read: strangers may send assertions, too.
    known: Mutex<Option<(Instant, JwkSet)>>,
}

#[derive(Deserialize)]
struct Claims {
    /// The person's ID.
    sub: String,
    /// When they signed in, as OpenID Connect has it.
    auth_time: Millis,
    iat: Millis,
    exp: Millis,
    /// Who acts for the person (RFC 8693): then it is not the person.
    act: Option<serde_json::Value>,
}

/// Somebody whom the platform vouches for.
pub struct Vouched {
    pub person: String,
    pub auth_time: Millis,
}

impl Vouching {
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        let platform = config.platform.origin.first().map(|origin| origin.platform.origin());
        validation.set_issuer(&[platform.map(|origin| origin.ascii_serialization()).unwrap_or_default()]);
        validation.set_audience(&[config.issuer()]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        // Time is the database's, below.
        validation.validate_exp = false;
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_backend_preconfigured(tls::client(config)?)
            .build()?;
        let jwks = match &config.platform.person {
            Some(PersonConfig::Platform { jwks, .. }) => Some(jwks.clone()),
            _ => None,
        };
        Ok(Self { client, jwks, validation, known: Mutex::default() })
    }

    /// Who it is, if the assertion is the platform's, for us, good now, and the person's own.
    pub async fn verify(&self, assertion: &str, now: Millis) -> ApiResult<Vouched> {
        let refused = |why: &str| {
            tracing::warn!(why, "an assertion of the platform is not accepted");
            ApiError::new(
                ErrorCode::Forbidden,
                "The platform's word for who you are is not good here. Open the page from your account again.",
            )
        };
        let Some(jwks) = &self.jwks else { return Err(refused("none is expected here")) };
        let kid = decode_header(assertion).ok().and_then(|header| header.kid);
        let kid = kid.ok_or_else(|| refused("it names no key"))?;
        let keys = self.keys(jwks).await.map_err(|error| {
            tracing::warn!(error = chain(&error.without_url()), "the platform's keys cannot be read");
            ApiError::new(
                ErrorCode::DirectoryUnavailable,
                "The platform cannot vouch for you right now. Try again in a moment.",
            )
        })?;
        let key = keys.find(&kid).and_then(|key| DecodingKey::from_jwk(key).ok());
        let key = key.ok_or_else(|| refused("its key is unknown"))?;
        let claims = decode::<Claims>(assertion, &key, &self.validation)
            .map_err(|error| refused(&error.to_string()))?
            .claims;
        let (from, until) = (claims.iat * SECOND, claims.exp * SECOND);
        if claims.act.is_some() {
            return Err(refused("somebody acts for the person"));
        }
        if until - from > LONGEST || now < from - LEEWAY || now > until + LEEWAY {
            return Err(refused("its time is over, or too long"));
        }
        let auth_time = claims.auth_time * SECOND;
        if auth_time > now + LEEWAY {
            return Err(refused("its sign-in is in the future"));
        }
        Ok(Vouched { person: claims.sub, auth_time })
    }

    async fn keys(&self, jwks: &Url) -> reqwest::Result<JwkSet> {
        let mut known = self.known.lock().await;
        if let Some((_, keys)) = known.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(keys.clone());
        }
        let keys: JwkSet = self.client.get(jwks.clone()).send().await?.error_for_status()?.json().await?;
        *known = Some((Instant::now(), keys.clone()));
        Ok(keys)
    }
}
