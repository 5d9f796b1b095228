//! The session's note before it is filed.

use tauri::AppHandle;
use tokio::time::timeout;
use understudy_protocol::{NewNote, Note};
use uuid::Uuid;

use super::close::PATIENCE;
use crate::contract::{CommandError, NoteDraft};
use crate::error::Result;
use crate::state::AppExt;

pub(crate) fn draft(app: &AppHandle, session: Uuid) -> Result<NoteDraft> {
    Ok(app.understudy().drafts.of(me(app)?, session))
}

pub(crate) fn keep_draft(app: &AppHandle, session: Uuid, draft: NoteDraft) -> Result<()> {
    app.understudy().drafts.keep(me(app)?, session, draft)
}

fn me(app: &AppHandle) -> Result<Uuid> {
    let staff = app.understudy().api.staff();
    let me = staff.borrow().as_ref().map(|staff| staff.id);
    me.ok_or_else(CommandError::signed_out)
}

/// Files the note as it was drafted. None where something is missing or the server did not take it: then the
/// draft stays, and the main window asks for the rest.
pub(super) async fn file(app: &AppHandle, session: Uuid) -> Option<Note> {
    let note = whole(draft(app, session).ok()?)?;
    match timeout(PATIENCE, app.understudy().api.write_note(session, &note)).await {
        Ok(Ok(note)) => {
            let _ = keep_draft(app, session, NoteDraft::default());
            Some(note)
        }
        Ok(Err(error)) => {
            log::info!("the note was not filed: {:?}", error.code);
            None
        }
        Err(_) => {
            log::info!("the note was not filed: no answer");
            None
        }
    }
}

fn whole(draft: NoteDraft) -> Option<NewNote> {
    let (what, why) = (draft.what.trim(), draft.why.trim());
    let solved = draft.solved?;
    (!what.is_empty() && !why.is_empty()).then(|| NewNote {
        what: what.to_owned(),
        why: why.to_owned(),
        solved,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_filed_only_when_it_says_all() {
        let draft = |what: &str, why: &str, solved| NoteDraft { what: what.into(), why: why.into(), solved };
        assert!(whole(draft(" ", "She asked", Some(true))).is_none());
        assert!(whole(draft("Looked", "", Some(true))).is_none());
        assert!(whole(draft("Looked", "She asked", None)).is_none());
        let note = whole(draft(" Looked\n", "She asked", Some(false)));
        assert_eq!(note, Some(NewNote { what: "Looked".into(), why: "She asked".into(), solved: false }));
    }
}
