//! The app's web UI.

use std::{fs, path::Path, process::Command, time::SystemTime};

use crate::{
    command::{program, step},
    root,
};

/// What the built UI is made from.
const SOURCES: &[&str] = &[
    "bar.html",
    "index.html",
    "messages",
    "package-lock.json",
    "project.inlang/settings.json",
    "scripts",
    "src",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

/// Written by the build itself.
const MADE: &str = "paraglide";

pub fn npm(arguments: &[&str]) -> Command {
    let mut command = program("npm");
    command.args(arguments).current_dir(root().join("ui"));
    command
}

/// Installs the UI's packages if the lock file is newer than they are.
pub fn install() -> anyhow::Result<()> {
    let ui = root().join("ui");
    let (locked, installed) = (ui.join("package-lock.json"), ui.join("node_modules/.package-lock.json"));
    if time(&installed) >= time(&locked) && installed.exists() {
        return Ok(());
    }
    step("npm ci", &mut npm(&["ci", "--no-audit", "--no-fund"]))
}

/// Builds the UI if its sources are newer than what was built.
pub fn build() -> anyhow::Result<()> {
    install()?;
    let ui = root().join("ui");
    let built = ui.join("dist/index.html");
    // Without assets it is the placeholder that the app's build script writes.
    let whole = built.exists() && ui.join("dist/assets").exists();
    let newest = SOURCES.iter().map(|name| newest(&ui.join(name))).max();
    if whole && newest.is_some_and(|newest| newest <= time(&built)) {
        return Ok(());
    }
    step("npm run build", &mut npm(&["run", "build"]))
}

fn newest(path: &Path) -> SystemTime {
    let within = fs::read_dir(path).into_iter().flatten().flatten();
    let within = within.filter(|entry| entry.file_name() != MADE).map(|entry| newest(&entry.path()));
    if path.is_dir() { within.max().unwrap_or(SystemTime::UNIX_EPOCH) } else { time(path) }
}

fn time(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}
