//! The one place that speaks HTTP with the server.
//!
//! Bearer tokens go to the server's own origin only: redirects are not followed, and every path is joined
//! to the address that was set.

pub(crate) mod address;
mod endpoints;
mod tokens;

pub(crate) use endpoints::Info;

use std::env;
use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Method, Proxy, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::task::block_in_place;
use understudy_protocol::{ErrorCode, Problem, Staff};
use url::Url;

use crate::contract::CommandError;
use crate::credentials::Credentials;
use crate::error::Result;
use crate::system;
use crate::words::say;
use tokens::Tokens;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// A server and the connections to it.
#[derive(Clone)]
pub(crate) struct Server {
    base: Url,
    http: reqwest::Client,
}

impl Server {
    pub(crate) fn at(base: Url) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("Understudy/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none());
        if base.host().is_some_and(|host| address::is_this_computer(&host)) {
            builder = builder.no_proxy();
        } else if !["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .iter()
            .any(|it| env::var_os(it).is_some())
        {
            // The variables count first, then what the desktop's settings say at that moment.
            builder = builder.proxy(Proxy::custom(|url| block_in_place(|| system::proxy_for(url.as_str()))));
        }
        let http = builder.build().map_err(|error| {
            CommandError::internal(
                say(
                    "Secure connections cannot be set up.",
                    "Les connexions sécurisées ne peuvent pas être établies.",
                ),
                error,
            )
        })?;
        Ok(Self { base, http })
    }

    /// The address as it is shown and stored.
    pub(crate) fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let url = self.base.join(path).map_err(|error| CommandError::internal("A wrong address.", error))?;
        Ok(self.http.request(method, url))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        request.send().await.map_err(|error| {
            let error = error.without_url();
            log::info!("no answer: {}", causes(&error));
            if is_about_certificate(&error) {
                CommandError::untrusted(&self.origin())
            } else {
                CommandError::unreachable(&self.origin())
            }
        })
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T> {
        let response = self.refuse_errors(response).await?;
        let bytes = response.bytes().await.map_err(|error| {
            log::info!("the answer broke off: {}", error.without_url());
            CommandError::unreachable(&self.origin())
        })?;
        // `204 No Content` reads as nothing.
        let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(bytes).map_err(|error| {
            CommandError::internal(
                say(
                    "The server's answer could not be read. It may be another version than this app: tell whoever runs it.",
                    "La réponse du serveur n’a pas pu être lue. Sa version diffère peut-être de celle de l’application : prévenez la personne qui s’en occupe.",
                ),
                // Only where it broke: the message may quote what was read.
                format!("line {} column {}", error.line(), error.column()),
            )
        })
    }

    async fn refuse_errors(&self, response: Response) -> Result<Response> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        match response.json::<Problem>().await {
            Ok(problem) => Err(problem.into()),
            Err(_) if status == StatusCode::UNAUTHORIZED => Err(CommandError::signed_out()),
            Err(_) if [502, 503, 504].contains(&status.as_u16()) => {
                Err(CommandError::unreachable(&self.origin()))
            }
            Err(_) => Err(CommandError::new(
                ErrorCode::Internal,
                say(
                    format!(
                        "The server answered with something unexpected (HTTP {}). Try again in a moment.",
                        status.as_u16()
                    ),
                    format!(
                        "Le serveur a donné une réponse inattendue (HTTP {}). Réessayez dans un instant.",
                        status.as_u16()
                    ),
                ),
            )),
        }
    }
}

/// With everything that led to it; the last one says the most.
fn causes(error: &(dyn Error + 'static)) -> String {
    chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

fn is_about_certificate(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| {
        // Errors of I/O do not name what is in them as their source.
        let mut error = error;
        while let Some(inner) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            error = inner;
        }
        matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
    })
}

/// The server as one signed-in member of staff.
pub(crate) struct Api {
    server: RwLock<Option<Server>>,
    tokens: tokio::sync::Mutex<Option<Tokens>>,
    credentials: Arc<Credentials>,
    staff: watch::Sender<Option<Staff>>,
}

impl Api {
    pub(crate) fn new(credentials: Arc<Credentials>) -> Self {
        Self {
            server: RwLock::new(None),
            tokens: tokio::sync::Mutex::new(None),
            credentials,
            staff: watch::Sender::new(None),
        }
    }

    /// Who is signed in; a receiver sees every change.
    pub(crate) fn staff(&self) -> watch::Receiver<Option<Staff>> {
        self.staff.subscribe()
    }

    pub(crate) fn address(&self) -> Option<String> {
        self.server.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(Server::origin)
    }

    pub(crate) fn server(&self) -> Result<Server> {
        self.server.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| {
            CommandError::new(
                ErrorCode::Unreachable,
                say(
                    "Enter the address of your Understudy server first.",
                    "Saisissez d’abord l’adresse de votre serveur Understudy.",
                ),
            )
        })
    }

    /// Goes over to another server, or to none. The sign-in at the old one is forgotten.
    pub(crate) async fn use_server(&self, server: Option<Server>) {
        *self.tokens.lock().await = None;
        *self.server.write().unwrap_or_else(PoisonError::into_inner) = server;
        self.staff.send_replace(None);
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.call(Method::GET, path, None::<&()>, None::<&()>).await
    }

    async fn query<T: DeserializeOwned>(&self, path: &str, query: &impl Serialize) -> Result<T> {
        self.call(Method::GET, path, Some(query), None::<&()>).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        self.call(Method::POST, path, None::<&()>, Some(body)).await
    }

    async fn post_empty<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.call(Method::POST, path, None::<&()>, None::<&()>).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: Option<&impl Serialize>,
        body: Option<&impl Serialize>,
    ) -> Result<T> {
        let server = self.server()?;
        let mut request = server.request(method, path)?.timeout(ANSWER_TIMEOUT);
        if let Some(query) = query {
            request = request.query(query);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = self.authorised(&server, request).await?;
        server.read(response).await
    }

    /// Sends with the access token; once more with a fresh one if the server no longer takes it.
    async fn authorised(&self, server: &Server, request: RequestBuilder) -> Result<Response> {
        let again = request.try_clone();
        let token = self.access_token(server, None).await?;
        let response = server.send(request.bearer_auth(token.expose_secret())).await?;
        let (StatusCode::UNAUTHORIZED, Some(again)) = (response.status(), again) else { return Ok(response) };
        let fresh = self.access_token(server, Some(&token)).await?;
        server.send(again.bearer_auth(fresh.expose_secret())).await
    }
}
