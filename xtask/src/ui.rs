//! The app's web UI.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use crate::{
    command::step,
    npm::{self, time},
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

pub fn folder() -> PathBuf {
    root().join("ui")
}

pub fn npm(arguments: &[&str]) -> Command {
    npm::npm(&folder(), arguments)
}

/// Builds the UI if its sources are newer than what was built.
pub fn build() -> anyhow::Result<()> {
    let ui = folder();
    npm::install(&ui)?;
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
