//! The app's own settings: one small JSON file, nothing secret in it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

/// Fills in the server's address for this run: for demos and tests.
const SERVER_VARIABLE: &str = "UNDERSTUDY_SERVER";

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// The address of the server, as its origin.
    pub(crate) server: Option<String>,
}

/// The settings and the file they live in.
pub(crate) struct SettingsFile {
    path: PathBuf,
    settings: Mutex<Settings>,
}

impl SettingsFile {
    /// A file that is missing or cannot be read counts as empty: the app then asks for the address again.
    pub(crate) fn open(path: PathBuf) -> Self {
        let settings = fs::read(&path).ok().and_then(|json| match serde_json::from_slice(&json) {
            Ok(settings) => Some(settings),
            Err(error) => {
                log::warn!("the settings cannot be read and are ignored: {error}");
                None
            }
        });
        Self { path, settings: Mutex::new(settings.unwrap_or_default()) }
    }

    pub(crate) fn get(&self) -> Settings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn save(&self, settings: Settings) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        let fresh = self.path.with_extension("json.new");
        fs::write(&fresh, serde_json::to_vec_pretty(&settings)?)?;
        fs::rename(&fresh, &self.path)?;
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
        Ok(())
    }

    /// The address to start with: the environment's if there is one, else the saved one.
    pub(crate) fn first_server(&self) -> Option<String> {
        env::var(SERVER_VARIABLE).ok().filter(|value| !value.is_empty()).or_else(|| self.get().server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_read_again() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("deep/settings.json");
        let settings = Settings { server: Some("https://understudy.example".into()) };
        SettingsFile::open(path.clone()).save(settings.clone())?;
        assert_eq!(SettingsFile::open(path).get(), settings);
        Ok(())
    }

    #[test]
    fn a_broken_file_counts_as_empty() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("settings.json");
        fs::write(&path, "{ nonsense")?;
        assert_eq!(SettingsFile::open(path).get(), Settings::default());
        Ok(())
    }
}
