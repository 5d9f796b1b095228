//! The app's own settings: one small JSON file, nothing secret in it; and over it a file of whoever manages the
//! computer, which fixes what it names.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::{env, fs, io};

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};

use crate::contract::{CommandError, Language, QuietHours, Settings, Theme};
use crate::error::Result;
use crate::system;
use crate::words::say;

/// Fills in the server's address for this run: for demos and tests.
const SERVER_VARIABLE: &str = "UNDERSTUDY_SERVER";

/// How large everything can be, in percent.
const ZOOMS: RangeInclusive<u32> = 80..=200;
const ZOOM: u32 = 100;

/// As the files have it; what is missing is left to the next file, and then to the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Stored {
    /// The address of the server, as its origin.
    pub(crate) server: Option<String>,
    language: Option<Language>,
    theme: Option<Theme>,
    zoom: Option<u32>,
    /// Read from the managed file only: otherwise the system itself knows.
    #[serde(skip_serializing)]
    autostart: Option<bool>,
    keep_running: Option<bool>,
    show_codes: Option<bool>,
    quiet_hours: Option<QuietHours>,
    /// Read from the managed file only.
    #[serde(skip_serializing)]
    updates: Option<Updates>,
}

/// Where newer versions of the app are announced, and the key that signs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Updates {
    pub(crate) url: String,
    pub(crate) public_key: String,
}

/// The settings and the files they live in.
pub(crate) struct SettingsFile {
    path: PathBuf,
    stored: Mutex<Stored>,
    managed: Stored,
}

impl SettingsFile {
    pub(crate) fn open(path: PathBuf) -> Self {
        let managed = managed_path().map(|path| read(&path)).unwrap_or_default();
        Self { stored: Mutex::new(read(&path)), path, managed }
    }

    /// The address to start with: the managed one if there is one, then the environment's, then the saved one.
    pub(crate) fn first_server(&self) -> Option<String> {
        let variable = || env::var(SERVER_VARIABLE).ok().filter(|value| !value.is_empty());
        self.managed.server.clone().or_else(variable).or_else(|| self.stored().server)
    }

    pub(crate) fn save_server(&self, server: Option<String>) -> io::Result<()> {
        self.save(Stored { server, ..self.stored() })
    }

    pub(crate) fn updates(&self) -> Option<Updates> {
        self.managed.updates.clone()
    }

    pub(crate) fn server_is_managed(&self) -> bool {
        self.managed.server.is_some()
    }

    /// What the managed file says of starting with the computer.
    pub(crate) fn managed_autostart(&self) -> Option<bool> {
        self.managed.autostart
    }

    /// As the UI sees them; `autostart` is the system's to say.
    pub(crate) fn settings(&self, autostart: bool) -> Settings {
        let (own, managed) = (self.stored(), &self.managed);
        let fixed = [
            ("server", managed.server.is_some()),
            ("language", managed.language.is_some()),
            ("theme", managed.theme.is_some()),
            ("zoom", managed.zoom.is_some()),
            ("autostart", managed.autostart.is_some()),
            ("keep_running", managed.keep_running.is_some()),
            ("show_codes", managed.show_codes.is_some()),
            ("quiet_hours", managed.quiet_hours.is_some()),
        ];
        Settings {
            language: managed.language.or(own.language),
            theme: managed.theme.or(own.theme),
            zoom: managed.zoom.or(own.zoom).filter(|zoom| ZOOMS.contains(zoom)).unwrap_or(ZOOM),
            autostart,
            keep_running: managed.keep_running.or(own.keep_running).unwrap_or(true),
            show_codes: managed.show_codes.or(own.show_codes).unwrap_or(false),
            quiet_hours: managed.quiet_hours.clone().or(own.quiet_hours),
            managed: fixed.into_iter().filter(|(_, fixed)| *fixed).map(|(name, _)| name.to_owned()).collect(),
        }
    }

    /// Keeps what the UI has changed. What is managed stays as it is, whatever is asked.
    pub(crate) fn save_settings(&self, new: &Settings) -> Result<()> {
        let (own, managed) = (self.stored(), &self.managed);
        let quiet_hours = chosen(&managed.quiet_hours, own.quiet_hours, new.quiet_hours.clone());
        if managed.quiet_hours.is_none()
            && let Some(quiet) = &quiet_hours
        {
            quiet.parse()?;
        }
        let stored = Stored {
            language: chosen(&managed.language, own.language, new.language),
            theme: chosen(&managed.theme, own.theme, new.theme),
            zoom: chosen(&managed.zoom, own.zoom, Some(new.zoom.clamp(*ZOOMS.start(), *ZOOMS.end()))),
            keep_running: chosen(&managed.keep_running, own.keep_running, Some(new.keep_running)),
            show_codes: chosen(&managed.show_codes, own.show_codes, Some(new.show_codes)),
            quiet_hours,
            ..own
        };
        self.save(stored).map_err(|error| {
            let message = say(
                "The settings could not be saved on this computer. Is its disk full?",
                "Les réglages n’ont pas pu être enregistrés sur cet ordinateur. Le disque est-il plein ?",
            );
            CommandError::internal(message, error)
        })
    }

    fn stored(&self) -> Stored {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn save(&self, stored: Stored) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let fresh = self.path.with_extension("json.new");
        fs::write(&fresh, serde_json::to_vec_pretty(&stored)?)?;
        fs::rename(&fresh, &self.path)?;
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = stored;
        Ok(())
    }
}

/// What is managed is not this person's choice, and must not become it.
fn chosen<T>(managed: &Option<T>, own: Option<T>, new: Option<T>) -> Option<T> {
    if managed.is_some() { own } else { new }
}

impl QuietHours {
    fn parse(&self) -> Result<(NaiveTime, NaiveTime)> {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M");
        match (time(&self.from), time(&self.to)) {
            (Ok(from), Ok(to)) => Ok((from, to)),
            _ => Err(CommandError::invalid(
                "quiet_hours",
                say("Enter both times, such as 22:00.", "Saisissez les deux heures, par exemple 22:00."),
            )),
        }
    }

    /// Whether it is quiet at this time of day; the hours may go over midnight.
    pub(crate) fn contain(&self, now: NaiveTime) -> bool {
        match self.parse() {
            Ok((from, to)) if from <= to => from <= now && now < to,
            Ok((from, to)) => from <= now || now < to,
            Err(_) => false,
        }
    }
}

/// A file that is missing or cannot be read counts as empty: the app then asks for the address again.
fn read(path: &Path) -> Stored {
    let read = fs::read(path).ok().and_then(|json| match serde_json::from_slice(&json) {
        Ok(stored) => Some(stored),
        Err(error) => {
            log::warn!("the settings in {} cannot be read and are ignored: {error}", path.display());
            None
        }
    });
    read.unwrap_or_default()
}

/// Where whoever manages the computer puts settings; only they can write there.
fn managed_path() -> Option<PathBuf> {
    // For the tests of a debug build.
    if cfg!(debug_assertions)
        && let Some(path) = env::var_os("UNDERSTUDY_MANAGED_SETTINGS")
    {
        return Some(path.into());
    }
    system::managed_settings()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, managed: Stored) -> SettingsFile {
        let path = folder.join("deep/settings.json");
        SettingsFile { stored: Mutex::new(read(&path)), path, managed }
    }

    fn at(time: &str) -> NaiveTime {
        NaiveTime::parse_from_str(time, "%H:%M").unwrap_or_default()
    }

    #[test]
    fn what_was_saved_is_read_again() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let first = file(folder.path(), Stored::default());
        first.save_server(Some("https://understudy.example".into()))?;
        let changed = Settings { show_codes: true, language: Some(Language::Fr), ..first.settings(false) };
        first.save_settings(&changed).map_err(|error| error.message)?;
        let again = file(folder.path(), Stored::default());
        assert_eq!(again.settings(false), changed);
        assert_eq!(again.stored().server.as_deref(), Some("https://understudy.example"));
        Ok(())
    }

    #[test]
    fn a_broken_file_counts_as_empty() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("settings.json");
        fs::write(&path, "{ nonsense")?;
        assert_eq!(read(&path), Stored::default());
        Ok(())
    }

    #[test]
    fn what_is_managed_stays() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let managed =
            Stored { show_codes: Some(false), server: Some("https://a.example".into()), ..Stored::default() };
        let file = file(folder.path(), managed);
        let asked = Settings { show_codes: true, ..file.settings(false) };
        file.save_settings(&asked).map_err(|error| error.message)?;
        assert!(!file.settings(false).show_codes);
        assert_eq!(file.settings(false).managed, ["server", "show_codes"]);
        assert_eq!(file.stored().show_codes, None, "what is managed is not this person's choice");
        Ok(())
    }

    #[test]
    fn quiet_hours_go_over_midnight() {
        let night = QuietHours { from: "22:00".into(), to: "07:00".into() };
        assert!(night.contain(at("23:30")) && night.contain(at("06:59")));
        assert!(!night.contain(at("07:00")) && !night.contain(at("21:59")));
        let lunch = QuietHours { from: "12:00".into(), to: "13:00".into() };
        assert!(lunch.contain(at("12:00")) && !lunch.contain(at("13:00")));
        let broken = QuietHours { from: "noon".into(), to: "13:00".into() };
        assert!(!broken.contain(at("12:30")) && broken.parse().is_err());
    }
}
