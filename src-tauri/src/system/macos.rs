//! macOS. Untested until its workflow has run.

use tauri::RunEvent;

pub(crate) const KEYRING_HELP: (&str, &str) = (
    "The keychain did not answer, so your sign-in lasts until you quit. To stay signed in, unlock your login keychain in \
     Keychain Access, then start Understudy again.",
    "Le trousseau n’a pas répondu : votre connexion dure jusqu’à ce que vous quittiez. Pour rester connecté, \
     déverrouillez votre trousseau de session dans Trousseaux d’accès, puis redémarrez Understudy.",
);

/// Whoever manages the computer puts settings here; only they can write.
pub(crate) fn managed_settings() -> Option<std::path::PathBuf> {
    Some("/Library/Application Support/Understudy/settings.json".into())
}

/// A click on the Dock's icon.
pub(crate) fn wants_window(event: &RunEvent) -> bool {
    matches!(event, RunEvent::Reopen { .. })
}
