//! Support notes half written: one small file that outlives restarts and crashes. They are their writer's alone;
//! whoever is signed in next finds nothing of them.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::contract::{CommandError, NoteDraft};
use crate::error::Result;
use crate::system::for_me_alone;
use crate::words::say;

/// Drafts of notes that were then written elsewhere do not pile up.
const MOST: usize = 50;

#[derive(Default, Clone, Serialize, Deserialize)]
struct Stored {
    staff: Uuid,
    notes: BTreeMap<Uuid, NoteDraft>,
}

pub(crate) struct Drafts(Mutex<Kept>);

struct Kept {
    path: PathBuf,
    /// What the disk had no room for: at least it outlives the window that it was typed into.
    unwritten: Option<Stored>,
}

impl Drafts {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(Mutex::new(Kept { path, unwritten: None }))
    }

    /// Somebody is signed in: what another one left is removed.
    pub(crate) fn belong_to(&self, staff: Uuid) {
        let mut kept = self.lock();
        kept.unwritten.take_if(|unwritten| unwritten.staff != staff);
        if stored(&kept.path).is_some_and(|stored| stored.staff != staff)
            && let Err(error) = std::fs::remove_file(&kept.path)
        {
            log::warn!("the drafts of somebody else could not be removed: {error}");
        }
    }

    /// What this staff member has written of the session's note; empty where that is nothing.
    pub(crate) fn of(&self, staff: Uuid, session: Uuid) -> NoteDraft {
        self.lock().read(staff).notes.remove(&session).unwrap_or_default()
    }

    /// Keeps it, or forgets it where it is empty.
    pub(crate) fn keep(&self, staff: Uuid, session: Uuid, draft: NoteDraft) -> Result<()> {
        let mut kept = self.lock();
        let mut stored = kept.read(staff);
        if draft == NoteDraft::default() {
            stored.notes.remove(&session);
        } else {
            stored.notes.insert(session, draft);
        }
        while stored.notes.len() > MOST {
            let other = stored.notes.keys().find(|id| **id != session).copied();
            let Some(other) = other else { break };
            stored.notes.remove(&other);
        }
        let written = write(&kept.path, &stored);
        kept.unwritten = written.is_err().then_some(stored);
        written.map_err(|error| {
            let message = say(
                "Your draft could not be kept on this computer. Is its disk full?",
                "Votre brouillon n’a pas pu être conservé sur cet ordinateur. Le disque est-il plein ?",
            );
            CommandError::internal(message, error)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// A file that is missing, cannot be read or is somebody else's counts as empty.
    fn read(&self, staff: Uuid) -> Stored {
        let known = self.unwritten.clone().or_else(|| stored(&self.path));
        known.filter(|stored| stored.staff == staff).unwrap_or_else(|| Stored { staff, ..Stored::default() })
    }
}

fn stored(path: &Path) -> Option<Stored> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Whole or not at all, and for nobody else on this computer.
fn write(path: &Path, stored: &Stored) -> io::Result<()> {
    path.parent().map(std::fs::create_dir_all).transpose()?;
    let fresh = path.with_extension("json.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    for_me_alone(&mut options).open(&fresh)?.write_all(&serde_json::to_vec(stored)?)?;
    std::fs::rename(fresh, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;

    fn draft(what: &str) -> NoteDraft {
        NoteDraft { what: what.to_owned(), ..NoteDraft::default() }
    }

    #[test]
    fn a_draft_outlives_the_app_and_goes_when_it_is_emptied() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("deep/notes.json");
        let (ada, first, second) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let drafts = Drafts::at(path.clone());
        drafts.keep(ada, first, draft("Looked")).map_err(|error| error.message)?;
        drafts.keep(ada, second, draft("Changed the phone")).map_err(|error| error.message)?;
        drafts.keep(ada, first, NoteDraft::default()).map_err(|error| error.message)?;
        let again = Drafts::at(path);
        assert_eq!(again.of(ada, first), NoteDraft::default());
        assert_eq!(again.of(ada, second).what, "Changed the phone");
        Ok(())
    }

    #[test]
    fn nobody_else_finds_it() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("notes.json");
        let (ada, bob, session) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let drafts = Drafts::at(path.clone());
        drafts.keep(ada, session, draft("Looked at the profile")).map_err(|error| error.message)?;
        assert_eq!(drafts.of(bob, session), NoteDraft::default());
        drafts.belong_to(ada);
        assert_eq!(drafts.of(ada, session), draft("Looked at the profile"), "hers is gone");
        drafts.belong_to(bob);
        assert!(!path.exists(), "hers is still on the disk");
        drafts.keep(bob, session, draft("Something else")).map_err(|error| error.message)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        }
        Ok(())
    }

    #[test]
    fn what_cannot_be_written_is_kept_as_long_as_the_app_runs() -> Outcome {
        let folder = tempfile::tempdir()?;
        let place = folder.path().join("place");
        std::fs::write(&place, "no folder")?;
        let drafts = Drafts::at(place.join("notes.json"));
        let (ada, bob, session) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        assert!(drafts.keep(ada, session, draft("Looked at the profile")).is_err());
        assert_eq!(drafts.of(ada, session), draft("Looked at the profile"));
        assert_eq!(drafts.of(bob, session), NoteDraft::default());
        std::fs::remove_file(&place)?;
        drafts.keep(ada, Uuid::nil(), draft("Another one")).map_err(|error| error.message)?;
        assert_eq!(Drafts::at(place.join("notes.json")).of(ada, session), draft("Looked at the profile"));
        Ok(())
    }

    #[test]
    fn a_broken_file_counts_as_empty() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("notes.json");
        std::fs::write(&path, "{ nonsense")?;
        assert_eq!(Drafts::at(path).of(Uuid::nil(), Uuid::nil()), NoteDraft::default());
        Ok(())
    }
}
