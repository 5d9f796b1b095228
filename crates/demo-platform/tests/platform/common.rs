//! A platform on a free port, a browser with cookies, and an issuer of identity tokens.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Json, Router, routing::get};
use data_encoding::BASE64URL_NOPAD;
use demo_platform::{Config, DEMO_PASSWORD, Identity, Running};
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey as _};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use reqwest::{Client, Method, RequestBuilder, Response, header, redirect::Policy};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

pub(crate) const ELISE: &str = "elise.marchand@example.com";
pub(crate) const COMPANY: &str = "finance.elbufer-logistik@example.com";
pub(crate) const JONAS: &str = "jonas.weber@example.com";

pub(crate) struct Platform {
    pub(crate) running: Running,
    pub(crate) origin: String,
}

impl Platform {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let mut config = Config { public_origin: origin.parse()?, ..Config::default() };
        change(&mut config);
        Ok(Self { running: demo_platform::start(listener, config).await?, origin })
    }

    /// A platform that accepts the tokens of `issuer`.
    pub(crate) async fn start_for(issuer: &Issuer) -> anyhow::Result<Self> {
        Self::start_with(|config| config.identity = Some(issuer.identity(&origin_of(config)))).await
    }

    pub(crate) fn browser(&self) -> Browser {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
        Browser { client, origin: self.origin.clone(), cookies: BTreeMap::new() }
    }

    pub(crate) async fn signed_in(&self, email: &str) -> anyhow::Result<Browser> {
        let mut browser = self.browser();
        let answer = browser.sign_in(email, DEMO_PASSWORD).await?;
        anyhow::ensure!(answer.status() == 303, "{email} cannot sign in: {}", answer.status());
        Ok(browser)
    }
}

pub(crate) fn origin_of(config: &Config) -> String {
    config.public_origin.origin().ascii_serialization()
}

pub(crate) struct Browser {
    client: Client,
    origin: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.client.request(method, format!("{}{path}", self.origin));
        if cookies.is_empty() { request } else { request.header(header::COOKIE, cookies.join("; ")) }
    }

    /// Sends, and keeps the cookies of the answer.
    pub(crate) async fn send(&mut self, request: RequestBuilder) -> anyhow::Result<Response> {
        let answer = request.send().await?;
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let cookie = line.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = cookie.split_once('=').unwrap_or_default();
            self.cookies.insert(name.into(), value.into());
        }
        Ok(answer)
    }

    pub(crate) async fn get(&mut self, path: &str) -> anyhow::Result<Response> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Submits a form of a page of the platform, CSRF token included.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Response> {
        let request = self.request(Method::POST, path).form(&self.with_token(fields));
        self.send(request).await
    }

    pub(crate) fn with_token<'a>(&'a self, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let token = self.cookies.get("csrf_token").map_or("", String::as_str);
        [fields, &[("csrf_token", token)]].concat()
    }

    /// Sends a file with the form of the page of documents.
    pub(crate) async fn upload(&mut self, name: &str, content: &str) -> anyhow::Result<Response> {
        let token = self.cookies["csrf_token"].clone();
        let body = format!(
            "--edge\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{token}\r\n\
             --edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--edge--\r\n"
        );
        let request = self
            .request(Method::POST, "/documents")
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
            .body(body);
        self.send(request).await
    }

    pub(crate) async fn text(&mut self, path: &str) -> anyhow::Result<String> {
        Ok(self.get(path).await?.error_for_status()?.text().await?)
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> anyhow::Result<Response> {
        self.get("/sign-in").await?;
        self.post("/sign-in", &[("email", email), ("password", password)]).await
    }
}

/// What the gateway does: publishes a key and signs tokens with it.
pub(crate) struct Issuer {
    jwks_url: String,
    key: EncodingKey,
    fetched: Arc<AtomicUsize>,
}

pub(crate) const KEY_ID: &str = "gateway-1";

impl Issuer {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = BASE64URL_NOPAD.encode(key.verifying_key().as_bytes());
        let set = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": KEY_ID, "x": public }] });
        let fetched = Arc::new(AtomicUsize::new(0));
        let counter = fetched.clone();
        let jwks = get(async move || {
            counter.fetch_add(1, Ordering::SeqCst);
            Json(set)
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let jwks_url = format!("http://{}/jwks.json", listener.local_addr()?);
        tokio::spawn(axum::serve(listener, Router::new().route("/jwks.json", jwks)).into_future());
        Ok(Self { jwks_url, key: encoding_key(&key)?, fetched })
    }

    pub(crate) fn identity(&self, audience: &str) -> Identity {
        let jwks_url = self.jwks_url.parse().expect("a URL");
        Identity {
            issuer: "https://understudy.example".into(),
            audience: audience.into(),
            jwks_url,
            person_page: url::Url::parse("https://understudy.example/person").expect("a URL"),
        }
    }

    pub(crate) fn times_fetched(&self) -> usize {
        self.fetched.load(Ordering::SeqCst)
    }

    /// The claims of a good token: staff `STF-7` views as Élise in session `SES-1`.
    pub(crate) fn claims(origin: &str, method: &str, path: &str) -> Value {
        let now = get_current_timestamp();
        json!({
            "iss": "https://understudy.example",
            "aud": origin,
            "sub": "INV-000137",
            "act": { "sub": "STF-7" },
            "sid": "SES-1",
            "mode": "act",
            "jti": Uuid::new_v4(),
            "htm": method,
            "htu": format!("{origin}{path}"),
            "iat": now,
            "exp": now + 60,
        })
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        sign(KEY_ID, &self.key, claims)
    }

    /// A good token for this request.
    pub(crate) fn token(&self, origin: &str, method: &str, path: &str) -> String {
        self.sign(&Self::claims(origin, method, path))
    }
}

pub(crate) fn encoding_key(key: &SigningKey) -> anyhow::Result<EncodingKey> {
    Ok(EncodingKey::from_ed_der(key.to_pkcs8_der()?.as_bytes()))
}

pub(crate) fn sign(kid: &str, key: &EncodingKey, claims: &Value) -> String {
    let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::EdDSA) };
    encode(&header, claims, key).expect("claims that can be signed")
}
