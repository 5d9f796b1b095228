//! Looks into the packages that were made: what they hold, what they need, and whether they install.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

use super::{APP, Packages};
use crate::{
    bench::screen::Screen,
    command::{is_there, output, program, quietly, run},
};

/// What every package must bring, beside its icons and licences.
const FILES: &[&str] = &["usr/bin/understudy", DESKTOP_ENTRY];
const DESKTOP_ENTRY: &str = "usr/share/applications/Understudy.desktop";
/// What a link of a helpdesk is to the system.
const LINKS: &str = "x-scheme-handler/understudy";
const ICONS: &[&str] = &["16x16", "24x24", "32x32", "48x48", "64x64", "128x128", "256x256", "512x512"];
const DEB_LICENCES: &[&str] =
    &["usr/share/doc/understudy/copyright", "usr/share/doc/understudy/THIRD-PARTY-LICENSES.txt"];
const RPM_LICENCES: &[&str] =
    &["usr/share/licenses/understudy/LICENSE", "usr/share/licenses/understudy/THIRD-PARTY-LICENSES.txt"];

/// The bundler writes behind this into the binary which kind of package it came in, in three letters.
const KIND_OF_PACKAGE: &[u8] = b"__TAURI_BUNDLE_TYPE_VAR_";

pub fn all(packages: &Packages) -> anyhow::Result<()> {
    let scratch = tempfile::Builder::new().prefix("understudy-packages-").tempdir()?;
    if is_there("dpkg-deb") {
        let root = scratch.path().join("deb");
        deb(packages, &root).context("the .deb is not as it should be")?;
        println!("The .deb was installed, its app opened its window, and it was removed without a trace.");
    } else {
        println!("There is no dpkg here, so nobody has looked into the .deb.");
    }
    if is_there("rpm") {
        rpm(packages, &scratch.path().join("rpm")).context("the .rpm is not as it should be")?;
    } else {
        println!("There is no rpm here, so nobody has looked into the .rpm.");
    }
    Ok(())
}

fn deb(packages: &Packages, scratch: &Path) -> anyhow::Result<()> {
    let field = |name: &str| output(program("dpkg-deb").arg("--field").arg(&packages.deb).arg(name));
    ensure!(field("Package")?.trim() == APP, "its name is not {APP}");
    for (name, needs) in [
        ("Depends", &["libc6", "libwebkit2gtk-4.1-0", "libgtk-3-0", "libayatana-appindicator3-1"][..]),
        ("Recommends", &["gnome-keyring"]),
    ] {
        let listed = field(name)?;
        let listed: Vec<_> = listed.trim().split(", ").collect();
        println!("{name}: {}", listed.join(", "));
        let is_listed = |package: &str| listed.iter().any(|entry| entry.split(' ').next() == Some(package));
        ensure!(needs.iter().all(|package| is_listed(package)), "{name} must list {}", needs.join(", "));
    }
    let contents = output(program("dpkg-deb").arg("--contents").arg(&packages.deb))?;
    for line in contents.lines() {
        let (mode, owner) = (line.split_whitespace().next(), line.split_whitespace().nth(1));
        let private = mode.is_some_and(|mode| mode.as_bytes().get(8) != Some(&b'w'));
        ensure!(
            private && matches!(owner, Some("root/root" | "0/0")),
            "anybody could change what is installed: {line}"
        );
    }
    install_deb(&packages.deb, scratch)?;
    let installed = Installed::look(scratch, DEB_LICENCES)?;
    installed.is(&packages.binary)?;
    installed.takes_links(scratch)?;
    installed.opens()?;
    if is_root() {
        quietly(dpkg(scratch).args(["--purge", APP]))?;
        ensure!(!scratch.join("usr/share/doc/understudy").exists(), "it leaves files behind");
        ensure!(!scratch.join(FILES[0]).exists(), "it leaves the app behind");
    }
    Ok(())
}

/// As dpkg does it, or, without the right to, by unpacking it.
fn install_deb(deb: &Path, scratch: &Path) -> anyhow::Result<()> {
    if !is_root() {
        return super::unpack(deb, scratch);
    }
    let database = scratch.join("var/lib/dpkg");
    fs::create_dir_all(database.join("updates"))?;
    fs::create_dir_all(database.join("info"))?;
    fs::write(database.join("status"), "")?;
    // What it depends on is on the machine and not in there.
    quietly(dpkg(scratch).args(["--force-depends", "--install"]).arg(deb))
}

fn dpkg(scratch: &Path) -> std::process::Command {
    let mut command = program("dpkg");
    command.arg(format!("--root={}", scratch.display()));
    command
}

fn rpm(packages: &Packages, scratch: &Path) -> anyhow::Result<()> {
    let query = |what: &str| output(program("rpm").args(["--query", what, "--package"]).arg(&packages.rpm));
    let files = query("--list")?;
    let files: Vec<_> = files.lines().map(|line| line.trim_start_matches('/')).collect();
    for file in every_file(RPM_LICENCES) {
        ensure!(files.contains(&file.as_str()), "{file} is missing");
    }
    let requires = query("--requires")?;
    for library in ["libc.so.6", "libwebkit2gtk-4.1.so.0", "libgtk-3.so.0", "libayatana-appindicator3.so.1"] {
        ensure!(requires.contains(library), "it must require {library}");
    }
    ensure!(query("--recommends")?.contains("gnome-keyring"), "it must recommend gnome-keyring");
    if !is_root() {
        println!("The .rpm holds what it should; only root could install it somewhere to see.");
        return Ok(());
    }
    fs::create_dir_all(scratch)?;
    let mut install = program("rpm");
    install.arg("--root").arg(scratch).args(["--nodeps", "--install"]).arg(&packages.rpm);
    quietly(&mut install)?;
    Installed::look(scratch, RPM_LICENCES)?.is(&packages.binary)?;
    quietly(program("rpm").arg("--root").arg(scratch).args(["--erase", APP]))?;
    ensure!(!scratch.join(FILES[0]).exists(), "it leaves the app behind");
    println!("The .rpm was installed and removed without a trace.");
    Ok(())
}

fn every_file(licences: &[&str]) -> Vec<String> {
    let icons = ICONS.iter().map(|size| format!("usr/share/icons/hicolor/{size}/apps/{APP}.png"));
    let scalable = format!("usr/share/icons/hicolor/scalable/apps/{APP}.svg");
    let others = FILES.iter().chain(licences).map(|file| (*file).to_owned());
    icons.chain([scalable]).chain(others).collect()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A package, installed below a folder.
struct Installed(PathBuf);

impl Installed {
    fn look(root: &Path, licences: &[&str]) -> anyhow::Result<Self> {
        for file in every_file(licences) {
            ensure!(fs::metadata(root.join(&file)).is_ok_and(|data| data.len() > 0), "{file} is missing");
        }
        let mode = fs::metadata(root.join(FILES[0]))?.permissions().mode();
        ensure!(mode & 0o7777 == 0o755, "the app's file mode is {mode:o}");
        if is_there("desktop-file-validate") {
            run(program("desktop-file-validate").arg(root.join(DESKTOP_ENTRY)))?;
        }
        Ok(Self(root.join(FILES[0])))
    }

    /// Byte for byte what was built, but for the mark of the kind of package.
    fn is(&self, built: &Path) -> anyhow::Result<()> {
        let (packed, built) = (unmarked(&self.0)?, unmarked(built)?);
        ensure!(packed == built, "the packed app is not the one that was built");
        let libraries = output(program("ldd").arg(&self.0))?;
        ensure!(!libraries.contains("not found"), "libraries are missing:\n{libraries}");
        Ok(())
    }

    /// A desktop that has it installed hands links of helpdesks to it.
    fn takes_links(&self, root: &Path) -> anyhow::Result<()> {
        let (home, data) = (root.join("home"), root.join("usr/share"));
        run(program("update-desktop-database").arg(data.join("applications")))?;
        let mut query = program("xdg-mime");
        query.args(["query", "default", LINKS]).env("XDG_DATA_DIRS", &data);
        for variable in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS"] {
            query.env(variable, &home);
        }
        for desktop in
            ["XDG_CURRENT_DESKTOP", "KDE_FULL_SESSION", "GNOME_DESKTOP_SESSION_ID", "DESKTOP_SESSION"]
        {
            query.env_remove(desktop);
        }
        let app = output(&mut query)?;
        ensure!(DESKTOP_ENTRY.ends_with(app.trim()) && !app.trim().is_empty(), "links are opened by {app:?}");
        fs::remove_file(data.join("applications/mimeinfo.cache")).context("the list of what opens what")
    }

    fn opens(&self) -> anyhow::Result<()> {
        let home = tempfile::Builder::new().prefix("understudy-home-").tempdir()?;
        Screen::open()?.settled(&self.0, home.path()).map(drop)
    }
}

fn unmarked(binary: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = fs::read(binary)?;
    let marks =
        bytes.windows(KIND_OF_PACKAGE.len()).enumerate().filter(|(_, window)| *window == KIND_OF_PACKAGE);
    let marks: Vec<_> = marks.map(|(at, _)| at + KIND_OF_PACKAGE.len()).collect();
    for at in marks {
        bytes.iter_mut().skip(at).take(3).for_each(|byte| *byte = b'?');
    }
    Ok(bytes)
}
