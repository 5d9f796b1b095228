//! What the platform hands to the impersonated browser stays here, sealed, and dies with the session. Only
//! cookies that scripts must read go through, by name.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::Cookie;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, Statement};
use understudy_rules::Millis;
use url::Url;
use uuid::Uuid;

use crate::{
    Core,
    config::Origin,
    error::{ApiError, ApiResult},
    store::{
        entities::jar_cookie::{ActiveModel, Column, Entity, Model},
        statement,
    },
};

fn place(session: Uuid, name: &str) -> String {
    format!("jar/{session}/{name}")
}

/// The `Cookie` header for the platform: the jar's cookies, and of the client's own only those that pass.
pub async fn cookies_for(
    core: &Core,
    session: Uuid,
    origin: &Origin,
    path: &str,
    client: &HeaderMap,
    now: Millis,
) -> ApiResult<Option<HeaderValue>> {
    let mut rows = Entity::find().filter(Column::SessionId.eq(session)).all(&core.store.db).await?;
    let host = origin.platform.host_str().unwrap_or_default();
    let secure = origin.platform.scheme() == "https";
    rows.retain(|row| applies(row, host, secure, path, now));
    // RFC 6265, 5.4: longer paths first.
    rows.sort_by_key(|row| std::cmp::Reverse(row.path.len()));
    let mut pairs = Vec::with_capacity(rows.len());
    for row in rows {
        let value = core
            .keys
            .open(&place(session, &row.name), &row.sealed)
            .map_err(|error| ApiError::internal(&error))?;
        pairs.push(format!("{}={}", row.name, value.as_str()));
    }
    for name in &core.config.platform.script_cookies {
        pairs.extend(super::session::cookie_values(client, name).map(|value| format!("{name}={value}")));
    }
    if pairs.is_empty() {
        return Ok(None);
    }
    Ok(HeaderValue::from_str(&pairs.join("; ")).ok())
}

fn applies(row: &Model, host: &str, secure: bool, path: &str, now: Millis) -> bool {
    let domain = row.domain == host || (!row.host_only && host.ends_with(&format!(".{}", row.domain)));
    let path = path == row.path
        || (path.starts_with(&row.path)
            && (row.path.ends_with('/') || path[row.path.len()..].starts_with('/')));
    domain && path && (secure || !row.secure) && row.expires_at.is_none_or(|at| at > now)
}

/// What to do with an answer's cookies.
#[derive(Default)]
pub struct Sorted {
    /// Writes for the jar.
    pub effects: Vec<Statement>,
    /// `Set-Cookie` headers that go through.
    pub through: Vec<HeaderValue>,
}

pub fn sort(
    core: &Core,
    session: Uuid,
    origin: &Origin,
    path: &str,
    answer: &HeaderMap,
    now: Millis,
) -> Sorted {
    let mut sorted = Sorted::default();
    let host = origin.platform.host_str().unwrap_or_default();
    for line in answer.get_all(header::SET_COOKIE) {
        // A cookie that cannot be read is nobody's.
        let Some(mut cookie) = line.to_str().ok().and_then(|line| Cookie::parse(line.to_owned()).ok()) else {
            continue;
        };
        if core.config.platform.script_cookies.iter().any(|name| name == cookie.name()) {
            sorted.through.extend(for_client(&mut cookie, &origin.gateway));
            continue;
        }
        let domain = cookie.domain().map(|domain| domain.trim_start_matches('.').to_ascii_lowercase());
        let domain = domain.filter(|domain| !domain.is_empty());
        if domain.as_deref().is_some_and(|d| d != host && !host.ends_with(&format!(".{d}"))) {
            continue;
        }
        let expires_at = match (cookie.max_age(), cookie.expires_datetime()) {
            (Some(age), _) => {
                Some(now.saturating_add(i64::try_from(age.whole_milliseconds()).unwrap_or(i64::MAX)))
            }
            (None, Some(at)) => Some(at.unix_timestamp() * 1_000),
            (None, None) => None,
        };
        let row = ActiveModel {
            session_id: Set(session),
            host_only: Set(domain.is_none()),
            domain: Set(domain.unwrap_or_else(|| host.to_owned())),
            path: Set(cookie
                .path()
                .filter(|p| p.starts_with('/'))
                .unwrap_or_else(|| default_path(path))
                .to_owned()),
            name: Set(cookie.name().to_owned()),
            secure: Set(cookie.secure().unwrap_or(false)),
            sealed: Set(core.keys.seal(&place(session, cookie.name()), cookie.value())),
            expires_at: Set(expires_at),
        };
        let again = sea_orm::sea_query::OnConflict::columns([
            Column::SessionId,
            Column::Domain,
            Column::Path,
            Column::Name,
        ])
        .update_columns([Column::HostOnly, Column::Secure, Column::Sealed, Column::ExpiresAt])
        .to_owned();
        sorted.effects.push(statement(&Entity::insert(row).on_conflict(again), &core.store.db));
    }
    sorted
}

/// RFC 6265, 5.1.4.
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(last) => &path[..last],
    }
}

/// A cookie for scripts, as the gateway's host sets it: encrypted only where the gateway is, whatever the platform is.
fn for_client(cookie: &mut Cookie<'static>, gateway: &Url) -> Option<HeaderValue> {
    cookie.unset_domain();
    cookie.set_secure(gateway.scheme() == "https");
    HeaderValue::from_str(&cookie.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(domain: &str, host_only: bool, path: &str, secure: bool) -> Model {
        Model {
            session_id: Uuid::nil(),
            domain: domain.to_owned(),
            path: path.to_owned(),
            name: "a".to_owned(),
            host_only,
            secure,
            sealed: vec![],
            expires_at: Some(100),
        }
    }

    #[test]
    fn a_cookie_goes_where_rfc_6265_says() {
        assert!(applies(&row("a.example", true, "/", false), "a.example", false, "/x", 0));
        assert!(!applies(&row("a.example", true, "/", false), "b.a.example", false, "/x", 0));
        assert!(applies(&row("a.example", false, "/", false), "b.a.example", false, "/x", 0));
        assert!(!applies(&row("a.example", false, "/", false), "ba.example", false, "/x", 0));
        assert!(applies(&row("a.example", true, "/x", false), "a.example", false, "/x/y", 0));
        assert!(!applies(&row("a.example", true, "/x", false), "a.example", false, "/xy", 0));
        assert!(!applies(&row("a.example", true, "/", true), "a.example", false, "/", 0));
        assert!(!applies(&row("a.example", true, "/", false), "a.example", false, "/", 100));
        assert_eq!(["/", "/a", "/a/b"].map(default_path), ["/", "/", "/a"]);
    }
}
