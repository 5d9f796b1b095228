//! Meridian's word for who is signed in: a signed assertion for the page on which people see, and answer, those
//! who act in their account.
//!
//! It is made for a sign-in of the person's own and for nothing else: whoever acts as somebody gets none.

use axum::http::HeaderValue;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use url::Url;

use crate::{Identity, auth::SignedIn};

const GOOD_FOR: TimeDelta = TimeDelta::seconds(60);
/// One key, new at every start; whoever checks reads it anew.
const KEY_ID: &str = "meridian-1";

pub(crate) struct Vouching {
    key: EncodingKey,
    jwks: Value,
    page: Url,
    issuer: String,
    audience: String,
}

impl Vouching {
    pub(crate) fn new(identity: &Identity, origin: &str) -> anyhow::Result<Self> {
        let key = SigningKey::from_bytes(&rand::random());
        let public = BASE64URL_NOPAD.encode(key.verifying_key().as_bytes());
        Ok(Self {
            key: EncodingKey::from_ed_der(key.to_pkcs8_der()?.as_bytes()),
            jwks: json!({ "keys": [{
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": KEY_ID, "x": public,
            }] }),
            page: identity.person_page.clone(),
            issuer: origin.to_owned(),
            audience: identity.issuer.clone(),
        })
    }

    pub(crate) fn jwks(&self) -> &Value {
        &self.jwks
    }

    /// The address of the page for this person, who signed in themselves; none for whoever acts as them.
    pub(crate) fn page_for(&self, account: &SignedIn, now: DateTime<Utc>) -> anyhow::Result<Option<Url>> {
        if account.session.impersonation.is_some() {
            return Ok(None);
        }
        let claims = json!({
            "iss": self.issuer,
            "aud": self.audience,
            "sub": account.person.id,
            "auth_time": account.session.since.timestamp(),
            "iat": now.timestamp(),
            "exp": (now + GOOD_FOR).timestamp(),
        });
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(KEY_ID.to_owned());
        let mut page = self.page.clone();
        page.set_fragment(Some(&format!("assertion={}", jsonwebtoken::encode(&header, &claims, &self.key)?)));
        Ok(Some(page))
    }

    /// What the page around it may show.
    pub(crate) fn policy(&self) -> Option<HeaderValue> {
        let frames = self.page.origin().ascii_serialization();
        let policy = format!("{}; frame-src {frames}", crate::router::CONTENT_SECURITY_POLICY);
        HeaderValue::from_str(&policy).ok()
    }
}
