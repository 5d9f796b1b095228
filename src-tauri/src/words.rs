//! The language of what the app's Rust side says. The UI's own words are in `ui/messages`.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::contract::Language;

/// Of this process, as the environment's is: whoever has to say something rarely has the settings at hand.
static FRENCH: AtomicBool = AtomicBool::new(false);

/// Speaks this language from now on; the system's where none is chosen.
pub(crate) fn speak(language: Option<Language>) {
    let french = match language {
        Some(language) => language == Language::Fr,
        None => sys_locale::get_locale().is_some_and(|locale| locale.to_ascii_lowercase().starts_with("fr")),
    };
    FRENCH.store(french, Ordering::Relaxed);
}

pub(crate) fn language() -> Language {
    say(Language::En, Language::Fr)
}

/// One of the two.
pub(crate) fn say<T>(english: T, french: T) -> T {
    if FRENCH.load(Ordering::Relaxed) { french } else { english }
}
