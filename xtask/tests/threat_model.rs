//! The threat model names the tests that show what it says: each of them must be there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::ensure;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

#[test]
fn every_test_that_the_threat_model_names_exists() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = vec![];
    for folder in ["crates", "src-tauri/src", "tests"] {
        sources(&root.join(folder), &mut files)?;
    }
    let mut tests = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file)?;
        // What follows an attribute that makes a test of it.
        for part in text.split("test]\n").chain(text.split("test(flavor = \"multi_thread\")]\n")).skip(1) {
            let name = part.trim_start().trim_start_matches("async ").strip_prefix("fn ");
            tests.extend(name.and_then(|rest| rest.split('(').next()).map(str::to_owned));
        }
    }
    let model = fs::read_to_string(root.join("docs/threat-model.md"))?;
    let named: Vec<&str> =
        model.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() >= 4).collect();
    ensure!(named.len() > 40, "only {} tests are named", named.len());
    let missing: Vec<&str> = named.into_iter().filter(|name| !tests.contains(*name)).collect();
    ensure!(missing.is_empty(), "there is no test of this name: {missing:#?}");
    Ok(())
}
