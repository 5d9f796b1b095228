//! The bar stands and answers, or nobody is let in; later it is brought back, or the session ends.

use std::time::Duration;

use tauri::{AppHandle, Manager};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::{Stage, layout, parts};
use crate::session;
use crate::state::{AppExt, BAR};

/// The bar's page has to say that it is there, and to stand in its place.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How often a bar that stands is asked whether it is still there.
const EVERY: Duration = Duration::from_secs(4);

/// Waits until the bar has answered and stands in its place.
pub(super) async fn in_place(app: &AppHandle) {
    let mut answered = app.state::<Stage>().bar_answered.subscribe();
    let _ = answered.wait_for(|answered| *answered).await;
    loop {
        if let Some((window, bar, platform)) = parts(app)
            && layout::bar_is_in_place(&window, &bar, &platform).await
        {
            return;
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Nobody stays signed in as somebody else under a bar that says nothing.
pub(super) async fn bring_back(app: AppHandle) {
    log::warn!("the bar crashed");
    app.state::<Stage>().bar_answered.send_replace(false);
    let reloaded = app.get_webview(BAR).is_some_and(|bar| bar.reload().is_ok());
    if !reloaded || timeout(PATIENCE, in_place(&app)).await.is_err() {
        session::close(&app, None, session::Cause::Exit);
    }
}

/// A bar that hangs raises no event, and on some systems neither does one that has crashed: so it is asked.
pub(super) async fn keep(app: AppHandle) {
    let session = app.understudy().session.live_id();
    while session.is_some() && app.understudy().session.live_id() == session {
        sleep(EVERY).await;
        // Once more: a computer that was busy, or asleep, has it late.
        if app.get_webview(BAR).is_some() && !answers(&app).await && !answers(&app).await {
            bring_back(app.clone()).await;
        }
    }
}

async fn answers(app: &AppHandle) -> bool {
    let Some(bar) = app.get_webview(BAR) else { return true };
    let (answer, answered) = oneshot::channel();
    let answer = std::sync::Mutex::new(Some(answer));
    let asked = bar.eval_with_callback("1", move |said| {
        if let Some(answer) = answer.lock().ok().and_then(|mut answer| answer.take()) {
            let _ = answer.send(said == "1");
        }
    });
    asked.is_ok() && matches!(timeout(EVERY, answered).await, Ok(Ok(true)))
}
