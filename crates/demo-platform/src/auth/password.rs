//! Passwords: argon2id, hashed and checked off the async threads.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::task::spawn_blocking;

pub(crate) async fn hash(password: String) -> anyhow::Result<String> {
    spawn_blocking(move || Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())).await?
}

pub(crate) async fn verify(password: String, hash: String) -> anyhow::Result<bool> {
    spawn_blocking(move || {
        let hash = PasswordHash::new(&hash)?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await?
}
