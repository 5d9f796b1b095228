//! Packages of npm, as a lock file pins them.

use std::{fs, path::Path, process::Command, time::SystemTime};

use crate::command::{program, step};

pub fn npm(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = program("npm");
    command.args(arguments).current_dir(folder);
    command
}

/// Installs a folder's packages if its lock file is newer than they are.
pub fn install(folder: &Path) -> anyhow::Result<()> {
    let (locked, installed) =
        (folder.join("package-lock.json"), folder.join("node_modules/.package-lock.json"));
    if time(&installed) >= time(&locked) && installed.exists() {
        return Ok(());
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    step(&format!("npm ci in {name}"), &mut npm(folder, &["ci", "--no-audit", "--no-fund"]))
}

pub fn time(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}
