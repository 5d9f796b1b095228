//! French text keeps its marks on the line of their word: no ordinary space before `? ! ; :`, none inside `« »`.
//! What the UI says is checked by its own tests; here is what Rust says itself.

use std::{fs, path::Path};

fn lines(of: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(of).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            lines(&entry, found);
        } else if entry.extension().is_some_and(|it| it == "rs") || entry.ends_with("person/page.js") {
            found.extend(fs::read_to_string(&entry).expect("text").lines().map(str::to_owned));
        }
    }
}

/// Whether a mark stands alone. Code looks otherwise: there nothing like a word stands before it.
fn loose(line: &str) -> bool {
    let text: Vec<char> = line.chars().collect();
    text.windows(4).any(|part| match *part {
        [before, ' ', '?' | '!' | ';' | ':', after] => {
            (before.is_alphabetic() || "»)}".contains(before)) && " \".\\".contains(after)
        }
        ['«', ' ', ..] | [.., ' ', '»'] => true,
        _ => false,
    })
}

#[test]
fn french_marks_stay_on_the_line_of_their_word() {
    assert!(
        loose(r#""Le disque est-il plein ?""#) && loose("« Quitter »") && !loose("Est-il plein\u{202f}?")
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = vec![];
    for part in ["src-tauri", "crates/server/src"] {
        lines(&root.join(part), &mut found);
    }
    assert!(found.len() > 10_000, "{}", found.len());
    // `? … :` is a script's.
    let said = found.iter().filter(|line| {
        let ternary = line.contains(" ? ") && line.contains(" : ");
        !ternary && !line.trim_start().starts_with("//")
    });
    let loose: Vec<_> = said.filter(|line| loose(line)).collect();
    assert!(loose.is_empty(), "{loose:#?}");
}
