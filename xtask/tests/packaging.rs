//! What the packages are made from fits together. Nothing is built here; `cargo xtask bundle` looks into the packages
//! themselves.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// As the bundler fills it in.
fn desktop_entry() -> String {
    let config = json("tauri.conf.json");
    let schemes = config["plugins"]["deep-link"]["desktop"]["schemes"].as_array().expect("schemes").clone();
    let handlers: Vec<_> =
        schemes.iter().map(|scheme| format!("x-scheme-handler/{}", text(scheme))).collect();
    read("packaging/understudy.desktop")
        .replace("{{name}}", text(&config["productName"]))
        .replace("{{comment}}", text(&config["bundle"]["shortDescription"]))
        .replace("{{exec}}", "understudy")
        .replace("{{icon}}", "understudy")
        // What the bundler makes of the category Business.
        .replace("{{categories}}", "Office;")
        .replace("{{mime_type}}", &handlers.join(";"))
}

#[test]
fn the_desktop_entry_opens_links_of_helpdesks() {
    let entry = desktop_entry();
    assert!(!entry.contains("{{"), "something is not filled in:\n{entry}");
    let keys: BTreeMap<&str, &str> = entry.lines().filter_map(|line| line.split_once('=')).collect();
    for (key, value) in [
        ("Type", "Application"),
        ("Name", "Understudy"),
        ("Exec", "understudy %u"),
        ("Icon", "understudy"),
        ("Terminal", "false"),
        ("MimeType", "x-scheme-handler/understudy;"),
        ("StartupWMClass", "understudy"),
    ] {
        assert_eq!(keys.get(key), Some(&value), "{key}");
    }
    for key in ["GenericName", "Comment", "Keywords"] {
        assert!(keys.contains_key(key), "{key} in English");
        assert!(keys.contains_key(format!("{key}[fr]").as_str()), "{key} in French");
    }
}

#[test]
fn the_desktop_entry_is_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("understudy.desktop");
    fs::write(&path, desktop_entry()).expect("it can be written");
    // Where there is no such tool, `cargo xtask bundle` finds out on a machine that has it.
    let said = Command::new("desktop-file-validate").arg(&path).output();
    assert!(said.is_err() || said.as_ref().is_ok_and(|said| said.status.success()), "{said:?}");
}

#[test]
fn everything_a_package_takes_is_there() {
    let bundle = &json("tauri.conf.json")["bundle"];
    let mut sources: Vec<String> = vec![text(&bundle["licenseFile"]).to_owned()];
    sources.extend(bundle["icon"].as_array().expect("icons").iter().map(|icon| text(icon).to_owned()));
    for kind in ["deb", "rpm"] {
        let linux = &bundle["linux"][kind];
        sources.push(text(&linux["desktopTemplate"]).to_owned());
        let files = linux["files"].as_object().expect("files");
        assert!(files.keys().all(|target| target.starts_with("/usr/share/")), "{files:?}");
        sources.extend(files.values().map(|source| text(source).to_owned()));
        assert_eq!(linux["recommends"][0], "gnome-keyring");
    }
    for source in sources {
        assert!(root().join(&source).is_file(), "{source} is missing");
    }
}

/// PNG keeps width and height as 32 bits each, 16 bytes into the file.
#[test]
fn icons_have_the_sizes_their_names_say() {
    let config = json("tauri.conf.json");
    let icons = config["bundle"]["icon"].as_array().expect("icons").clone();
    let pngs: Vec<_> = icons.iter().map(text).filter(|icon| icon.ends_with(".png")).collect();
    assert_eq!(pngs.len(), 8, "16, 24, 32, 48, 64, 128, 256 and 512");
    for icon in pngs {
        let bytes = fs::read(root().join(icon)).expect("it can be read");
        let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        assert_eq!(icon, format!("icons/{}x{}.png", side(16), side(20)));
    }
}

/// No update comes from anywhere but where the managed settings say.
#[test]
fn no_update_feed_is_built_in() {
    let updater = &json("tauri.conf.json")["plugins"]["updater"];
    assert_eq!(updater["endpoints"].as_array().map(Vec::len), Some(0));
    assert_eq!(updater["pubkey"], "");
}

#[test]
fn the_bundler_is_pinned_and_goes_with_the_apps_version_of_tauri() {
    let pinned = json("packaging/package.json")["devDependencies"]["@tauri-apps/cli"].clone();
    let locked = json("packaging/package-lock.json")["packages"]["node_modules/@tauri-apps/cli"].clone();
    assert_eq!(pinned, locked["version"], "the exact version stands in package.json");
    assert!(locked["integrity"].is_string());
    let lock = read("Cargo.lock");
    let tauri = lock.split("name = \"tauri\"\nversion = \"").nth(1).and_then(|rest| rest.split('"').next());
    let minor = |version: &str| version.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(minor(text(&pinned)), minor(tauri.expect("tauri in Cargo.lock")));
}

#[test]
fn no_workflow_releases_what_programs_can_drive() {
    let release = read(".github/workflows/release.yml");
    assert!(!release.contains("--all-features") && !release.contains("automation"));
}
