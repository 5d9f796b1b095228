//! Meridian: a small but real investment platform to try Understudy on, and to test it against.
//!
//! It is an ordinary web application with its own people, sign-in, cookies, CSRF protection and content
//! security policy. Three things make it fit for Understudy: a SCIM directory ([`Config::scim_token`]),
//! acceptance of the gateway's signed identity token ([`Config::identity`]), and an access log that names
//! person, actor and impersonation session ([`AccessEntry`]).
//!
//! Everybody in the seed can sign in with [`DEMO_PASSWORD`], unless suspended.
//!
//! # Routes
//!
//! Forms carry `csrf_token` beside the fields named here, or send it as `X-CSRF-Token`.
//!
//! | route | what |
//! |---|---|
//! | `GET /sign-in`, `POST` | `email`, `password`, `next` |
//! | `POST /sign-out` | |
//! | `GET /` | dashboard |
//! | `GET /offers`, `GET /offers/{id}`, `POST /offers/{id}/order` | `units` |
//! | `GET /offers/{id}/brochure`, `GET /offers/{id}/calculator` | a new tab; a new window, `amount`, `years` |
//! | `GET /offers/prices` | prices over a WebSocket |
//! | `GET /live` | prices as they move |
//! | `GET /portfolio` | |
//! | `GET /transactions`, `GET /transactions/{id}` | |
//! | `POST /transactions/{id}/reference` | `reference`, the expected one |
//! | `GET /documents`, `POST` | multipart: `csrf_token`, then `file` |
//! | `GET /documents/{id}`, `POST /documents/{id}/delete` | download, with ranges |
//! | `POST /documents/{id}/rename` | `name` |
//! | `GET /documents/statement.pdf`, `…/statement.csv` | `year`, or everything |
//! | `GET /documents/certificates`, `…/account`, `…/tax` | menus |
//! | `GET /documents/certificates/tax/{year}/statement.pdf`, `…/statement.csv` | |
//! | `GET /messages`, `GET /messages/{id}`, `POST /messages/read` | |
//! | `GET /application`, `GET /application/review`, `POST /application/submit` | companies only |
//! | `GET /application/{company,people,bank}`, `POST` | the step's fields, `then` (`draft` or `next`) |
//! | `GET /profile`, `POST` | `display_name`, `phone`, `address` |
//! | `GET /settings` | |
//! | `POST /settings/password` | `current` (not while impersonated), `new`, `repeat` |
//! | `POST /settings/bank` | `iban` |
//! | `POST /settings/email` | `email` |
//! | `GET /support-access` | who of support was here; never while impersonated |
//! | `GET /.well-known/jwks.json` | the keys by which Meridian vouches for who is signed in |
//! | `GET /scim/v2/Users`, `GET /scim/v2/Users/{id}` | the directory |
//! | `GET /static/…` | served without looking at cookies or identity |
//!
//! For tests of a proxy in front of it:
//!
//! | route | what |
//! |---|---|
//! | `GET /live/echo` | WebSocket that sends everything back |
//! | `GET /live/prices?interval_ms=` | server-sent events without end |
//! | `GET /offers/prices/live?interval_ms=` | WebSocket that sends prices and listens to nothing |
//! | `GET /messages/live?since=` | server-sent events, seldom |
//! | `GET /documents/statement.csv?rows=&delay_ms=` | a download as long and slow as asked for |
//! | `POST /search` | JSON `{"q"}`; only reads |
//! | any method on `/echo`, `/echo/…` | what reached the platform, as JSON ([`Config::test_routes`]) |

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use sqlx::SqlitePool;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

mod access_log;
mod applications;
mod auth;
mod csv;
mod db;
mod echo;
mod error;
mod iban;
mod live;
mod market;
mod messages;
mod pages;
mod payments;
mod pdf;
mod people;
mod router;
mod scim;
mod search;
mod seed;
mod statics;
mod tax;
mod vouching;

pub use access_log::AccessEntry;
pub use seed::DEMO_PASSWORD;

/// How Meridian is run.
#[derive(Clone)]
pub struct Config {
    /// The origin people reach the platform at. With `https`, cookies are `Secure`.
    pub public_origin: Url,
    /// Where the database and the uploaded files live. `None`: a temporary folder, gone at the end.
    pub data_dir: Option<PathBuf>,
    /// The bearer token of the SCIM directory.
    pub scim_token: String,
    /// Whose identity tokens are accepted. `None`: the header `Understudy-Identity` means nothing.
    pub identity: Option<Identity>,
    /// The access log, one JSON line per request. `None`: `access.jsonl` in the data folder.
    pub access_log: Option<PathBuf>,
    /// How long the check of an uploaded document takes, until its message arrives.
    pub document_check: Duration,
    /// Serves `/echo`, which shows whoever asks what reached the platform. For tests of a proxy only.
    pub test_routes: bool,
    /// Pages of whoever runs Meridian in a test, served beside its own and with none of its headers.
    pub beside: Router,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_origin: Url::parse("http://127.0.0.1:7100").expect("a URL"),
            data_dir: None,
            scim_token: "meridian-scim".into(),
            identity: None,
            access_log: None,
            document_check: Duration::from_secs(5),
            test_routes: false,
            beside: Router::new(),
        }
    }
}

/// The issuer of identity tokens, as its gateway is configured.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `iss` of the tokens.
    pub issuer: String,
    /// `aud` of the tokens: the platform's own origin.
    pub audience: String,
    /// Where the issuer publishes its Ed25519 keys (RFC 7517, RFC 8037).
    pub jwks_url: Url,
    /// The issuer's page for a person, which `/support-access` embeds.
    pub person_page: Url,
}

/// What every request handler can reach.
struct Platform {
    db: SqlitePool,
    files: PathBuf,
    origin: String,
    scim_token: String,
    csrf: auth::csrf::Key,
    identity: Option<auth::identity::Verifier>,
    vouching: Option<vouching::Vouching>,
    access_log: access_log::AccessLog,
    /// Wakes whoever follows messages; says nothing about whose.
    messages: watch::Sender<()>,
    document_check: Duration,
    stopping: CancellationToken,
    _temporary: Option<TempDir>,
}

impl Platform {
    fn secure(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

type App = Arc<Platform>;

/// A platform that is being served.
pub struct Running {
    address: SocketAddr,
    platform: App,
    server: JoinHandle<()>,
}

impl Running {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request answered so far, oldest first, read back from the access log.
    pub fn access_log(&self) -> anyhow::Result<Vec<AccessEntry>> {
        self.platform.access_log.entries()
    }

    /// Stops listening, ends live streams, and waits a moment for the answers that are on their way.
    pub async fn stop(mut self) {
        self.platform.stopping.cancel();
        if tokio::time::timeout(Duration::from_secs(5), &mut self.server).await.is_err() {
            self.server.abort();
        }
        self.platform.db.close().await;
    }
}

/// Serves Meridian on `listener` until [`Running::stop`].
pub async fn start(listener: TcpListener, config: Config) -> anyhow::Result<Running> {
    // reqwest is built without a provider of its own; an earlier choice of the process is left alone.
    rustls::crypto::ring::default_provider().install_default().ok();

    let (data_dir, temporary) = match config.data_dir {
        Some(dir) => (dir, None),
        None => {
            let temporary = tempfile::tempdir().context("no temporary folder")?;
            (temporary.path().to_path_buf(), Some(temporary))
        }
    };
    let files = data_dir.join("files");
    std::fs::create_dir_all(&files).with_context(|| format!("cannot create {}", files.display()))?;
    let log_path = config.access_log.unwrap_or_else(|| data_dir.join("access.jsonl"));
    let origin = config.public_origin.origin().ascii_serialization();

    let vouching =
        config.identity.as_ref().map(|identity| vouching::Vouching::new(identity, &origin)).transpose()?;
    let platform = Arc::new(Platform {
        vouching,
        db: db::open(&data_dir.join("meridian.db"), &files).await?,
        files,
        identity: config
            .identity
            .map(|identity| auth::identity::Verifier::new(identity, &origin))
            .transpose()?,
        origin,
        scim_token: config.scim_token,
        csrf: auth::csrf::Key::random(),
        access_log: access_log::AccessLog::open(log_path)?,
        messages: watch::Sender::new(()),
        document_check: config.document_check,
        stopping: CancellationToken::new(),
        _temporary: temporary,
    });

    let address = listener.local_addr()?;
    let stopping = platform.stopping.clone();
    let router = router::router(platform.clone(), config.test_routes).merge(config.beside);
    let service = axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned());
    let server = tokio::spawn(async move {
        if let Err(error) = service.await {
            tracing::error!(%error, "the server stopped");
        }
    });
    Ok(Running { address, platform, server })
}
