//! What the bar has to say or ask, in order.

use std::mem::discriminant;
use std::path::{Path, PathBuf};

use understudy_protocol::{ConsentState, RefusalReason};

use crate::contract::Sheet;

const MOST: usize = 6;

/// The newest comes first, but nothing pushes a question about a link aside: otherwise the page could swap
/// the address between reading and clicking.
#[derive(Debug, Default)]
pub(super) struct Sheets(Vec<Sheet>);

impl Sheets {
    pub(super) fn front(&self) -> Option<&Sheet> {
        self.0.first()
    }

    pub(super) fn push(&mut self, sheet: Sheet) {
        let asks_link = matches!(self.front(), Some(Sheet::ExternalLink { .. }));
        match &sheet {
            // One of each is enough.
            Sheet::CloseRefused | Sheet::Crashed | Sheet::NotLoaded { .. } | Sheet::Refused { .. } => {
                self.0.retain(|old| discriminant(old) != discriminant(&sheet));
            }
            Sheet::ExternalLink { .. } if asks_link => {
                let first = self.0.remove(0);
                self.0.retain(|old| discriminant(old) != discriminant(&sheet));
                self.0.insert(0, first);
            }
            Sheet::ExternalLink { .. } => self.0.retain(|old| discriminant(old) != discriminant(&sheet)),
            // The newest word on a question is the only one; the refusal that led to it is answered.
            Sheet::Consent { question } => self.0.retain(|old| match old {
                Sheet::Consent { question: old } => old.scope != question.scope,
                Sheet::Refused { scope, .. } => *scope != Some(question.scope),
                _ => true,
            }),
            // What was refused for want of it can be done now.
            Sheet::Raised => {
                self.0.retain(|old| !matches!(old, Sheet::Refused { reason: RefusalReason::ViewOnly, .. }))
            }
            Sheet::Downloaded { .. } => {}
        }
        // The one change is made: nothing more is to be said of it.
        if matches!(&sheet, Sheet::Consent { question } if question.state == ConsentState::Used) {
            return;
        }
        let from_the_page = !matches!(sheet, Sheet::CloseRefused | Sheet::Crashed | Sheet::Raised);
        let place = usize::from(asks_link && from_the_page);
        self.0.insert(place, sheet);
        self.0.truncate(MOST);
    }

    /// What was refused on a page is no news on the next one. Whether anything was.
    pub(super) fn leave_page(&mut self) -> bool {
        let before = self.0.len();
        self.0.retain(|old| !matches!(old, Sheet::Refused { .. } | Sheet::NotLoaded { .. }));
        self.0.len() < before
    }

    pub(super) fn dismiss(&mut self) {
        if !self.0.is_empty() {
            self.0.remove(0);
        }
    }

    /// The link of the sheet that is shown, if it is one; the sheet is done with.
    pub(super) fn take_link(&mut self) -> Option<String> {
        let Some(Sheet::ExternalLink { url }) = self.front() else { return None };
        let url = url.clone();
        self.dismiss();
        Some(url)
    }

    /// The saved file of the sheet that is shown, if it is one; the sheet is done with.
    pub(super) fn take_download(&mut self) -> Option<PathBuf> {
        let Some(Sheet::Downloaded { file, folder, ok: true }) = self.front() else { return None };
        let path = Path::new(folder).join(file);
        self.dismiss();
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(url: &str) -> Sheet {
        Sheet::ExternalLink { url: url.into() }
    }

    fn saved(file: &str) -> Sheet {
        Sheet::Downloaded { file: file.into(), folder: "/tmp".into(), ok: true }
    }

    #[test]
    fn the_newest_is_shown_and_the_older_ones_come_back() {
        let mut sheets = Sheets::default();
        sheets.push(saved("a"));
        sheets.push(saved("b"));
        assert_eq!(sheets.front(), Some(&saved("b")));
        sheets.dismiss();
        assert_eq!(sheets.front(), Some(&saved("a")));
        sheets.dismiss();
        sheets.dismiss();
        assert_eq!(sheets.front(), None);
    }

    #[test]
    fn the_page_cannot_swap_a_link_that_is_being_asked_about() {
        let mut sheets = Sheets::default();
        sheets.push(link("https://good.example/"));
        sheets.push(link("https://bad.example/1"));
        sheets.push(link("https://bad.example/2"));
        sheets.push(saved("a"));
        assert_eq!(sheets.take_link().as_deref(), Some("https://good.example/"));
        assert_eq!(sheets.take_link(), None, "what came last is a download");
        sheets.dismiss();
        assert_eq!(
            sheets.take_link().as_deref(),
            Some("https://bad.example/2"),
            "one waiting link is enough"
        );
        assert_eq!(sheets.front(), None);
    }

    #[test]
    fn the_close_guard_is_said_at_once_and_only_once() {
        let mut sheets = Sheets::default();
        sheets.push(link("https://x.example/"));
        sheets.push(Sheet::CloseRefused);
        sheets.push(Sheet::CloseRefused);
        assert_eq!(sheets.front(), Some(&Sheet::CloseRefused));
        assert_eq!(sheets.take_link(), None);
        sheets.dismiss();
        assert_eq!(sheets.front(), Some(&link("https://x.example/")));
    }

    #[test]
    fn only_the_newest_refusal_is_said_and_it_goes_with_its_page() {
        let refused = |path: &str| Sheet::Refused {
            reason: RefusalReason::ViewOnly,
            scope: None,
            method: "POST".into(),
            path: path.into(),
        };
        let mut sheets = Sheets::default();
        sheets.push(saved("a"));
        sheets.push(refused("/profile"));
        sheets.push(refused("/settings"));
        assert_eq!(sheets.front(), Some(&refused("/settings")));
        assert!(sheets.leave_page() && !sheets.leave_page());
        assert_eq!(sheets.front(), Some(&saved("a")));
    }

    #[test]
    fn a_page_that_floods_is_cut_off() {
        let mut sheets = Sheets::default();
        for number in 0..100 {
            sheets.push(saved(&number.to_string()));
        }
        assert_eq!(sheets.0.len(), MOST);
        assert_eq!(sheets.front(), Some(&saved("99")));
    }
}
