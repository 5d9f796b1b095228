//! Desktop notifications. They are drawn on locked screens: a code is in one only if staff chose that.

use std::sync::{Mutex, PoisonError};

use tauri::{AppHandle, Emitter, Manager};
use tauri_plugin_notification::{ActionPerformed, NotificationExt};
use understudy_protocol::{Consent, EndCause, Mode, PendingRequest, PersonRef, Session, StaffRef};
use uuid::Uuid;

use crate::preferences;
use crate::state::MAIN;
use crate::system;
use crate::words::say;
use crate::workspace;

const REQUEST: &str = "request";
const SESSION: &str = "session";

/// What belongs together is one notification: the next takes the place of the last, where the system can.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Codes that wait to be used.
    Codes = 1,
    /// Requests that wait for an administrator.
    Requests = 2,
    /// One's own session.
    Session = 3,
    /// Sessions without consent that a lead has not reviewed.
    Exceptions = 4,
}

struct Entry {
    group: Group,
    about: Uuid,
    /// It in one line, beside others.
    line: String,
}

/// What was told of and still waits, the newest first.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<Vec<Entry>>);

impl Waiting {
    /// Answers with the lines of the group.
    fn add(&self, entry: Entry) -> Vec<String> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let group = entry.group;
        entries.insert(0, entry);
        entries.iter().filter(|entry| entry.group == group).map(|entry| entry.line.clone()).collect()
    }

    fn any(&self, group: Group) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|entry| entry.group == group)
    }

    fn keep(&self, group: Group, still: impl Fn(Uuid) -> bool) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.group != group || still(entry.about));
    }
}

/// Whether something of this group was told of and waits.
pub(crate) fn waits(app: &AppHandle, group: Group) -> bool {
    app.state::<Waiting>().any(group)
}

/// Only these of the group still wait; nobody is told of the others any longer.
pub(crate) fn only(app: &AppHandle, group: Group, still: &[Uuid]) {
    keep(app, group, |about| still.contains(&about));
}

/// A lead has reviewed this session.
pub(crate) fn reviewed(app: &AppHandle, session: Uuid) {
    keep(app, Group::Exceptions, |about| about != session);
}

fn keep(app: &AppHandle, group: Group, still: impl Fn(Uuid) -> bool) {
    if waits(app, group) {
        app.state::<Waiting>().keep(group, still);
        if !waits(app, group) {
            withdraw(app, group);
        }
    }
}

/// Nothing of what was told concerns whoever sits here now.
pub(crate) fn forget(app: &AppHandle) {
    for group in [Group::Codes, Group::Requests, Group::Exceptions] {
        only(app, group, &[]);
    }
}

fn withdraw(app: &AppHandle, group: Group) {
    if let Err(error) = app.notification().remove_active(vec![group as i32]) {
        log::info!("a notification could not be withdrawn: {error}");
    }
}

/// What a click leads to.
#[derive(Clone, Copy)]
enum About {
    Request(Uuid),
    Session(Uuid),
    Nothing,
}

/// A click brings the main window to the front, and to what it was about.
pub(crate) fn listen(app: &AppHandle) {
    let handle = app.clone();
    if let Err(error) = app.notification().on_action(move |action| clicked(&handle, action)) {
        log::warn!("clicks on notifications will not be heard: {error}");
    }
}

fn clicked(app: &AppHandle, action: &ActionPerformed) {
    workspace::show(app);
    let id = |key: &str| {
        action.notification().and_then(|shown| shown.extra().get(key)?.as_str()?.parse::<Uuid>().ok())
    };
    if let Some(request) = id(REQUEST) {
        open_inbox(app, request);
    }
    if let Some(session) = id(SESSION) {
        open_report(app, session);
    }
}

/// To the entry of this request.
pub(crate) fn open_inbox(app: &AppHandle, request: Uuid) {
    if let Err(error) = app.emit_to(MAIN, "code-opened", request) {
        log::error!("code-opened could not be sent: {error}");
    }
}

/// To the report of this session.
fn open_report(app: &AppHandle, session: Uuid) {
    if let Err(error) = app.emit_to(MAIN, "session-opened", session) {
        log::error!("session-opened could not be sent: {error}");
    }
}

/// `code` only where staff chose to have it shown.
pub(crate) fn code_arrived(
    app: &AppHandle,
    request: Uuid,
    person: &PersonRef,
    mode: Mode,
    code: Option<&str>,
) {
    let mode = mode_word(mode);
    let (name, kind) = (&person.name, kind_word(&person.kind));
    let whom = format!("{name} ({kind}), {mode}");
    let (line, body) = match code {
        Some(code) => (format!("{code} – {whom}"), format!("{code}\n{whom}")),
        None => {
            let open = say("Open Understudy to use it.", "Ouvrez Understudy pour l’utiliser.");
            (whom.clone(), format!("{whom}. {open}"))
        }
    };
    let title = say("A code has arrived", "Un code est arrivé");
    let several = |count| say(format!("{count} codes wait for you"), format!("{count} codes vous attendent"));
    show_one_of(app, Entry { group: Group::Codes, about: request, line }, title, &body, several);
}

/// Somebody asks for a code that an administrator hands over.
pub(crate) fn approval_asked(app: &AppHandle, request: &PendingRequest) {
    let (asker, name) = (&request.staff.name, &request.person.name);
    let (kind, mode) = (kind_word(&request.person.kind), mode_word(request.mode));
    let title = say(format!("{asker} asks for a code"), format!("{asker} demande un code"));
    let consent = match &request.consent {
        Consent::Exception(exception) => {
            let category = &exception.category;
            say(format!("Without consent: {category}. "), format!("Sans accord\u{a0}: {category}. "))
        }
        _ => String::new(),
    };
    let body = say(
        format!("For {name} ({kind}), {mode}. {consent}Open Understudy to hand it over or deny it."),
        format!(
            "Pour {name} ({kind}), {mode}. {consent}Ouvrez Understudy pour le transmettre ou le refuser."
        ),
    );
    let several =
        |count| say(format!("{count} requests wait for you"), format!("{count} demandes vous attendent"));
    let line = format!("{asker} – {name} ({kind}), {mode}");
    let entry = Entry { group: Group::Requests, about: request.request_id, line };
    show_one_of(app, entry, &title, &body, several);
}

/// Somebody is in an account whose person was not asked.
pub(crate) fn exception_used(
    app: &AppHandle,
    session: Uuid,
    staff: &StaffRef,
    person: &PersonRef,
    category: &str,
) {
    let (staff, name, kind) = (&staff.name, &person.name, kind_word(&person.kind));
    let body = say(
        format!("{staff} is signed in as {name} ({kind}): {category}. Open Understudy for the report."),
        format!(
            "{staff} agit en tant que {name} ({kind}) : {category}. Ouvrez Understudy pour lire le rapport."
        ),
    );
    let title = say("Signed in without consent", "Connexion sans accord");
    let several =
        |count| say(format!("{count} sessions without consent"), format!("{count} sessions sans accord"));
    let line = format!("{staff} – {name} ({kind}), {category}");
    show_one_of(app, Entry { group: Group::Exceptions, about: session, line }, title, &body, several);
}

/// An administrator has said no. Why is in the app.
pub(crate) fn code_denied(app: &AppHandle, person: &PersonRef, by: &StaffRef) {
    let (by, name) = (&by.name, &person.name);
    let body = say(
        format!("{by} will not hand over the code for {name}. Open Understudy to read why."),
        format!("{by} ne transmettra pas le code pour {name}. Ouvrez Understudy pour lire pourquoi."),
    );
    show(app, say("Your code was denied", "Votre code a été refusé"), &body, About::Nothing, None);
}

pub(crate) fn session_ended(app: &AppHandle, session: &Session, cause: Option<EndCause>) {
    let why = match cause {
        Some(EndCause::Limit) => say("its time is up", "sa durée est écoulée"),
        Some(EndCause::Idle) => say("nothing was done in it", "rien n’y a été fait"),
        Some(EndCause::ConsentWithdrawn) => say("the consent was withdrawn", "le consentement a été retiré"),
        Some(EndCause::StoppedByStaff) => {
            say("somebody of your team stopped it", "une personne de votre équipe l’a arrêtée")
        }
        Some(EndCause::StaffDisabled) => say("your account was disabled", "votre compte a été désactivé"),
        Some(EndCause::SwitchedOff) => {
            say("impersonation was switched off", "la prise en main a été désactivée")
        }
        Some(EndCause::Exit) => say("it was exited elsewhere", "elle a été quittée ailleurs"),
        Some(EndCause::ClientLost) => {
            say("the connection to the server was lost", "la connexion au serveur a été perdue")
        }
        None => say("the server ended it", "le serveur y a mis fin"),
    };
    let name = &session.person.name;
    let body = say(
        format!("You are yourself again: the session as {name} has ended, because {why}."),
        format!("Vous êtes de nouveau vous-même : la session en tant que {name} a pris fin, car {why}."),
    );
    show_of_session(app, say("Impersonation has ended", "La prise en main a pris fin"), &body);
}

/// The session's time is nearly up.
pub(crate) fn ends_soon(app: &AppHandle, session: &Session) {
    let name = &session.person.name;
    let body = say(
        format!("The session as {name} ends in 2 minutes at the latest. Finish what you are doing."),
        format!(
            "La session en tant que {name} prend fin dans 2 minutes au plus. Terminez ce que vous faites."
        ),
    );
    show_of_session(app, say("Impersonation ends soon", "La prise en main va prendre fin"), &body);
}

/// The session is about to end because nobody does anything.
pub(crate) fn still_there(app: &AppHandle, session: &Session) {
    let name = &session.person.name;
    let body = say(
        format!(
            "Nothing was done as {name} for a while, so the session is about to end. Move the mouse on it to go on."
        ),
        format!(
            "Rien n’a été fait en tant que {name} depuis un moment : la session va prendre fin. Bougez la souris dessus pour continuer."
        ),
    );
    show_of_session(app, say("Are you still there?", "Êtes-vous toujours là ?"), &body);
}

fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::View => say("view only", "lecture seule"),
        Mode::Act => say("changes allowed", "modifications permises"),
    }
}

/// The installation words its kinds itself; those of the specification are known in both languages, as in the UI.
fn kind_word(kind: &str) -> &str {
    match kind {
        "Investor" => say("Investor", "Investisseur"),
        "Company" => say("Company", "Entreprise"),
        other => other,
    }
}

fn show_of_session(app: &AppHandle, title: &str, body: &str) {
    show(app, title, body, About::Nothing, Some(Group::Session));
}

/// Alone as `title` and `body`; beside others of its group under `several`, a line each.
fn show_one_of(
    app: &AppHandle,
    entry: Entry,
    title: &str,
    body: &str,
    several: impl FnOnce(usize) -> String,
) {
    let group = entry.group;
    let about = match group {
        Group::Exceptions => About::Session(entry.about),
        _ => About::Request(entry.about),
    };
    let lines = app.state::<Waiting>().add(entry);
    if lines.len() == 1 {
        show(app, title, body, about, Some(group));
    } else {
        show(app, &several(lines.len()), &lines.join("\n"), about, Some(group));
    }
}

/// Silent in quiet hours: what came waits in the inbox.
fn show(app: &AppHandle, title: &str, body: &str, about: About, group: Option<Group>) {
    let quiet = preferences::get(app).quiet_hours;
    if quiet.is_some_and(|quiet| quiet.contain(chrono::Local::now().time())) {
        return;
    }
    let notification = app.notification().builder().title(title).body(system::notification_text(body));
    let notification = match group {
        Some(group) => {
            withdraw(app, group);
            notification.id(group as i32)
        }
        None => notification,
    };
    let notification = match about {
        About::Request(id) => notification.extra(REQUEST, id.to_string()),
        About::Session(id) => notification.extra(SESSION, id.to_string()),
        About::Nothing => notification,
    };
    if let Err(error) = notification.show() {
        log::warn!("a notification could not be shown: {error}");
    }
}
