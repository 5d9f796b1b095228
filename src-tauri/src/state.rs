//! What the app knows while it runs, and how the main window hears of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Emitter, Manager, State};
use understudy_protocol::ServerInfo;

use crate::api::Api;
use crate::contract::{AppState, Connection};
use crate::credentials::Credentials;
use crate::session::Slot;
use crate::settings::SettingsFile;

/// Labels of windows and webviews. The platform's is in no capability.
pub(crate) const MAIN: &str = "main";
pub(crate) const STAGE: &str = "stage";
pub(crate) const BAR: &str = "bar";
pub(crate) const PLATFORM: &str = "platform";

pub(crate) struct App {
    pub(crate) api: Api,
    pub(crate) settings: SettingsFile,
    pub(crate) session: Slot,
    credentials: Arc<Credentials>,
    link: Mutex<Link>,
}

/// How the app stands with its server.
struct Link {
    connection: Connection,
    info: Option<ServerInfo>,
    follower: Option<JoinHandle<()>>,
}

impl App {
    pub(crate) fn new(settings: PathBuf) -> Self {
        let credentials = Arc::new(Credentials::new());
        Self {
            api: Api::new(credentials.clone()),
            settings: SettingsFile::open(settings),
            session: Slot::default(),
            credentials,
            link: Mutex::new(Link { connection: Connection::Connecting, info: None, follower: None }),
        }
    }

    /// Whether the connection is another one than before.
    pub(crate) fn set_connection(&self, connection: Connection) -> bool {
        std::mem::replace(&mut self.link().connection, connection) != connection
    }

    pub(crate) fn set_info(&self, info: Option<ServerInfo>) {
        self.link().info = info;
    }

    /// Replaces the task that follows the server; the old one stops.
    pub(crate) fn set_follower(&self, follower: Option<JoinHandle<()>>) {
        if let Some(old) = std::mem::replace(&mut self.link().follower, follower) {
            old.abort();
        }
    }

    fn link(&self) -> std::sync::MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Short ways from a handle to the state.
pub(crate) trait AppExt {
    fn understudy(&self) -> State<'_, App>;
    fn app_state(&self) -> AppState;
    /// Sends `app-state` to the main window.
    fn publish(&self);
}

impl AppExt for AppHandle {
    fn understudy(&self) -> State<'_, App> {
        self.state::<App>()
    }

    fn app_state(&self) -> AppState {
        let app = self.understudy();
        let (connection, info) = {
            let link = app.link();
            (link.connection, link.info.clone())
        };
        AppState {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            server: app.api.address(),
            info,
            staff: app.api.staff().borrow().clone(),
            connection,
            keyring: app.credentials.state(),
            stage: app.session.stage_state(),
        }
    }

    fn publish(&self) {
        if let Err(error) = self.emit_to(MAIN, "app-state", self.app_state()) {
            log::error!("app-state could not be sent: {error}");
        }
    }
}
