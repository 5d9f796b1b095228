//! Windows. Untested until its workflow has run.

use std::fs::OpenOptions;
use std::path::PathBuf;

use tauri::RunEvent;

pub(crate) const KEYRING_HELP: (&str, &str) = (
    "The Credential Manager did not answer, so your sign-in lasts until you quit. To stay signed in, start the service \
     \"Credential Manager\", then start Understudy again.",
    "Le Gestionnaire d’identification n’a pas répondu : votre connexion dure jusqu’à ce que vous quittiez. Pour rester \
     connecté, démarrez le service « Gestionnaire d’identification », puis redémarrez Understudy.",
);

/// Beside the program: there nobody else can put a file, as anybody can below `ProgramData`.
pub(crate) fn managed_settings() -> Option<PathBuf> {
    std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("settings.json")))
}

/// A file in the user's own profile is theirs.
pub(crate) fn for_me_alone(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Until the system tells the app to go.
pub(crate) async fn told_to_go() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Answers only where it fails.
pub(crate) fn start_again() {}

/// A second start is how the app is called up here.
pub(crate) fn wants_window(_: &RunEvent) -> bool {
    false
}
