//! Renews the lease, and destroys the stage when it cannot.

use std::time::Duration;

use tauri::AppHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use understudy_protocol::{Lease, Session};
use uuid::Uuid;

use super::close::{Cause, close};
use crate::error::Result;
use crate::state::AppExt;
use crate::system::boot_time;
use crate::{notify, stage};

/// How often the boot clock is looked at. After sleep the first look comes at once.
const TICK: Duration = Duration::from_millis(250);

pub(super) async fn keep(app: AppHandle, id: Uuid, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = renew_until_lost(&app, id) => {}
    }
}

async fn renew_until_lost(app: &AppHandle, id: Uuid) {
    let state = app.understudy();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // A renewal that hangs must not keep the stage open, so it runs beside the clock.
    let mut renewal = None;
    let mut news = Vec::new();
    loop {
        tokio::select! {
            _ = tick.tick() => {
                let now = boot_time();
                let looked = state.session.with_live(|live| {
                    for (due, say) in [
                        (live.tell_limit(now), notify::ends_soon as fn(&AppHandle, &Session)),
                        (live.hand.tell(now), notify::still_there),
                    ] {
                        if due {
                            news.push((say, live.session.clone()));
                        }
                    }
                    (live.lease.is_lost(now), live.lease.is_due(now))
                });
                let Some((lost, due)) = looked else { return };
                if lost {
                    close(app, Some(id), Cause::LeaseLost);
                    return;
                }
                for (say, session) in news.drain(..) {
                    say(app, &session);
                    stage::publish(app);
                }
                if due && renewal.is_none() {
                    renewal = Some(Box::pin(renew(app, id)));
                }
            }
            (asked_at, outcome) = async { match renewal.as_mut() { Some(renewal) => renewal.await, None => std::future::pending().await } } => {
                renewal = None;
                if settle(app, id, asked_at, outcome) {
                    return;
                }
            }
        }
    }
}

async fn renew(app: &AppHandle, id: Uuid) -> (Duration, Result<Lease>) {
    let asked_at = boot_time();
    let state = app.understudy();
    let outcome = match state.session.token(id) {
        Some(token) => {
            let idle = state.session.with_live(|live| live.hand.idle(asked_at)).unwrap_or_default();
            state.api.renew_lease(id, &token, idle).await
        }
        None => Err(crate::contract::CommandError::signed_out()),
    };
    (asked_at, outcome)
}

/// Whether the session is over.
fn settle(app: &AppHandle, id: Uuid, asked_at: Duration, outcome: Result<Lease>) -> bool {
    let state = app.understudy();
    let was_lost = state.session.with_live(|live| live.connection_lost);
    match outcome {
        // An answer from before the computer slept may be older than the lease it grants.
        Ok(lease) => state.session.renewed(&lease, asked_at),
        Err(error) if error.is_final_for_a_session() => {
            log::info!("the lease was refused: {:?}", error.code);
            close(app, Some(id), Cause::Server(None));
            return true;
        }
        Err(error) => {
            log::info!("the lease was not renewed: {:?}", error.code);
            state.session.renewal_failed(boot_time());
        }
    }
    if state.session.with_live(|live| live.connection_lost) != was_lost {
        stage::publish(app);
    }
    false
}
