//! The licences of everything that ends up in the app: its crates, and the libraries of its UI.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde_json::Value;

use crate::{
    command::{cargo, output, program},
    npm, target, ui,
};

use super::APP;

/// Part of the UI although nothing imports it by name: its code is written into the UI's own.
const WRITTEN_IN: &[&str] = &["@inlang/paraglide-js", "svelte"];

struct Library {
    name: String,
    version: String,
    licence: String,
    home: String,
    texts: Vec<String>,
}

/// Writes them to a file, for this system or the one that is named.
pub fn write(system: Option<&str>) -> anyhow::Result<PathBuf> {
    let mut libraries = crates(system)?;
    libraries.extend(ui_libraries()?);
    libraries.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    let path = target().join("packaging/THIRD-PARTY-LICENSES.txt");
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(&path, page(&libraries)?)?;
    Ok(path)
}

/// Each text once, with those it is for.
fn page(libraries: &[Library]) -> anyhow::Result<String> {
    let mut page = format!(
        "Understudy is licensed under Apache-2.0. It is built from the {} libraries below and Rust's standard \
         library (MIT OR Apache-2.0), each under its own licence. A text that several share stands once.\n\n",
        libraries.len()
    );
    let mut shared: BTreeMap<String, (&str, Vec<String>)> = BTreeMap::new();
    for Library { name, version, licence, home, texts } in libraries {
        let none = if texts.is_empty() { "  (brings no text of its own)" } else { "" };
        writeln!(page, "{name} {version}: {licence}  {home}{none}")?;
        for text in texts {
            // The same text comes with other line breaks.
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            shared.entry(words).or_insert((text, Vec::new())).1.push(format!("{name} {version}"));
        }
    }
    let mut shared: Vec<_> = shared.into_values().collect();
    shared.sort_by(|(_, a), (_, b)| a.cmp(b));
    for (text, mut names) in shared {
        names.dedup();
        write!(page, "\n{}\n{}\n\n{}\n", "─".repeat(78), names.join(", "), text.trim())?;
    }
    Ok(page)
}

/// The crates that the app is linked from. What only runs while it is built is not in it.
fn crates(system: Option<&str>) -> anyhow::Result<Vec<Library>> {
    let system = match system {
        Some(system) => system.to_owned(),
        None => host()?,
    };
    let metadata = output(cargo().args([
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--filter-platform",
        &system,
    ]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata cannot be read")?;
    let packages: BTreeMap<&str, &Value> = list(&metadata["packages"]).map(|p| (text(&p["id"]), p)).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), node)).collect();
    let app = packages.values().find(|package| package["name"] == APP).context("the app is no package")?;
    let (mut seen, mut open) = (BTreeSet::new(), vec![text(&app["id"])]);
    while let Some(id) = open.pop() {
        let linked = list(&nodes[id]["deps"])
            .filter(|dep| list(&dep["dep_kinds"]).any(|kind| kind["kind"].is_null()))
            .map(|dep| text(&dep["pkg"]))
            .filter(|id| !list(&packages[id]["targets"]).any(|target| target["kind"][0] == "proc-macro"));
        open.extend(linked.filter(|id| seen.insert(*id)));
    }
    // What has no source is our own.
    let linked = seen.into_iter().map(|id| packages[id]).filter(|package| package["source"].is_string());
    linked.map(of_crate).collect()
}

fn of_crate(package: &Value) -> anyhow::Result<Library> {
    let folder = Path::new(text(&package["manifest_path"])).parent().unwrap_or(Path::new("."));
    Ok(Library {
        name: text(&package["name"]).to_owned(),
        version: text(&package["version"]).to_owned(),
        licence: package["license"].as_str().unwrap_or("see its text").to_owned(),
        home: text(&package["repository"]).to_owned(),
        texts: texts(folder)?,
    })
}

fn host() -> anyhow::Result<String> {
    let said = output(program("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what system this is")?.to_owned())
}

/// What the UI's sources import, and what that needs.
fn ui_libraries() -> anyhow::Result<Vec<Library>> {
    let ui = ui::folder();
    npm::install(&ui)?;
    let lock: Value = serde_json::from_str(&fs::read_to_string(ui.join("package-lock.json"))?)?;
    let packages = lock["packages"].as_object().context("the UI's lock file lists no packages")?;
    let mut open = imports(&ui.join("src"))?;
    open.extend(WRITTEN_IN.iter().map(|name| (*name).to_owned()));
    let mut seen = BTreeSet::new();
    while let Some(name) = open.pop_first() {
        let Some(package) = packages.get(&format!("node_modules/{name}")) else { continue };
        // Some need the program that compiled them, which is not in the app.
        let needs = package["dependencies"].as_object().filter(|_| !WRITTEN_IN.contains(&name.as_str()));
        open.extend(
            needs.into_iter().flatten().map(|(name, _)| name.clone()).filter(|name| !seen.contains(name)),
        );
        seen.insert(name);
    }
    let library = |name: String| {
        let folder = ui.join("node_modules").join(&name);
        let package: Value = serde_json::from_str(&fs::read_to_string(folder.join("package.json"))?)?;
        let home =
            package["repository"]["url"].as_str().or(package["repository"].as_str()).unwrap_or_default();
        Ok(Library {
            version: text(&package["version"]).to_owned(),
            licence: package["license"].as_str().unwrap_or("see its text").to_owned(),
            home: home.trim_start_matches("git+").to_owned(),
            texts: texts(&folder)?,
            name,
        })
    };
    seen.into_iter().map(library).collect()
}

/// The packages that the files in a folder import.
fn imports(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(imports(&path)?);
        } else if path
            .extension()
            .is_some_and(|kind| ["ts", "svelte", "css", "js"].iter().any(|k| kind == *k))
        {
            found.extend(fs::read_to_string(&path)?.lines().filter_map(import));
        }
    }
    Ok(found)
}

/// The package of `import … from "@scope/name/file"`; none where the file is our own.
fn import(line: &str) -> Option<String> {
    let (before, rest) = line.split_once('"')?;
    let words = ["from", "import", "import(", "@import", "(import("];
    words.iter().find(|word| before.trim_end().ends_with(*word))?;
    let path = rest.split_once('"')?.0;
    let own = path.starts_with(['.', '/', '$']) || path.is_empty();
    let parts = if path.starts_with('@') { 2 } else { 1 };
    (!own).then(|| path.split('/').take(parts).collect::<Vec<_>>().join("/"))
}

/// The licence files that lie in a package's folder.
fn texts(folder: &Path) -> anyhow::Result<Vec<String>> {
    let is_licence = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        let source = [".RS", ".JS", ".TS", ".JSON"].iter().any(|kind| name.ends_with(kind));
        let names = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE", "OFL"];
        path.is_file() && !source && names.iter().any(|start| name.starts_with(start))
    };
    let mut files: Vec<_> =
        fs::read_dir(folder)?.flatten().map(|entry| entry.path()).filter(|path| is_licence(path)).collect();
    files.sort();
    let read = |path: PathBuf| Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned());
    files.into_iter().map(read).collect()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_of_libraries_are_told_from_imports_of_our_own_files() {
        for (line, package) in [
            ("import { Dialog } from \"bits-ui\";", Some("bits-ui")),
            ("import X from \"@lucide/svelte/icons/x\";", Some("@lucide/svelte")),
            ("import \"@fontsource-variable/inter/wght.css\";", Some("@fontsource-variable/inter")),
            ("const { encode } = await import(\"uqr\");", Some("uqr")),
            ("import { app } from \"$lib/app\";", None),
            ("import \"./styles/base.css\";", None),
            ("<p class=\"hint\">", None),
        ] {
            assert_eq!(import(line).as_deref(), package, "{line}");
        }
    }

    #[test]
    fn a_text_that_several_share_stands_once() {
        let library = |name: &str, text: &str| Library {
            name: name.into(),
            version: "1.0.0".into(),
            licence: "MIT".into(),
            home: String::new(),
            texts: vec![text.into()],
        };
        let page = page(&[library("a", "Free to\nuse."), library("b", "Free to use.")]).unwrap_or_default();
        assert_eq!(page.matches("Free to").count(), 1);
        assert!(page.contains("a 1.0.0, b 1.0.0\n"));
    }
}
