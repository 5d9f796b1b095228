//! Protection against forged forms: double submit, bound to the session.
//!
//! A change is accepted when the form field `csrf_token` (or the header `X-CSRF-Token`) and the cookie
//! `csrf_token` both carry the token of the very session that sends it.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::HeaderMap,
};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{SignedIn, cookies};
use crate::error::Error;

/// Derives tokens from sessions, so that none is stored; new at every start.
pub(crate) struct Key([u8; 32]);

impl Key {
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }

    pub(crate) fn token(&self, binding: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes any key");
        mac.update(binding.as_bytes());
        BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
    }
}

/// Refuses unless field (or header) and cookie both carry `expected`.
pub(crate) fn check(expected: &str, headers: &HeaderMap, field: Option<&str>) -> Result<(), Error> {
    let header = headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
    let cookie = cookies::get(headers, cookies::CSRF);
    let matches =
        |sent: Option<&str>| sent.is_some_and(|sent| sent.as_bytes().ct_eq(expected.as_bytes()).into());
    if !expected.is_empty() && matches(field.or(header)) && matches(cookie.as_deref()) {
        Ok(())
    } else {
        Err(Error::Csrf)
    }
}

/// A form with its CSRF token.
#[derive(Deserialize)]
pub(crate) struct WithToken<T> {
    pub(crate) csrf_token: Option<String>,
    #[serde(flatten)]
    pub(crate) form: T,
}

/// A form that a signed-in person sent from a page of ours. Its fields are strings.
pub(crate) struct SignedForm<T>(pub(crate) SignedIn, pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for SignedForm<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let (mut parts, body) = request.into_parts();
        let account = <SignedIn as FromRequestParts<S>>::from_request_parts(&mut parts, state).await?;
        let headers = parts.headers.clone();
        let form = axum::Form::<WithToken<T>>::from_request(Request::from_parts(parts, body), state).await;
        let axum::Form(WithToken { csrf_token, form }) =
            form.map_err(|_| Error::Invalid("The form is incomplete. Go back and fill it in again."))?;
        check(&account.csrf, &headers, csrf_token.as_deref())?;
        Ok(Self(account, form))
    }
}
