//! Names every command of the app, so that a webview may call only what its capability lists.

use std::path::Path;
use std::{env, fs};

use tauri_build::{AppManifest, Attributes};

const COMMANDS: &[&str] = &[
    "get_app_state",
    "quit",
    "take_prefill",
    "install_update",
    "set_server",
    "forget_server",
    "sign_in",
    "sign_out",
    "get_second_factor",
    "enrol_second_factor",
    "confirm_second_factor",
    "verify_second_factor",
    "get_settings",
    "set_settings",
    "can_notify",
    "get_switch",
    "set_switch",
    "list_people",
    "find_person",
    "request_code",
    "get_request",
    "list_requests",
    "current_request",
    "cancel_request",
    "verify_code",
    "list_inbox",
    "list_approvals",
    "take_request",
    "hand_over_code",
    "deny_code",
    "start_session",
    "resume_session",
    "ask_to_act",
    "raise_session",
    "extend_session",
    "list_sessions",
    "get_session",
    "stop_session",
    "write_note",
    "lift_note",
    "review_session",
    "get_note_draft",
    "keep_note_draft",
    "show_stage",
    "exit_impersonation",
    "exit_with_note",
    "get_stage_state",
    "set_bar_height",
    "dismiss_sheet",
    "still_here",
    "ask_person",
    "want_more",
    "open_external_link",
    "open_download_folder",
    "reload_stage",
];

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=ui/dist");
    allow_a_missing_ui();
    let attributes = Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/*.json")
        .app_manifest(AppManifest::new().commands(COMMANDS));
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("{error:#}");
    }
}

/// A debug build works before the UI was built, so that `cargo check` needs no Node. A release does not.
fn allow_a_missing_ui() {
    let dist = Path::new("ui/dist");
    let page = "<!doctype html><title>Understudy</title><p>The UI is not built: run <code>npm run build</code> in ui/.";
    if env::var("PROFILE").as_deref() == Ok("debug") && !dist.exists() {
        fs::create_dir_all(dist).expect("ui/dist can be made");
        for name in ["index.html", "bar.html"] {
            fs::write(dist.join(name), page).expect("ui/dist can be written");
        }
    }
}
