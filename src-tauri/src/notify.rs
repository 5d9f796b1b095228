//! Desktop notifications. They are drawn on locked screens, so no code is ever in one.

use tauri::{AppHandle, Emitter};
use tauri_plugin_notification::{ActionPerformed, NotificationExt};
use understudy_protocol::{EndCause, Mode, PersonRef, Session};
use uuid::Uuid;

use crate::state::MAIN;
use crate::workspace;

const REQUEST: &str = "request";

/// A click brings the main window to the front, and to the code if it was about one.
pub(crate) fn listen(app: &AppHandle) {
    let handle = app.clone();
    if let Err(error) = app.notification().on_action(move |action| clicked(&handle, action)) {
        log::warn!("clicks on notifications will not be heard: {error}");
    }
}

fn clicked(app: &AppHandle, action: &ActionPerformed) {
    workspace::show(app);
    let request =
        action.notification().and_then(|shown| shown.extra().get(REQUEST)?.as_str()?.parse::<Uuid>().ok());
    if let Some(request) = request
        && let Err(error) = app.emit_to(MAIN, "code-opened", request)
    {
        log::error!("code-opened could not be sent: {error}");
    }
}

pub(crate) fn code_arrived(app: &AppHandle, request: Uuid, person: &PersonRef, mode: Mode) {
    let mode = match mode {
        Mode::View => "view only",
        Mode::Act => "with changes",
    };
    let body = format!("{} ({}), {mode}. Open Understudy to use it.", person.name, person.kind);
    show(app, "A code has arrived", &body, Some(request));
}

pub(crate) fn session_ended(app: &AppHandle, session: &Session, cause: Option<EndCause>) {
    let why = match cause {
        Some(EndCause::Limit) => "its time is up",
        Some(EndCause::Idle) => "nothing was done in it",
        Some(EndCause::ConsentWithdrawn) => "the consent was withdrawn",
        Some(EndCause::StoppedByStaff) => "somebody of your team stopped it",
        Some(EndCause::StaffDisabled) => "your account was disabled",
        Some(EndCause::SwitchedOff) => "impersonation was switched off",
        Some(EndCause::Exit) => "it was exited elsewhere",
        Some(EndCause::ClientLost) => "the connection to the server was lost",
        None => "the server ended it",
    };
    let body =
        format!("You are yourself again: the session as {} has ended, because {why}.", session.person.name);
    show(app, "Impersonation has ended", &body, None);
}

fn show(app: &AppHandle, title: &str, body: &str, request: Option<Uuid>) {
    let mut notification = app.notification().builder().title(title).body(plain(body));
    if let Some(request) = request {
        notification = notification.extra(REQUEST, request.to_string());
    }
    if let Err(error) = notification.show() {
        log::warn!("a notification could not be shown: {error}");
    }
}

/// Linux draws the body as markup, and a name is text.
fn plain(body: &str) -> String {
    if cfg!(target_os = "linux") {
        body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        body.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_is_not_markup() {
        assert_eq!(super::plain("Jonas & <b>Söhne</b>"), "Jonas &amp; &lt;b&gt;Söhne&lt;/b&gt;");
    }
}
