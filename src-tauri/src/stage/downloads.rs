//! Files that the platform's page saves: into the user's folder for downloads, never over another file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use url::Url;

/// Long enough for any name that means something, short enough for every file system (255 bytes).
const LONGEST: usize = 150;
const LONGEST_EXTENSION: usize = 20;
const FALLBACK: &str = "download";

/// Downloads that are going on, by the address they come from.
#[derive(Default)]
pub(super) struct Downloads(Mutex<HashMap<Url, Vec<PathBuf>>>);

impl Downloads {
    /// Where this one goes: a free name, also counting those that are not on the disk yet.
    pub(super) fn begin(&self, folder: &Path, suggested: &str, url: Url) -> PathBuf {
        let mut going_on = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = |path: &Path| path.exists() || going_on.values().flatten().any(|other| other == path);
        let path = free_path(folder, &clean_name(suggested), taken);
        going_on.entry(url).or_default().push(path.clone());
        path
    }

    /// Where it went. Some systems say it themselves.
    pub(super) fn finish(&self, url: &Url, path: Option<PathBuf>) -> Option<PathBuf> {
        let mut going_on = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paths = going_on.get_mut(url)?;
        let known = path.and_then(|path| paths.iter().position(|other| *other == path)).unwrap_or(0);
        let path = (known < paths.len()).then(|| paths.remove(known));
        if paths.is_empty() {
            going_on.remove(url);
        }
        path
    }
}

/// The first of `name.ext`, `name (1).ext`, … that is free.
fn free_path(folder: &Path, name: &str, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let (stem, extension) = split(name);
    (0_u32..)
        .map(|number| match number {
            0 => folder.join(name),
            _ => folder.join(format!("{stem} ({number}){extension}")),
        })
        .find(|path| !taken(path))
        .unwrap_or_else(|| folder.join(name))
}

/// A plain file name out of whatever the page suggested.
pub(super) fn clean_name(suggested: &str) -> String {
    let last = suggested.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String =
        last.chars().filter(|c| !is_deceptive(*c)).map(|c| if is_forbidden(c) { '_' } else { c }).collect();
    // A leading dot hides a file; Windows drops dots and spaces at the end.
    let name = kept.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' ']);
    if name.is_empty() {
        return FALLBACK.to_owned();
    }
    let (stem, extension) = split(name);
    let extension = if extension.len() > LONGEST_EXTENSION { "" } else { extension };
    let stem = shorten(if extension.is_empty() { name } else { stem }, LONGEST - extension.len());
    let safe = if is_reserved(stem) { format!("_{stem}") } else { stem.to_owned() };
    format!("{safe}{extension}")
}

/// Name and extension with its dot; `archive.tar.gz` keeps both of its extensions.
fn split(name: &str) -> (&str, &str) {
    let single = name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len());
    let start = name[..single].strip_suffix(".tar").filter(|stem| !stem.is_empty()).map_or(single, str::len);
    name.split_at(start)
}

fn shorten(text: &str, longest: usize) -> &str {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim_end()
}

fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

/// Characters that turn text around or cannot be seen: `exe.pdf` could be shown for `fdp.exe`.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{061c}' | '\u{feff}')
}

/// Names of devices on Windows, with any extension.
fn is_reserved(stem: &str) -> bool {
    let stem = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    match stem.as_str() {
        "CON" | "PRN" | "AUX" | "NUL" => true,
        _ => {
            let numbered = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
            numbered.is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in
            ["statement-2026.pdf", "Relevé de Mme Élise.pdf", "archive.tar.gz", "كشف حساب.pdf", "README"]
        {
            assert_eq!(clean_name(name), name);
        }
    }

    #[test]
    fn a_name_never_leaves_the_folder() {
        assert_eq!(clean_name("../../.ssh/authorized_keys"), "authorized_keys");
        assert_eq!(clean_name("C:\\Windows\\system32\\evil.dll"), "evil.dll");
        assert_eq!(clean_name("/etc/passwd"), "passwd");
        assert_eq!(clean_name(".."), FALLBACK);
        assert_eq!(clean_name(""), FALLBACK);
    }

    #[test]
    fn names_do_not_hide_or_deceive() {
        assert_eq!(clean_name(".bashrc"), "bashrc");
        assert_eq!(clean_name("invoice\u{202e}fdp.exe"), "invoicefdp.exe");
        assert_eq!(clean_name("a\nb\0c.txt"), "a_b_c.txt");
        assert_eq!(clean_name("what?.txt. . "), "what_.txt");
    }

    #[test]
    fn device_names_of_windows_are_defused() {
        assert_eq!(clean_name("con"), "_con");
        assert_eq!(clean_name("NUL.txt"), "_NUL.txt");
        assert_eq!(clean_name("com1.tar.gz"), "_com1.tar.gz");
        assert_eq!(clean_name("company.txt"), "company.txt");
    }

    #[test]
    fn long_names_are_cut_between_characters_and_keep_their_extension() {
        let name = clean_name(&format!("{}.pdf", "é".repeat(400)));
        assert!(name.len() <= LONGEST && name.ends_with("é.pdf"), "{name}");
        assert!(clean_name(&format!("a.{}", "x".repeat(400))).len() <= LONGEST);
    }

    #[test]
    fn nothing_is_written_over() {
        let taken = ["/d/a.pdf", "/d/a (1).pdf", "/d/b.tar.gz"].map(PathBuf::from);
        let free = |name| free_path(Path::new("/d"), name, |path| taken.iter().any(|other| other == path));
        assert_eq!(free("a.pdf"), Path::new("/d/a (2).pdf"));
        assert_eq!(free("b.tar.gz"), Path::new("/d/b (1).tar.gz"));
        assert_eq!(free("c"), Path::new("/d/c"));
    }

    #[test]
    fn two_at_once_get_two_names() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let downloads = Downloads::default();
        let url = Url::parse("https://gateway.example/a.pdf")?;
        let first = downloads.begin(folder.path(), "a.pdf", url.clone());
        let second = downloads.begin(folder.path(), "a.pdf", url.clone());
        assert_ne!(first, second);
        assert_eq!(downloads.finish(&url, Some(second.clone())), Some(second));
        assert_eq!(downloads.finish(&url, None), Some(first));
        assert_eq!(downloads.finish(&url, None), None);
        Ok(())
    }
}
