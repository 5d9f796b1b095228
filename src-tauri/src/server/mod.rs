//! Keeps up the connection with the server: its information, the sign-in from the keyring, the events.

mod backoff;
mod events;
mod sse;

use tauri::AppHandle;
use understudy_protocol::{ErrorCode, OLDEST_PROTOCOL, PROTOCOL_VERSION, SetSwitch, Switch};

use crate::api::{Info, Server, address};
use crate::contract::{AppState, CommandError, Connection};
use crate::error::Result;
use crate::notify;
use crate::state::{App, AppExt};
use crate::words::say;
use backoff::Backoff;

const CHANGE_SERVER: (&str, &str) = ("change the server", "changez de serveur");

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
    refuse_change(&app.understudy())?;
    let server = Server::at(address::parse(typed)?)?;
    let info = checked_info(&server).await?;
    save(app, Some(server.origin()))?;
    go_to(app, Some(server), Some(info)).await;
    Ok(app.app_state())
}

/// Signs out and goes back to the question for the address.
pub(crate) async fn forget(app: &AppHandle) -> Result<AppState> {
    refuse_change(&app.understudy())?;
    if app.understudy().api.staff().borrow().is_some() {
        app.understudy().api.sign_out().await;
    }
    save(app, None)?;
    go_to(app, None, None).await;
    Ok(app.app_state())
}

fn refuse_change(app: &App) -> Result<()> {
    if app.settings.server_is_managed() {
        let message = say(
            "Your administrator has set the server's address for this computer.",
            "Votre administrateur a fixé l’adresse du serveur pour cet ordinateur.",
        );
        return Err(CommandError::invalid("url", message));
    }
    refuse_while_impersonating(app, CHANGE_SERVER)
}

pub(crate) fn refuse_while_impersonating(app: &App, what: (&str, &str)) -> Result<()> {
    if app.session.is_busy() { Err(CommandError::impersonating(what)) } else { Ok(()) }
}

/// What the server says of itself; an error where app and server do not understand each other.
pub(crate) async fn checked_info(server: &Server) -> Result<Info> {
    let info = server.info().await?;
    let (theirs, ours) = (&info.server, env!("CARGO_PKG_VERSION"));
    let message = if theirs.oldest_protocol.unwrap_or(theirs.protocol) > PROTOCOL_VERSION {
        say(
            format!(
                "This server (version {}) is newer than this app ({ours}). Update Understudy on this computer, then try again.",
                theirs.version
            ),
            format!(
                "Ce serveur (version {}) est plus récent que cette application ({ours}). Mettez Understudy à jour sur cet ordinateur, puis réessayez.",
                theirs.version
            ),
        )
    } else if theirs.protocol < OLDEST_PROTOCOL {
        say(
            format!(
                "This server (version {}) is older than this app ({ours}). Ask whoever runs it to update the server.",
                theirs.version
            ),
            format!(
                "Ce serveur (version {}) est plus ancien que cette application ({ours}). Demandez à la personne qui s’en occupe de le mettre à jour.",
                theirs.version
            ),
        )
    } else {
        return Ok(info);
    };
    Err(CommandError { field: Some("url".to_owned()), ..CommandError::new(ErrorCode::OtherVersion, message) })
}

fn save(app: &AppHandle, server: Option<String>) -> Result<()> {
    app.understudy().settings.save_server(server).map_err(|error| {
        let message = say(
            "The address could not be saved on this computer. Is its disk full?",
            "L’adresse n’a pas pu être enregistrée sur cet ordinateur. Le disque est-il plein ?",
        );
        CommandError::internal(message, error)
    })
}

/// Turns the switch of the whole installation.
pub(crate) async fn set_switch(app: &AppHandle, set: &SetSwitch) -> Result<Switch> {
    let switch = app.understudy().api.set_switch(set).await?;
    switched(app, switch.on);
    Ok(switch)
}

fn switched(app: &AppHandle, on: bool) {
    if app.understudy().set_switched_off(!on) {
        app.publish();
    }
}

async fn go_to(app: &AppHandle, server: Option<Server>, info: Option<Info>) {
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
    let (mut staff, mut keyring) = (state.api.staff(), state.keyring());
    let mut backoff = Backoff::default();
    let mut events = events::Follower::new(&app);
    loop {
        staff.mark_unchanged();
        match reach(&app, &server).await {
            Ok(()) => keyring.mark_unchanged(),
            Err(error) => {
                log::info!("the server is out of reach: {:?}", error.code);
                if state.set_trouble(error) {
                    app.publish();
                }
                backoff.wait().await;
                continue;
            }
        }
        if staff.borrow().is_some() {
            events.follow(&mut backoff).await;
            if staff.borrow().is_some() {
                connection(&app, Connection::Offline);
                backoff.wait().await;
            }
        } else {
            backoff.reset();
            notify::forget(&app);
            connection(&app, Connection::Online);
            app.publish();
            // Until somebody signs in, or the keyring answers after all.
            tokio::select! {
                changed = staff.changed() => if changed.is_err() { return },
                _ = keyring.changed() => {}
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
        if connection == Connection::Offline {
            app.understudy().session.doubt();
        }
    }
}
