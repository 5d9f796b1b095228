//! The icon in the system's tray: who you are, and the ways back.
//!
//! A plain GNOME has no tray. There nothing is built, and the window is minimised where it would be hidden.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use tauri::image::Image;
use tauri::menu::{Menu, MenuBuilder, MenuEvent, MenuItem};
use tauri::tray::{TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, Wry, include_image};

use crate::contract::{AppState, Connection};
use crate::state::AppExt;
use crate::words::say;
use crate::{guard, notify, session, stage, system, workspace};

const YOURSELF: Image<'_> = include_image!("icons/tray/yourself.png");
const SOMEBODY_ELSE: Image<'_> = include_image!("icons/tray/somebody-else.png");
const OFFLINE: Image<'_> = include_image!("icons/tray/offline.png");

const ID: &str = "tray";
const OPEN: &str = "open";
const INBOX: &str = "inbox";
const STAGE: &str = "stage";
const EXIT: &str = "exit";
const QUIT: &str = "quit";

/// What the icon shows.
enum Face {
    Yourself(String),
    SomebodyElse(String),
    Nobody,
    Offline,
}

/// The icon, and what it last said: it is drawn anew only when that changes.
#[derive(Default)]
pub(crate) struct Tray(Mutex<Option<(TrayIcon, String)>>);

/// Builds the icon as soon as there is a tray to show it.
pub(crate) async fn appear(app: AppHandle) {
    system::tray_comes().await;
    let on_toolkit = app.clone();
    // The tray's library gives up where its system library is missing; the app can do without.
    let build = move || {
        let built = catch_unwind(AssertUnwindSafe(|| build(&on_toolkit)));
        if !matches!(built, Ok(Ok(()))) {
            log::warn!("there is a tray, but no icon could be put into it");
        }
    };
    if let Err(error) = app.run_on_main_thread(build) {
        log::warn!("the tray stays empty: {error}");
    }
}

/// Whether a hidden window could be brought back from the tray.
pub(crate) async fn is_shown(app: &AppHandle) -> bool {
    app.state::<Tray>().lock().is_some() && system::has_tray().await
}

/// Shows how things stand. A menu is the toolkit's: call it where the toolkit runs.
pub(crate) fn update(app: &AppHandle, state: &AppState) {
    let face = Face::of(state);
    let tray = app.state::<Tray>();
    let mut shown = tray.lock();
    let words = tooltip(app, &face);
    let Some((icon, last)) = shown.as_mut().filter(|(_, last)| *last != words) else { return };
    last.clone_from(&words);
    let icon = icon.clone();
    drop(shown);
    let drawn = menu(app, &face).and_then(|menu| {
        icon.set_menu(Some(menu))?;
        icon.set_tooltip(Some(words))?;
        icon.set_icon(Some(face.picture()))
    });
    if let Err(error) = drawn {
        log::warn!("the tray could not be drawn: {error}");
    }
}

/// Who you are, and what waits for you.
fn tooltip(app: &AppHandle, face: &Face) -> String {
    match waiting(app) {
        Some(waiting) => format!("{} · {waiting}", face.words()),
        None => face.words(),
    }
}

/// How many requests of others wait, in words.
fn waiting(app: &AppHandle) -> Option<String> {
    match app.understudy().asked().len() {
        0 => None,
        1 => Some(say("1 request waits for you", "1 demande vous attend").to_owned()),
        count => {
            Some(say(format!("{count} requests wait for you"), format!("{count} demandes vous attendent")))
        }
    }
}

impl Tray {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(TrayIcon, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Face {
    fn of(state: &AppState) -> Self {
        match (&state.stage, &state.staff) {
            (Some(stage), _) => Self::SomebodyElse(stage.session.person.name.clone()),
            _ if state.connection == Connection::Offline => Self::Offline,
            (None, Some(staff)) => Self::Yourself(staff.name.clone()),
            (None, None) => Self::Nobody,
        }
    }

    fn picture(&self) -> Image<'static> {
        match self {
            Self::Yourself(_) => YOURSELF,
            Self::SomebodyElse(_) => SOMEBODY_ELSE,
            Self::Nobody | Self::Offline => OFFLINE,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Yourself(name) => {
                say(format!("You are yourself: {name}"), format!("Vous êtes vous-même : {name}"))
            }
            Self::SomebodyElse(name) => {
                say(format!("You are signed in as {name}"), format!("Vous êtes connecté en tant que {name}"))
            }
            Self::Nobody => say("Not signed in", "Non connecté").to_owned(),
            Self::Offline => say("Not connected", "Hors ligne").to_owned(),
        }
    }
}

fn build(app: &AppHandle) -> tauri::Result<()> {
    let face = Face::of(&app.app_state());
    let icon = TrayIconBuilder::with_id(ID)
        .icon(face.picture())
        .tooltip(tooltip(app, &face))
        .menu(&menu(app, &face)?)
        .show_menu_on_left_click(cfg!(target_os = "macos"))
        .on_menu_event(chosen)
        .on_tray_icon_event(|icon, event| {
            if let TrayIconEvent::DoubleClick { .. } = event {
                workspace::show(icon.app_handle());
            }
        })
        .build(app)?;
    *app.state::<Tray>().lock() = Some((icon, tooltip(app, &face)));
    Ok(())
}

fn menu(app: &AppHandle, face: &Face) -> tauri::Result<Menu<Wry>> {
    let who = MenuItem::new(app, face.words(), false, None::<&str>)?;
    let mut menu =
        MenuBuilder::new(app).item(&who).separator().text(OPEN, say("Open Understudy", "Ouvrir Understudy"));
    if let Some(waiting) = waiting(app) {
        menu = menu.text(INBOX, waiting);
    }
    if let Face::SomebodyElse(_) = face {
        menu = menu
            .text(STAGE, say("Show the session", "Afficher la session"))
            .text(EXIT, say("Exit impersonation", "Quitter la prise en main"));
    }
    menu.separator().text(QUIT, say("Quit Understudy", "Quitter Understudy")).build()
}

fn chosen(app: &AppHandle, event: MenuEvent) {
    match event.id().as_ref() {
        OPEN => workspace::show(app),
        INBOX => {
            workspace::show(app);
            if let Some(request) = app.understudy().asked().first() {
                notify::open_inbox(app, *request);
            }
        }
        STAGE => drop(stage::show(app)),
        EXIT => drop(session::close(app, None, session::Cause::Exit)),
        QUIT => guard::quit(app),
        _ => {}
    }
}
