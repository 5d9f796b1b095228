//! How the platform is told who the person is: a signed token for each request (RFC 7519; `act` of RFC 8693).

use axum::http::Method;
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use understudy_rules::Millis;
use uuid::Uuid;

use crate::{Core, keys::Keys, store::entities::impersonation};

/// Seconds that a token is good.
const GOOD_FOR: i64 = 60;

pub struct Signer {
    key: EncodingKey,
    header: Header,
    issuer: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    /// The platform's origin.
    aud: &'a str,
    /// The person.
    sub: &'a str,
    act: Actor,
    /// The session.
    sid: Uuid,
    mode: &'a str,
    jti: Uuid,
    htm: &'a str,
    htu: String,
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct Actor {
    sub: Uuid,
}

impl Signer {
    pub fn new(core: &Core) -> anyhow::Result<Self> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key_id(&core.keys));
        Ok(Self {
            key: EncodingKey::from_ed_der(&core.keys.identity_pkcs8()?),
            header,
            issuer: core.config.issuer(),
        })
    }

    /// A token for one request: `platform` is the origin, `path` has no query.
    pub fn sign(
        &self,
        session: &impersonation::Model,
        platform: &str,
        method: &Method,
        path: &str,
        now: Millis,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iss: &self.issuer,
            aud: platform,
            sub: &session.person_id,
            act: Actor { sub: session.staff_id },
            sid: session.id,
            mode: &session.mode,
            jti: Uuid::new_v4(),
            htm: method.as_str(),
            htu: format!("{platform}{path}"),
            iat: now / 1_000,
            exp: now / 1_000 + GOOD_FOR,
        };
        jsonwebtoken::encode(&self.header, &claims, &self.key)
    }
}

/// RFC 7638 would hash the whole key object; the key's own hash names it just as well.
fn key_id(keys: &Keys) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(keys.identity_public())[..12])
}

/// The public key as a JWK set (RFC 7517, RFC 8037).
pub fn jwks(keys: &Keys) -> Value {
    json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
        "kid": key_id(keys), "x": BASE64URL_NOPAD.encode(&keys.identity_public()),
    }] })
}
