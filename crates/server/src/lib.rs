//! The server of Understudy: API, gateway, storage, mail.
//!
//! Two listeners: the API, which takes bearer tokens only, and the gateway, through which an impersonated
//! platform is reached. Both answer to their configured hosts and no others. Nothing is kept in memory that
//! another server on the same database would miss.

pub mod api;
pub mod auth;
pub mod clock;
pub mod config;
pub mod consent;
pub mod delivery;
pub mod directory;
pub mod eligibility;
pub mod error;
pub mod exceptions;
pub mod gateway;
pub mod hub;
pub mod impersonations;
pub mod keys;
pub mod language;
pub mod ledger_check;
pub mod letters;
pub mod log;
pub mod mail;
pub mod passwords;
pub mod person;
pub mod serve;
pub mod staff;
pub mod store;
pub mod sweeper;
pub mod switch;
pub mod tls;

use std::sync::Arc;

/// Everything a handler may need. Passed explicitly; there is no global state.
pub struct Core {
    pub config: config::Config,
    pub keys: keys::Keys,
    pub store: store::Store,
    pub hub: hub::Hub,
    pub directory: directory::Directory,
    pub mailer: mail::Mailer,
    pub passwords: passwords::Passwords,
    pub vouching: person::Vouching,
    /// When the record could last be written, as far as somebody has asked.
    pub healthy_at: tokio::sync::Mutex<Option<std::time::Instant>>,
    /// Raised when this server is to stop: what waits for news lets go.
    pub stopping: tokio_util::sync::CancellationToken,
}

pub type Shared = Arc<Core>;
