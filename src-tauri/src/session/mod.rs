//! The impersonation that is going on, if one is. The token lives here and nowhere else.

mod close;
mod hand;
mod keeper;
mod lease;
mod more;
mod note;
mod sheets;
mod start;
mod trace;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use understudy_protocol::{ErrorCode, Lease, Session, Started};
use uuid::Uuid;

use crate::contract::{CommandError, Sheet, StageState};
use crate::error::Result;
use crate::system::boot_time;
use crate::words::{language, say};
use hand::Hand;
use lease::LeaseClock;
use sheets::Sheets;

pub(crate) use close::{Cause, close, end_before_quitting};
pub(crate) use more::{ask_to_act, changed, extend, raise};
pub(crate) use note::{draft, keep_draft};
pub(crate) use start::{enter, start, stop};
pub(crate) use trace::look as look_for_a_left_one;

/// So long before a session's limit the bar warns, and a notification with it.
const LIMIT_WARNING: Duration = Duration::from_secs(120);

/// A refusal and the page that says it arrive one after the other, in either order.
const WITH_ITS_PAGE: Duration = Duration::from_secs(2);

/// Room for one session at a time.
#[derive(Default)]
pub(crate) struct Slot {
    content: Mutex<Content>,
    /// How many ends the server has still to be told of.
    ends: watch::Sender<usize>,
}

#[derive(Default)]
enum Content {
    #[default]
    Empty,
    Starting(Uuid),
    // Boxed: it is much larger than the others.
    Live(Box<Live>),
}

struct Live {
    session: Session,
    /// What it is called.
    server: String,
    token: SecretString,
    lease: LeaseClock,
    /// Whether somebody is at it.
    hand: Hand,
    /// Whether staff were told that the time is nearly up.
    limit_told: bool,
    connection_lost: bool,
    loading: bool,
    sheets: Sheets,
    /// When a page was refused last.
    refused_at: Duration,
    /// Stops the task that keeps the lease.
    stop: CancellationToken,
}

impl Live {
    fn new(started: Started, server: String, asked_at: Duration) -> Self {
        Self {
            lease: LeaseClock::new(&started.lease, asked_at),
            hand: Hand::new(&started.lease, asked_at),
            session: started.session,
            server,
            token: started.token.into(),
            limit_told: false,
            connection_lost: false,
            loading: false,
            sheets: Sheets::default(),
            refused_at: Duration::ZERO,
            stop: CancellationToken::new(),
        }
    }

    /// Whether staff have to be told now that the time is nearly up; once.
    fn tell_limit(&mut self, now: Duration) -> bool {
        let near = self.lease.until_limit(now) <= LIMIT_WARNING;
        let due = near && !self.limit_told;
        // Whoever gets more time is told again.
        self.limit_told = near;
        due
    }

    fn stage_state(&self, now: Duration) -> StageState {
        StageState {
            session: self.session.clone(),
            server: self.server.clone(),
            sheet: self.sheets.front().cloned(),
            lost_in_ms: self.connection_lost.then(|| millis(self.lease.left(now))),
            language: language(),
            loading: self.loading,
            limit_in_ms: millis(self.lease.until_limit(now)),
            idle_in_ms: self.hand.warning(now).map(millis),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The slot is kept while a session starts; dropping this frees it unless the session has taken it.
struct Reservation<'a>(&'a Slot);

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut content = self.0.content();
        if matches!(*content, Content::Starting(_)) {
            *content = Content::Empty;
        }
    }
}

impl Slot {
    /// Whether a session is on or about to be: nothing may close, quit or sign out now.
    pub(crate) fn is_busy(&self) -> bool {
        !matches!(*self.content(), Content::Empty)
    }

    pub(crate) fn live_id(&self) -> Option<Uuid> {
        self.with_live(|live| live.session.id)
    }

    pub(crate) fn stage_state(&self) -> Option<StageState> {
        self.with_live(|live| live.stage_state(boot_time()))
    }

    /// Somebody did something by hand on the stage. Whether the bar was asking for it.
    pub(crate) fn input(&self) -> bool {
        self.with_live(|live| {
            let now = boot_time();
            let asked = live.hand.warning(now).is_some();
            live.hand.moved(now);
            if asked {
                // The server must hear of it before the time is up that it knows of.
                live.lease.renew_now(now);
            }
            asked
        })
        .unwrap_or(false)
    }

    pub(crate) fn push_sheet(&self, sheet: Sheet) {
        self.with_live(|live| {
            // A refused form or script leaves its page as it is: only what was to be opened comes with one.
            if matches!(&sheet, Sheet::Refused { method, .. } if method == "GET") {
                live.refused_at = boot_time();
            }
            live.sheets.push(sheet);
        });
    }

    /// The platform shows another page. Whether the bar has less to say now.
    pub(crate) fn page_changed(&self) -> bool {
        let changed = |live: &mut Live| {
            // The page that says the refusal itself comes with it.
            boot_time().saturating_sub(live.refused_at) > WITH_ITS_PAGE && live.sheets.leave_page()
        };
        self.with_live(changed).unwrap_or(false)
    }

    /// The server may be gone: the lease is asked for at once.
    pub(crate) fn doubt(&self) {
        self.with_live(|live| live.lease.renew_now(boot_time()));
    }

    /// Whether the bar says something else now.
    pub(crate) fn set_loading(&self, loading: bool) -> bool {
        self.with_live(|live| std::mem::replace(&mut live.loading, loading) != loading).unwrap_or(false)
    }

    pub(crate) fn dismiss_sheet(&self) {
        self.with_live(|live| live.sheets.dismiss());
    }

    pub(crate) fn take_link(&self) -> Option<String> {
        self.with_live(|live| live.sheets.take_link()).flatten()
    }

    pub(crate) fn take_download(&self) -> Option<PathBuf> {
        self.with_live(|live| live.sheets.take_download()).flatten()
    }

    /// Waits until the server knows of every end, or has been given up on.
    pub(crate) async fn ends_told(&self) {
        let _ = self.ends.subscribe().wait_for(|ends| *ends == 0).await;
    }

    pub(crate) fn is_telling(&self) -> bool {
        *self.ends.borrow() > 0
    }

    fn reserve(&self, id: Uuid) -> Result<Reservation<'_>> {
        let mut content = self.content();
        if !matches!(*content, Content::Empty) {
            return Err(CommandError::new(
                ErrorCode::AlreadyImpersonating,
                say(
                    "You are already signed in as somebody else. Exit impersonation first.",
                    "Vous êtes déjà connecté en tant que quelqu’un d’autre. Quittez d’abord la prise en main.",
                ),
            ));
        }
        *content = Content::Starting(id);
        Ok(Reservation(self))
    }

    /// Puts the session into the reserved slot.
    fn occupy(&self, live: Live) -> CancellationToken {
        let stop = live.stop.clone();
        *self.content() = Content::Live(Box::new(live));
        stop
    }

    /// Takes the session out: whoever gets it, and nobody else, closes it.
    fn take(&self, id: Option<Uuid>) -> Option<Box<Live>> {
        let mut content = self.content();
        match &*content {
            Content::Live(live) if id.is_none_or(|id| id == live.session.id) => {}
            _ => return None,
        }
        match std::mem::take(&mut *content) {
            Content::Live(live) => Some(live),
            Content::Empty | Content::Starting(_) => None,
        }
    }

    /// The session that is about to start: the server may know it already.
    fn starting(&self) -> Option<Uuid> {
        match *self.content() {
            Content::Starting(id) => Some(id),
            Content::Empty | Content::Live(_) => None,
        }
    }

    /// The session that runs, and its token.
    pub(crate) fn held(&self) -> Option<(Uuid, SecretString)> {
        self.with_live(|live| (live.session.id, live.token.clone()))
    }

    fn token(&self, id: Uuid) -> Option<SecretString> {
        self.with_live(|live| (live.session.id == id).then(|| live.token.clone())).flatten()
    }

    fn renewed(&self, lease: &Lease, asked_at: Duration) {
        self.with_live(|live| {
            live.lease = LeaseClock::new(lease, asked_at);
            live.hand.allow(lease);
            live.connection_lost = false;
        });
    }

    fn renewal_failed(&self, now: Duration) {
        self.with_live(|live| {
            live.lease.failed(now);
            live.connection_lost = true;
        });
    }

    fn with_live<T>(&self, act: impl FnOnce(&mut Live) -> T) -> Option<T> {
        match &mut *self.content() {
            Content::Live(live) => Some(act(live)),
            Content::Empty | Content::Starting(_) => None,
        }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
