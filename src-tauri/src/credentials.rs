//! The refresh token in the keyring of the operating system: the only thing the app keeps between runs.

use std::sync::Arc;
use std::time::Duration;

use keyring::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};
use tauri::async_runtime::{spawn, spawn_blocking};
use tokio::sync::{Mutex, watch};

use crate::contract::Keyring;
use crate::system::KEYRING_HELP;
use crate::words::say;

const SERVICE: &str = "dev.understudy.desktop";

/// A locked keyring asks for its password, and there may be nobody to give it: nothing waits longer for that.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) struct Credentials {
    state: watch::Sender<Keyring>,
    /// One call after the other, so that what is kept last is the newest. Whether a question of the keyring's was
    /// dismissed: then it is not asked again in this run.
    turn: Arc<Mutex<bool>>,
}

impl Credentials {
    pub(crate) fn new() -> Self {
        Self { state: watch::Sender::new(Keyring::Available), turn: Arc::default() }
    }

    pub(crate) fn state(&self) -> watch::Receiver<Keyring> {
        self.state.subscribe()
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

    /// The keyring's calls block, so they run aside. Remembers whether the keyring answers, also when it does so late.
    async fn on_keyring<T: Send + 'static>(
        &self,
        server: &str,
        act: impl FnOnce(Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Option<T> {
        let (server, turn) = (server.to_owned(), self.turn.clone());
        let mut job = spawn(async move {
            let mut dismissed = turn.lock_owned().await;
            if *dismissed {
                return Err("its question was dismissed".to_owned());
            }
            match spawn_blocking(move || Entry::new(SERVICE, &server).and_then(act)).await {
                Ok(Ok(value)) => Ok(Some(value)),
                Ok(Err(Error::NoEntry)) => Ok(None),
                Ok(Err(error)) => {
                    *dismissed = matches!(error, Error::NoStorageAccess(_));
                    Err(reason(error))
                }
                Err(error) => Err(error.to_string()),
            }
        });
        let state = self.state.clone();
        let heard = move |answer: tauri::Result<Result<Option<T>, String>>| {
            let answer = answer.unwrap_or_else(|error| Err(error.to_string()));
            set(&state, answer.as_ref().map_or_else(|reason| unavailable(reason), |_| Keyring::Available));
            answer.ok().flatten()
        };
        match tokio::time::timeout(PATIENCE, &mut job).await {
            Ok(answer) => heard(answer),
            Err(_) => {
                set(&self.state, unavailable("it does not answer"));
                spawn(async move { heard(job.await) });
                None
            }
        }
    }
}

fn set(state: &watch::Sender<Keyring>, now: Keyring) {
    state.send_if_modified(|known| std::mem::replace(known, now.clone()) != now);
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
