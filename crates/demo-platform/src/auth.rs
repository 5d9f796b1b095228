//! Who makes a request: the person themselves, or the gateway on behalf of somebody acting as them.

pub(crate) mod cookies;
pub(crate) mod csrf;
pub(crate) mod identity;
pub(crate) mod password;
pub(crate) mod sessions;

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::Response,
};
use chrono::Utc;

use crate::{App, access_log::Who, error::Error, people, people::Person};
use sessions::Session;

/// Proof, in a handler's signature, that the request acts as a person.
#[derive(Clone)]
pub(crate) struct SignedIn(Arc<Account>);

/// What [`SignedIn`] gives access to.
pub(crate) struct Account {
    pub(crate) person: Person,
    pub(crate) session: Session,
    /// What forms of this session must carry.
    pub(crate) csrf: String,
}

impl std::ops::Deref for SignedIn {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Error::SignInFirst { next: page_wanted(parts) })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for SignedIn {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get().cloned())
    }
}

/// The page to come back to after signing in, if the request was a browser's for a page.
fn page_wanted(parts: &Parts) -> Option<String> {
    let accept = parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok())?;
    (parts.method == Method::GET && accept.contains("text/html")).then(|| parts.uri.to_string())
}

/// Middleware: finds out who makes the request and sets the cookies that follow from it.
pub(crate) async fn authenticate(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let now = Utc::now();
    let cookie = cookies::get(request.headers(), cookies::SESSION);
    let csrf_cookie = cookies::get(request.headers(), cookies::CSRF);
    let overlay = match &app.identity {
        Some(verifier) => verifier.verify(request.method(), request.uri().path(), request.headers()).await?,
        None => None,
    };
    let (found, minted) = match overlay {
        Some(as_person) => {
            let (person, session, minted) =
                sessions::overlay(&app.db, cookie.as_deref(), as_person, now).await?;
            (Some((person, session)), minted)
        }
        None => (sessions::own(&app.db, cookie.as_deref(), now).await?, None),
    };

    let mut who = None;
    let mut set = Vec::new();
    if let Some((person, session)) = found {
        if session.impersonation.is_none() {
            people::seen(&app.db, &person, now).await?;
        }
        let csrf = app.csrf.token(session.binding());
        // The key is new at every start and the gateway's jar may be emptied: mend a stale cookie here.
        if csrf_cookie.as_deref() != Some(&csrf) {
            set.push(cookies::csrf(&csrf, app.secure()));
        }
        set.extend(minted.map(|token| cookies::session(&token, app.secure())));
        who = Some(Who {
            person: person.id.clone(),
            actor: session.impersonation.as_ref().map(|it| it.actor.clone()),
            session: session.impersonation.as_ref().map(|it| it.sid.clone()),
        });
        request.extensions_mut().insert(SignedIn(Arc::new(Account { person, session, csrf })));
    }

    let mut response = next.run(request).await;
    set.into_iter().for_each(|cookie| cookies::append(response.headers_mut(), &cookie));
    if let Some(who) = who {
        response.extensions_mut().insert(who);
    }
    Ok(response)
}

/// A browser names the page that sends; a page of somebody else must not send for this one.
pub(crate) fn same_origin(app: &App, headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_none_or(|origin| origin.as_bytes() == app.origin.as_bytes())
}
