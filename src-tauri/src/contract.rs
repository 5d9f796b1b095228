//! What the app's Rust side and its web UI say to each other, beyond the types of `understudy-protocol`.
//! TypeScript is generated from here too.
//!
//! The UI calls the commands of `commands/` (which webview may call which is in `capabilities/`); all of them
//! answer with their type or reject with [`CommandError`]. The app tells the UI, by name of the event:
//!
//! | name | payload | to |
//! |---|---|---|
//! | `app-state` | [`AppState`] | main: something in it changed, or the connection is back |
//! | `server-event` | [`understudy_protocol::EventEnvelope`] | main: the server's event, passed on |
//! | `stage-state` | [`StageState`] | bar, main |
//! | `stage-closed` | [`StageClosed`] | main: asks for the note, where it is not filed |
//! | `code-opened` | the request's ID | main: the notification of its code was clicked |
//! | `session-opened` | the session's ID | main: the notification about it was clicked |
//! | `more-wanted` | [`More`] | main: the bar was asked for it |
//! | `zoom-key` | `+`, `-` or `0` | main: pressed with Ctrl on the stage |
//! | `settings` | [`Settings`] | main: they have changed |
//! | `close-refused` | nothing | main: somebody tried to close or quit while impersonating |

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use understudy_protocol::{ErrorCode, ServerInfo, Session, Staff};
use uuid::Uuid;

/// How the app stands with its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    Connecting,
    Online,
    Offline,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    En,
    Fr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    Light,
    Dark,
}

/// Times of day, `HH:MM`; they may go over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct QuietHours {
    pub from: String,
    pub to: String,
}

/// The app's own settings. Sent as the event `settings` whenever they change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Settings {
    /// The system's where none is chosen.
    pub language: Option<Language>,
    /// The system's where none is chosen.
    pub theme: Option<Theme>,
    /// How large everything is, in percent: 80 to 200.
    pub zoom: u32,
    /// Starts with the computer.
    pub autostart: bool,
    /// Runs on when its window is closed, to receive codes.
    pub keep_running: bool,
    /// Shows codes in notifications, which are drawn on locked screens.
    pub show_codes: bool,
    /// No notifications then.
    pub quiet_hours: Option<QuietHours>,
    /// Names of settings that whoever manages the computer has fixed.
    pub managed: Vec<String>,
}

/// Where the refresh token lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Keyring {
    Available,
    /// The sign-in lasts for this run; `help` says what to install or unlock.
    Unavailable {
        help: String,
    },
}

/// Everything the main window draws its frame from. Sent as the event `app-state` whenever it changes.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct AppState {
    pub version: String,
    /// The address of the server, once it is known.
    pub server: Option<String>,
    pub info: Option<ServerInfo>,
    pub staff: Option<Staff>,
    pub connection: Connection,
    /// Why the server cannot be used, where it cannot.
    pub trouble: Option<CommandError>,
    /// By how much this computer's clock is ahead of the server's, in milliseconds, as far as it is known.
    #[ts(type = "number | null")]
    pub clock_ahead_ms: Option<i64>,
    pub keyring: Keyring,
    pub stage: Option<StageState>,
    /// What a link from outside wants to have filled in; `take_prefill` hands it over.
    pub prefill: Option<Prefill>,
    /// A newer version of the app that could be installed.
    pub new_version: Option<NewVersion>,
    /// The session that an earlier run of the app left open, until the next sign-in or start.
    pub left: Option<StageClosed>,
}

/// Values for the form of a request, from outside.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, TS)]
pub struct Prefill {
    pub person: Option<String>,
    pub ticket: Option<String>,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct NewVersion {
    pub version: String,
    pub notes: Option<String>,
    /// How much of it is downloaded, in percent, while it is.
    pub downloaded: Option<u8>,
}

/// The stage as the bar and the main window see it. Sent as the event `stage-state`.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct StageState {
    pub session: Session,
    /// What the server is called.
    pub server: String,
    /// What the bar says or asks right now, the newest first in line.
    pub sheet: Option<Sheet>,
    /// Milliseconds until the stage closes for want of contact with the server, where there is none.
    #[ts(type = "number | null")]
    pub lost_in_ms: Option<u64>,
    /// What the bar speaks.
    pub language: Language,
    /// The platform's page has been on its way for a second.
    pub loading: bool,
    /// Milliseconds until the session's limit, at the time this was sent.
    #[ts(type = "number")]
    pub limit_in_ms: u64,
    /// Milliseconds until the session ends because nothing is done by hand, in the last minute of it.
    #[ts(type = "number | null")]
    pub idle_in_ms: Option<u64>,
}

/// A sheet by which the bar grows and the platform moves down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Sheet {
    /// Somebody tried to close a window or quit.
    CloseRefused,
    /// The page wants to open an address outside the platform.
    ExternalLink { url: String },
    /// The gateway refused something.
    Refused {
        method: String,
        path: String,
        reason: understudy_protocol::RefusalReason,
        /// What the person can be asked for.
        scope: Option<understudy_protocol::Scope>,
    },
    /// Changes are allowed from now on.
    Raised,
    /// How a question to the person stands.
    Consent { question: understudy_protocol::Question },
    /// A download was saved, or not.
    Downloaded { file: String, folder: String, ok: bool },
    /// The platform's page crashed.
    Crashed,
    /// A page did not come; the one before it is still there.
    NotLoaded {
        /// Nobody vouches for the gateway's certificate, or what answers has none.
        untrusted: bool,
        /// There is none before it: the way in can be tried again.
        first: bool,
    },
}

/// What more is wanted of the session that runs. Sent as the event `more-wanted` to the main window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum More {
    /// Changes.
    Act,
    Time,
}

/// A support note as far as it is written. Empty where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NoteDraft {
    pub what: String,
    pub why: String,
    pub solved: Option<bool>,
}

/// Why the stage is gone. Sent as the event `stage-closed` to the main window, which asks for the note.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct StageClosed {
    /// With its note, where the draft was filed on the way out.
    pub session: Session,
    pub reason: StageClosedReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StageClosedReason {
    /// "Exit impersonation", and the server knows.
    Exited,
    /// "Exit impersonation" without the server: the token is dropped, the server ends the session by itself.
    ExitedOffline,
    /// The server ended it; `session.end_cause` says why.
    EndedByServer,
    /// No lease could be renewed for 30 s.
    LeaseLost,
    /// The app itself was gone: killed, or the computer went out. Told at its next start.
    AppGone,
}

/// Every error of a command: a code to branch on and a sentence to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct CommandError {
    pub code: ErrorCode,
    pub message: String,
    pub field: Option<String>,
    pub tries_left: Option<u8>,
    #[ts(type = "number | null")]
    pub retry_after_ms: Option<u64>,
    /// The session that it is about, e.g. the one whose note or review is missing.
    pub session_id: Option<Uuid>,
    /// Whom it is about: who is in a person's account.
    pub name: Option<String>,
}
