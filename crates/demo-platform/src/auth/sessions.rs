//! Sessions: a person's own sign-ins, and those that lie over an account while staff act in it.
//!
//! The two never meet. An own session carries no `sid` and is worth nothing under an identity token; a
//! session of an impersonation is worth nothing without a valid token of the same `sid`.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use sha2::{Digest as _, Sha256};
use sqlx::SqlitePool;

use super::identity::AsPerson;
use crate::{
    error::Error,
    people::{self, Person},
};

const LIFETIME: TimeDelta = TimeDelta::hours(12);

#[derive(Clone)]
pub(crate) struct Session {
    token_hash: String,
    /// When it began: the sign-in, or the first request of an impersonation.
    pub(crate) since: DateTime<Utc>,
    pub(crate) impersonation: Option<Impersonation>,
}

#[derive(sqlx::FromRow)]
struct Own {
    #[sqlx(flatten)]
    person: Person,
    since: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Impersonation {
    pub(crate) actor: String,
    pub(crate) sid: String,
}

impl Session {
    /// What the CSRF token is derived from. All sessions of one impersonation share it: a page that loads
    /// several things at once may be given several, and its forms must fit each of them.
    pub(crate) fn binding(&self) -> &str {
        self.impersonation.as_ref().map_or(&self.token_hash, |it| &it.sid)
    }
}

/// 256 random bits, as text.
pub(crate) fn random_token() -> String {
    BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>())
}

/// The person's own session of this cookie, if it is one and still good.
pub(crate) async fn own(
    db: &SqlitePool,
    cookie: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<(Person, Session)>, Error> {
    let Some(token_hash) = cookie.map(hash) else { return Ok(None) };
    let found: Option<Own> = sqlx::query_as(
        "SELECT people.*, sessions.created_at AS since FROM sessions JOIN people ON people.id = sessions.person
         WHERE token_hash = ? AND sid IS NULL AND sessions.created_at > ? AND status <> 'suspended'",
    )
    .bind(&token_hash)
    .bind(now - LIFETIME)
    .fetch_optional(db)
    .await?;
    Ok(found.map(|Own { person, since }| (person, Session { token_hash, since, impersonation: None })))
}

/// The session of an impersonation: the one of this cookie if it was minted for the same, else a new one
/// with the token that has to be set as cookie.
pub(crate) async fn overlay(
    db: &SqlitePool,
    cookie: Option<&str>,
    as_person: AsPerson,
    now: DateTime<Utc>,
) -> Result<(Person, Session, Option<String>), Error> {
    let AsPerson { person, impersonation } = as_person;
    let person =
        people::by_id(db, &person).await?.ok_or(Error::Identity("The token names nobody we know."))?;
    if let Some(token_hash) = cookie.map(hash) {
        let known: Option<DateTime<Utc>> = sqlx::query_scalar(
            "SELECT created_at FROM sessions WHERE token_hash = ? AND person = ? AND actor = ? AND sid = ?",
        )
        .bind(&token_hash)
        .bind(&person.id)
        .bind(&impersonation.actor)
        .bind(&impersonation.sid)
        .fetch_optional(db)
        .await?;
        if let Some(since) = known {
            let session = Session { token_hash, since, impersonation: Some(impersonation) };
            return Ok((person, session, None));
        }
    }
    let (token, session) = mint(db, &person.id, Some(impersonation), now).await?;
    Ok((person, session, Some(token)))
}

/// Makes a session; the token goes into the cookie and is not kept. Sessions past their time are dropped.
pub(crate) async fn mint(
    db: &SqlitePool,
    person: &str,
    impersonation: Option<Impersonation>,
    now: DateTime<Utc>,
) -> sqlx::Result<(String, Session)> {
    sqlx::query("DELETE FROM sessions WHERE created_at <= ?").bind(now - LIFETIME).execute(db).await?;
    let token = random_token();
    let session = Session { token_hash: hash(&token), since: now, impersonation };
    sqlx::query("INSERT INTO sessions (token_hash, person, actor, sid, created_at) VALUES (?, ?, ?, ?, ?)")
        .bind(&session.token_hash)
        .bind(person)
        .bind(session.impersonation.as_ref().map(|it| &it.actor))
        .bind(session.impersonation.as_ref().map(|it| &it.sid))
        .bind(now)
        .execute(db)
        .await?;
    Ok((token, session))
}

pub(crate) async fn end(db: &SqlitePool, session: &Session) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE token_hash = ?").bind(&session.token_hash).execute(db).await?;
    Ok(())
}

/// Ends the person's own sessions but this one, as after a new password.
pub(crate) async fn end_others(db: &SqlitePool, person: &str, session: &Session) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE person = ? AND sid IS NULL AND token_hash <> ?")
        .bind(person)
        .bind(&session.token_hash)
        .execute(db)
        .await?;
    Ok(())
}

fn hash(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token.as_bytes()))
}
