//! The sign-in: a short access token, and a refresh token that is good once.
//!
//! One lock is held from reading the refresh token to storing the next, so no two tasks ever send the same
//! one. It is sent again in one case only: when the answer to it was lost, because then nobody has the next.

use std::time::Duration;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use understudy_protocol::{ErrorCode, Refresh, SignIn, SignedIn, Staff};

use super::{ANSWER_TIMEOUT, Api, Server};
use crate::contract::CommandError;
use crate::error::Result;
use crate::system::boot_time;

/// An access token with less time left than this is replaced before it is used.
const MARGIN: Duration = Duration::from_secs(30);

pub(super) struct Tokens {
    access: SecretString,
    /// On the boot clock, so a token that ran out during sleep counts as such.
    access_until: Duration,
    refresh: SecretString,
}

impl Tokens {
    fn from_answer(answer: SignedIn, asked_at: Duration) -> (Self, Staff) {
        let tokens = Self {
            access: answer.access_token.into(),
            access_until: asked_at + Duration::from_millis(answer.access_expires_in_ms),
            refresh: answer.refresh_token.into(),
        };
        (tokens, answer.staff)
    }

    fn usable(&self, now: Duration, margin: Duration, refused: Option<&SecretString>) -> bool {
        now + margin < self.access_until
            && refused.is_none_or(|refused| refused.expose_secret() != self.access.expose_secret())
    }
}

impl Api {
    pub(crate) async fn sign_in(&self, email: String, password: String) -> Result<Staff> {
        let server = self.server()?;
        let mut held = self.tokens.lock().await;
        let asked_at = boot_time();
        let body = SignIn { email, password };
        let request = server.request(Method::POST, "/api/sign-in")?.timeout(ANSWER_TIMEOUT).json(&body);
        let answer: SignedIn = server.read(server.send(request).await?).await?;
        let (tokens, staff) = Tokens::from_answer(answer, asked_at);
        self.credentials.store(&server.origin(), &tokens.refresh).await;
        *held = Some(tokens);
        self.staff.send_replace(Some(staff.clone()));
        Ok(staff)
    }

    /// Goes on with the sign-in that the keyring holds. `None`: there is none, or it is over.
    pub(crate) async fn resume(&self) -> Result<Option<Staff>> {
        let server = self.server()?;
        let mut held = self.tokens.lock().await;
        if held.is_some() {
            return Ok(self.staff.borrow().clone());
        }
        let Some(kept) = self.credentials.load(&server.origin()).await else { return Ok(None) };
        match self.refresh(&server, &mut held, kept).await {
            Ok(_) => Ok(self.staff.borrow().clone()),
            Err(error) if error.code == ErrorCode::SignedOut => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The server hears of it if it can be reached; here the sign-in is over in any case.
    pub(crate) async fn sign_out(&self) {
        if let Err(error) = self.tell_sign_out().await {
            log::info!("the server was not told of the sign-out: {:?}", error.code);
        }
        self.forget_sign_in().await;
    }

    /// The server ended this sign-in.
    pub(crate) async fn forget_sign_in(&self) {
        let mut held = self.tokens.lock().await;
        *held = None;
        if let Some(server) = self.address() {
            self.credentials.erase(&server).await;
        }
        self.staff.send_replace(None);
    }

    /// An access token with time left on it; another one than `refused`, which the server did not take.
    pub(super) async fn access_token(
        &self,
        server: &Server,
        refused: Option<&SecretString>,
    ) -> Result<SecretString> {
        let mut held = self.tokens.lock().await;
        let now = boot_time();
        let Some(tokens) = held.as_ref() else { return Err(CommandError::signed_out()) };
        if tokens.usable(now, MARGIN, refused) {
            return Ok(tokens.access.clone());
        }
        let still_good = tokens.usable(now, Duration::ZERO, refused).then(|| tokens.access.clone());
        let kept = tokens.refresh.clone();
        match (self.refresh(server, &mut held, kept).await, still_good) {
            (Err(error), Some(access)) if error.code != ErrorCode::SignedOut => Ok(access),
            (result, _) => result,
        }
    }

    async fn refresh(
        &self,
        server: &Server,
        held: &mut Option<Tokens>,
        kept: SecretString,
    ) -> Result<SecretString> {
        let asked_at = boot_time();
        let body = Refresh { refresh_token: kept.expose_secret().to_owned() };
        let request =
            server.request(Method::POST, "/api/sign-in/refresh")?.timeout(ANSWER_TIMEOUT).json(&body);
        let answer = match server.send(request).await {
            Ok(response) => server.read::<SignedIn>(response).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => {
                let (tokens, staff) = Tokens::from_answer(answer, asked_at);
                // On disk before in use: a crash in between must not leave the used one behind.
                self.credentials.store(&server.origin(), &tokens.refresh).await;
                let access = tokens.access.clone();
                *held = Some(tokens);
                self.staff.send_if_modified(|current| {
                    let changed = current.as_ref() != Some(&staff);
                    *current = Some(staff);
                    changed
                });
                Ok(access)
            }
            Err(error) if is_refusal(error.code) => {
                log::info!("the server ended this sign-in");
                *held = None;
                self.credentials.erase(&server.origin()).await;
                self.staff.send_replace(None);
                Err(CommandError::signed_out())
            }
            Err(error) => Err(error),
        }
    }
}

fn is_refusal(code: ErrorCode) -> bool {
    use ErrorCode::{BadRequest, Forbidden, Invalid, SignedOut, WrongCredentials};
    matches!(code, SignedOut | Forbidden | WrongCredentials | Invalid | BadRequest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(until: u64) -> Tokens {
        Tokens { access: "one".into(), access_until: Duration::from_secs(until), refresh: "next".into() }
    }

    #[test]
    fn a_token_is_replaced_before_it_runs_out() {
        assert!(tokens(100).usable(Duration::from_secs(60), MARGIN, None));
        assert!(!tokens(100).usable(Duration::from_secs(70), MARGIN, None));
        assert!(!tokens(100).usable(Duration::from_secs(5000), MARGIN, None), "it ran out during sleep");
    }

    #[test]
    fn a_token_that_was_refused_is_not_used_again_but_one_that_came_since_is() {
        let now = Duration::from_secs(1);
        assert!(!tokens(100).usable(now, MARGIN, Some(&"one".into())));
        assert!(tokens(100).usable(now, MARGIN, Some(&"an older one".into())));
    }
}
