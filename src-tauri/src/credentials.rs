//! The refresh token in the keyring of the operating system: the only thing the app keeps between runs.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyring::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};

use crate::contract::Keyring;
use crate::system::KEYRING_HELP;
use crate::words::say;

const SERVICE: &str = "dev.understudy.desktop";

/// A locked keyring may be asking somebody for its password.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Credentials {
    state: Mutex<Keyring>,
}

impl Credentials {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(Keyring::Available) }
    }

    pub(crate) fn state(&self) -> Keyring {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The refresh token kept for this server, if there is one.
    pub(crate) async fn load(&self, server: &str) -> Option<SecretString> {
        self.on_keyring(server, |entry| entry.get_password().map(SecretString::from)).await
    }

    pub(crate) async fn store(&self, server: &str, token: &SecretString) {
        let token = token.clone();
        self.on_keyring(server, move |entry| entry.set_password(token.expose_secret())).await;
    }

    pub(crate) async fn erase(&self, server: &str) {
        self.on_keyring(server, |entry| entry.delete_credential()).await;
    }

    /// The keyring's calls block, so they run aside. Remembers whether the keyring answers.
    async fn on_keyring<T: Send + 'static>(
        &self,
        server: &str,
        act: impl FnOnce(Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Option<T> {
        let server = server.to_owned();
        let job = tauri::async_runtime::spawn_blocking(move || Entry::new(SERVICE, &server).and_then(act));
        let (state, value) = match tokio::time::timeout(PATIENCE, job).await {
            Ok(Ok(Ok(value))) => (Keyring::Available, Some(value)),
            Ok(Ok(Err(Error::NoEntry))) => (Keyring::Available, None),
            Ok(Ok(Err(error))) => (unavailable(&reason(error)), None),
            Ok(Err(error)) => (unavailable(&error.to_string()), None),
            Err(_) => (unavailable("it did not answer"), None),
        };
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        value
    }
}

fn reason(error: Error) -> String {
    match (error, Entry::store_status()) {
        (Error::NoDefaultStore, Err(status)) => status.to_string(),
        // These carry what was read from the keyring.
        (Error::BadEncoding(_) | Error::BadDataFormat(..), _) => "what it holds cannot be read".to_owned(),
        (error, _) => error.to_string(),
    }
}

fn unavailable(reason: &str) -> Keyring {
    log::warn!("no keyring: {reason}");
    let (english, french) = KEYRING_HELP;
    Keyring::Unavailable { help: say(english, french).to_owned() }
}
