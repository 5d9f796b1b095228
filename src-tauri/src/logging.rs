//! What the app writes down about itself: to the terminal and a file.
//!
//! Never logged: tokens, codes, passwords, addresses with a query or a handoff in them, what people type.

use log::LevelFilter;
use tauri::Wry;
use tauri::plugin::TauriPlugin;
use tauri_plugin_log::{Builder, RotationStrategy, Target, TargetKind, TimezoneStrategy};

const LARGEST_FILE: u128 = 1_000_000;

pub(crate) fn plugin() -> TauriPlugin<Wry> {
    Builder::new()
        .targets([Target::new(TargetKind::Stdout), Target::new(TargetKind::LogDir { file_name: None })])
        // Libraries log requests with their addresses at the lower levels.
        .level(LevelFilter::Error)
        .level_for("understudy", LevelFilter::Info)
        .timezone_strategy(TimezoneStrategy::UseUtc)
        .rotation_strategy(RotationStrategy::KeepOne)
        .max_file_size(LARGEST_FILE)
        .build()
}
