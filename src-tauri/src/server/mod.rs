//! Keeps up the connection with the server: its information, the sign-in from the keyring, the events.

mod backoff;
mod events;
mod sse;

use tauri::AppHandle;
use understudy_protocol::{PROTOCOL_VERSION, ServerInfo};

use crate::api::{Server, address};
use crate::contract::{AppState, CommandError, Connection};
use crate::error::Result;
use crate::settings::Settings;
use crate::state::{App, AppExt};
use backoff::Backoff;

/// Goes to the server that the settings name, if they name one.
pub(crate) async fn go_to_first(app: AppHandle) {
    let Some(first) = app.understudy().settings.first_server() else {
        app.understudy().set_connection(Connection::Offline);
        app.publish();
        return;
    };
    match address::parse(&first).and_then(Server::at) {
        Ok(server) => go_to(&app, Some(server), None).await,
        Err(error) => log::warn!("the server's address in the settings is wrong: {}", error.message),
    }
}

/// Checks that an Understudy server answers at this address, then goes to it and keeps the address.
pub(crate) async fn set(app: &AppHandle, typed: &str) -> Result<AppState> {
    refuse_while_impersonating(&app.understudy(), "change the server")?;
    let server = Server::at(address::parse(typed)?)?;
    let info = checked_info(&server).await?;
    save(app, Some(server.origin()))?;
    go_to(app, Some(server), Some(info)).await;
    Ok(app.app_state())
}

/// Signs out and goes back to the question for the address.
pub(crate) async fn forget(app: &AppHandle) -> Result<AppState> {
    refuse_while_impersonating(&app.understudy(), "change the server")?;
    if app.understudy().api.staff().borrow().is_some() {
        app.understudy().api.sign_out().await;
    }
    save(app, None)?;
    go_to(app, None, None).await;
    Ok(app.app_state())
}

pub(crate) fn refuse_while_impersonating(app: &App, what: &str) -> Result<()> {
    if app.session.is_busy() { Err(CommandError::impersonating(what)) } else { Ok(()) }
}

/// What the server says of itself; an error where app and server do not understand each other.
pub(crate) async fn checked_info(server: &Server) -> Result<ServerInfo> {
    let info = server.info().await?;
    if info.protocol != PROTOCOL_VERSION {
        let update = if info.protocol > PROTOCOL_VERSION {
            "Update this app"
        } else {
            "Ask for the server to be updated"
        };
        let message = format!("This server speaks another version than this app. {update}, then try again.");
        return Err(CommandError::invalid("url", message));
    }
    Ok(info)
}

fn save(app: &AppHandle, server: Option<String>) -> Result<()> {
    app.understudy()
        .settings
        .save(Settings { server })
        .map_err(|error| CommandError::internal("The address could not be saved on this computer.", error))
}

async fn go_to(app: &AppHandle, server: Option<Server>, info: Option<ServerInfo>) {
    let state = app.understudy();
    state.set_follower(None);
    let known = server.is_some();
    state.api.use_server(server.clone()).await;
    state.set_connection(match (known, &info) {
        (false, _) => Connection::Offline,
        (true, None) => Connection::Connecting,
        (true, Some(_)) => Connection::Online,
    });
    state.set_info(info);
    app.publish();
    if let Some(server) = server {
        state.set_follower(Some(tauri::async_runtime::spawn(follow(app.clone(), server))));
    }
}

/// Runs as long as the app stays with this server.
async fn follow(app: AppHandle, server: Server) {
    let state = app.understudy();
    let mut staff = state.api.staff();
    let mut backoff = Backoff::default();
    loop {
        staff.mark_unchanged();
        match reach(&app, &server).await {
            Ok(()) => {}
            Err(error) => {
                log::info!("the server is out of reach: {:?}", error.code);
                connection(&app, Connection::Offline);
                backoff.wait().await;
                continue;
            }
        }
        if staff.borrow().is_some() {
            events::follow(&app, &mut backoff).await;
        } else {
            backoff.reset();
            connection(&app, Connection::Online);
            app.publish();
            // Until somebody signs in.
            if staff.changed().await.is_err() {
                return;
            }
        }
    }
}

/// The server's information, and the sign-in that the keyring holds.
async fn reach(app: &AppHandle, server: &Server) -> Result<()> {
    let state = app.understudy();
    let info = checked_info(server).await?;
    state.set_info(Some(info));
    state.api.resume().await?;
    Ok(())
}

fn connection(app: &AppHandle, connection: Connection) {
    if app.understudy().set_connection(connection) {
        app.publish();
    }
}
