//! What the app knows while it runs, and how the main window hears of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Emitter, Manager, State};
use tokio::sync::watch;
use understudy_protocol::ServerInfo;
use uuid::Uuid;

use crate::api::{Api, Info};
use crate::contract::{AppState, CommandError, Connection, Keyring, NewVersion, Prefill, StageClosed};
use crate::credentials::Credentials;
use crate::drafts::Drafts;
use crate::session::Slot;
use crate::settings::SettingsFile;
use crate::tray;

/// Labels of windows and webviews. The platform's is in no capability.
pub(crate) const MAIN: &str = "main";
pub(crate) const STAGE: &str = "stage";
pub(crate) const BAR: &str = "bar";
pub(crate) const PLATFORM: &str = "platform";

pub(crate) struct App {
    pub(crate) api: Api,
    pub(crate) settings: SettingsFile,
    pub(crate) drafts: Drafts,
    pub(crate) session: Slot,
    credentials: Arc<Credentials>,
    news: Mutex<News>,
    link: Mutex<Link>,
}

/// What the main window has yet to say.
#[derive(Default)]
struct News {
    left: Option<StageClosed>,
    prefill: Option<Prefill>,
    new_version: Option<NewVersion>,
    /// Requests of others that an administrator may answer, the oldest first.
    asked: Vec<Uuid>,
}

/// How the app stands with its server.
struct Link {
    connection: Connection,
    trouble: Option<CommandError>,
    info: Option<ServerInfo>,
    clock_ahead_ms: Option<i64>,
    follower: Option<JoinHandle<()>>,
}

impl App {
    pub(crate) fn new(settings: PathBuf, drafts: PathBuf) -> Self {
        let credentials = Arc::new(Credentials::new());
        Self {
            api: Api::new(credentials.clone()),
            settings: SettingsFile::open(settings),
            drafts: Drafts::at(drafts),
            session: Slot::default(),
            credentials,
            news: Mutex::default(),
            link: Mutex::new(Link {
                connection: Connection::Connecting,
                trouble: None,
                info: None,
                clock_ahead_ms: None,
                follower: None,
            }),
        }
    }

    pub(crate) fn keyring(&self) -> watch::Receiver<Keyring> {
        self.credentials.state()
    }

    /// Whether the connection is another one than before.
    pub(crate) fn set_connection(&self, connection: Connection) -> bool {
        let mut link = self.link();
        link.trouble = None;
        std::mem::replace(&mut link.connection, connection) != connection
    }

    /// The server cannot be used, and why. Whether that is news.
    pub(crate) fn set_trouble(&self, trouble: CommandError) -> bool {
        let mut link = self.link();
        let news = link.connection != Connection::Offline || link.trouble.as_ref() != Some(&trouble);
        (link.connection, link.trouble) = (Connection::Offline, Some(trouble));
        news
    }

    pub(crate) fn set_info(&self, info: Option<Info>) {
        let mut link = self.link();
        link.clock_ahead_ms = info.as_ref().and_then(|info| info.clock_ahead_ms);
        link.info = info.map(|info| info.server);
    }

    /// Impersonation was switched off or on again. Whether that is news.
    pub(crate) fn set_switched_off(&self, off: bool) -> bool {
        let mut link = self.link();
        link.info.as_mut().is_some_and(|info| std::mem::replace(&mut info.switched_off, off) != off)
    }

    pub(crate) fn set_left(&self, left: Option<StageClosed>) {
        self.news().left = left;
    }

    pub(crate) fn set_prefill(&self, prefill: Option<Prefill>) {
        self.news().prefill = prefill;
    }

    pub(crate) fn take_prefill(&self) -> Option<Prefill> {
        self.news().prefill.take()
    }

    pub(crate) fn set_new_version(&self, version: Option<NewVersion>) {
        self.news().new_version = version;
    }

    /// How much of the newer version is there, in percent. Whether that is news.
    pub(crate) fn set_downloaded(&self, percent: Option<u8>) -> bool {
        let mut news = self.news();
        let version = news.new_version.as_mut();
        version.is_some_and(|version| std::mem::replace(&mut version.downloaded, percent) != percent)
    }

    /// Whether other requests wait than before.
    pub(crate) fn set_asked(&self, asked: Vec<Uuid>) -> bool {
        let mut news = self.news();
        std::mem::replace(&mut news.asked, asked.clone()) != asked
    }

    pub(crate) fn asked(&self) -> Vec<Uuid> {
        self.news().asked.clone()
    }

    /// Replaces the task that follows the server; the old one stops.
    pub(crate) fn set_follower(&self, follower: Option<JoinHandle<()>>) {
        if let Some(old) = std::mem::replace(&mut self.link().follower, follower) {
            old.abort();
        }
    }

    fn news(&self) -> std::sync::MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn link(&self) -> std::sync::MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Short ways from a handle to the state.
pub(crate) trait AppExt {
    fn understudy(&self) -> State<'_, App>;
    fn app_state(&self) -> AppState;
    /// Sends `app-state` to the main window, and shows it in the tray.
    fn publish(&self);
}

impl AppExt for AppHandle {
    fn understudy(&self) -> State<'_, App> {
        self.state::<App>()
    }

    fn app_state(&self) -> AppState {
        let app = self.understudy();
        let (link, news) = (app.link(), app.news());
        AppState {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            server: app.api.address(),
            info: link.info.clone(),
            staff: app.api.staff().borrow().clone(),
            connection: link.connection,
            trouble: link.trouble.clone(),
            clock_ahead_ms: link.clock_ahead_ms,
            keyring: app.keyring().borrow().clone(),
            stage: app.session.stage_state(),
            prefill: news.prefill.clone(),
            new_version: news.new_version.clone(),
            left: news.left.clone(),
        }
    }

    fn publish(&self) {
        let app = self.clone();
        // One after the other, each with the state as it is then: what is sent last is the newest.
        let sent = self.run_on_main_thread(move || {
            let state = app.app_state();
            tray::update(&app, &state);
            if let Err(error) = app.emit_to(MAIN, "app-state", state) {
                log::error!("app-state could not be sent: {error}");
            }
        });
        if let Err(error) = sent {
            log::error!("app-state could not be sent: {error}");
        }
    }
}
