//! Staff passwords: argon2id, off the async threads, a few at a time so that a flood cannot take the memory.

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// At least so many characters (NIST SP 800-63B-4, 3.1.1.2, for a password that is not the only factor).
pub const MIN_LENGTH: usize = 12;

pub struct Passwords {
    turns: Semaphore,
    /// Verified against when there is no such account, so that both take as long.
    decoy: String,
}

impl Passwords {
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { turns: Semaphore::new(4), decoy: hash(&SecretString::from("nobody has this one"))? })
    }

    /// Whether `password` is the one of `stored`. Takes as long where there is none.
    pub async fn verify(&self, password: SecretString, stored: Option<String>) -> bool {
        let Ok(_turn) = self.turns.acquire().await else { return false };
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let right = spawn_blocking(move || {
            Argon2::default().verify_password(password.expose_secret().as_bytes(), stored.as_str()).is_ok()
        });
        right.await.unwrap_or(false) && exists
    }
}

/// In PHC string format.
pub fn hash(password: &SecretString) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    Ok(hash.map_err(|error| anyhow::anyhow!("the password cannot be hashed: {error}"))?.to_string())
}
