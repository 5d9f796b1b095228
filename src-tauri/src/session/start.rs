//! From a verified request to the stage.

use std::time::Duration;

use tauri::AppHandle;
use understudy_protocol::{ErrorCode, Permission, Session};
use url::Url;
use uuid::Uuid;

use super::close::tell_server;
use super::{Cause, Live, close, keeper, trace};
use crate::contract::CommandError;
use crate::error::Result;
use crate::server::checked_info;
use crate::stage::{self, Origins};
use crate::state::AppExt;
use crate::system::boot_time;
use crate::words::say;

/// A session whose start was answered to nobody can live this long on the server.
const ORPHAN: Duration = Duration::from_secs(30);

/// Starts the session and opens the stage; nothing of it is left where one of the two fails.
pub(crate) async fn start(app: &AppHandle, id: Uuid) -> Result<Session> {
    let state = app.understudy();
    let reservation = state.session.reserve(id)?;
    let info = checked_info(&state.api.server()?).await?;
    let origins = Origins::parse(&info.server.gateway_origins)?;
    let (server, permissions) = (info.server.name.clone(), info.server.permissions.clone());
    state.set_info(Some(info));

    let asked_at = boot_time();
    let started = match state.api.start_session(id).await {
        Ok(started) => started,
        Err(error) => {
            if matches!(error.code, ErrorCode::Unreachable | ErrorCode::Internal | ErrorCode::App) {
                // It may have started there all the same: the request's ID is the session's.
                let app = app.clone();
                tauri::async_runtime::spawn(async move { tell_server(&app, id, ORPHAN).await });
            }
            return Err(error);
        }
    };
    let session = started.session.clone();
    log::info!("session {} has started", session.id);
    trace::leave(app, &session);
    let stop = state.session.occupy(Live::new(started, server, asked_at));
    drop(reservation);
    tauri::async_runtime::spawn(keeper::keep(app.clone(), session.id, stop));

    match raise(app, &session, origins, permissions).await {
        Ok(()) => {
            app.publish();
            Ok(session)
        }
        Err(error) => {
            close(app, Some(session.id), Cause::NeverShown);
            stage::destroy(app);
            Err(error)
        }
    }
}

/// Ends a session of one's own that has no stage here, or anybody's for admins.
pub(crate) async fn stop(app: &AppHandle, id: Uuid) -> Result<Session> {
    let session = app.understudy().api.end_session(id).await?;
    close(app, Some(id), Cause::Server(session.end_cause));
    Ok(session)
}

/// The bar first; only when it stands is the platform let in.
async fn raise(
    app: &AppHandle,
    session: &Session,
    origins: Origins,
    permissions: Vec<Permission>,
) -> Result<()> {
    stage::open(app, origins.clone(), permissions).await?;
    enter(app, session.id, &origins).await
}

/// Lets the stage in, by a new handoff.
pub(crate) async fn enter(app: &AppHandle, id: Uuid, origins: &Origins) -> Result<()> {
    let state = app.understudy();
    let Some(token) = state.session.token(id) else { return Err(ended()) };
    let handoff = state.api.handoff(id, &token).await?;
    let url =
        Url::parse(&handoff.url).ok().filter(|url| origins.contains(&url.origin())).ok_or_else(|| {
            CommandError::internal(say(
                "The server's gateway has another address than it says. Tell whoever runs it.",
                "La passerelle du serveur n’a pas l’adresse annoncée. Prévenez la personne qui s’en occupe.",
            ), "handoff")
        })?;
    if state.session.live_id() != Some(id) {
        return Err(ended());
    }
    stage::enter(app, url)
}

fn ended() -> CommandError {
    CommandError::new(
        ErrorCode::SessionEnded,
        say(
            "The session has ended before it could be shown. Request a new code.",
            "La session a pris fin avant de pouvoir s’afficher. Demandez un nouveau code.",
        ),
    )
}
