//! The app's packages for Linux. Those for Windows and macOS are made by `.github/workflows/release.yml`.

mod check;
pub mod feed;
pub mod notices;

use std::{
    env::consts::ARCH,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use crate::{
    command::{self, cargo, output, program, step, timed},
    npm, packages, root, target, ui,
};

const APP: &str = "understudy";
/// Lets WebDriver reach the stage, whose webview then shares the app's cookie store.
const AUTOMATION: &str = "automation";

pub struct Packages {
    /// What is packed.
    pub binary: PathBuf,
    pub deb: PathBuf,
    pub rpm: PathBuf,
}

pub fn run() -> anyhow::Result<()> {
    packages::install(&[packages::BUILD, packages::DESKTOP, packages::PACKAGING])?;
    let packages = build()?;
    timed("look into the packages", || check::all(&packages))?;
    println!();
    for package in [&packages.deb, &packages.rpm] {
        println!("{:>6.2} MB  {}", fs::metadata(package)?.len() as f64 / 1e6, package.display());
    }
    Ok(())
}

pub fn build() -> anyhow::Result<Packages> {
    // First, so that what takes long is not in vain.
    let mut bundle = tauri(root())?;
    ui::build()?;
    let notices = timed("licences of what it is built from", || notices::write(None))?;
    let binary = binary()?;
    let glibc = glibc(&output(program("objdump").arg("-T").arg(&binary))?)?;
    let config = json!({ "bundle": { "linux": {
        "deb": {
            "depends": [format!("libc6 (>= {glibc})")],
            "files": { "/usr/share/doc/understudy/THIRD-PARTY-LICENSES.txt": notices },
        },
        "rpm": {
            "depends": [format!("libc.so.6(GLIBC_{glibc})(64bit)")],
            "files": { "/usr/share/licenses/understudy/THIRD-PARTY-LICENSES.txt": notices },
        },
    } } });
    let bundles = bundles();
    for kind in ["deb", "rpm"] {
        clear(&bundles.join(kind))?;
    }
    step("packages", bundle.args(["bundle", "--bundles", "deb,rpm", "--config", &config.to_string()]))?;
    Ok(Packages { binary, deb: only(&bundles.join("deb"), "deb")?, rpm: only(&bundles.join("rpm"), "rpm")? })
}

/// Packs an app whose `tauri.conf.json` lies in this folder as a .deb.
pub fn deb(folder: &Path, product: &str) -> anyhow::Result<PathBuf> {
    step("package", tauri(folder)?.args(["bundle", "--bundles", "deb"]))?;
    let arch = if ARCH == "aarch64" { "arm64" } else { "amd64" };
    Ok(bundles().join(format!("deb/{product}_0.1.0_{arch}.deb")))
}

/// Lays out what a .deb holds below a folder.
pub fn unpack(deb: &Path, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    command::run(program("dpkg-deb").arg("--extract").arg(deb).arg(folder))
}

fn bundles() -> PathBuf {
    target().join("release/bundle")
}

/// Tauri's own command line, in the version that `packaging/package-lock.json` pins.
fn tauri(folder: &Path) -> anyhow::Result<Command> {
    let packaging = root().join("packaging");
    npm::install(&packaging)?;
    let mut command = program(packaging.join("node_modules/.bin/tauri"));
    command.current_dir(folder).env("CARGO_TARGET_DIR", target()).env("CI", "true");
    Ok(command)
}

/// The app as it is released.
fn binary() -> anyhow::Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--release", "-p", APP, "--bin", APP]);
    let said = timed("release build of the app", || {
        output(build.args(["--message-format", "json-render-diagnostics"]))
    })?;
    let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let built = messages
        .filter(|message| message["reason"] == "compiler-artifact")
        .find(|message| message["target"]["name"] == APP && message["target"]["kind"][0] == "bin")
        .context("cargo does not say what it built")?;
    releasable(&built)
}

/// The path of a binary, if cargo says that it may be given to people.
fn releasable(built: &Value) -> anyhow::Result<PathBuf> {
    let features = built["features"].as_array().context("cargo does not say with which features it built")?;
    if features.iter().any(|feature| feature == AUTOMATION) {
        bail!(
            "the app was built with the feature \"{AUTOMATION}\", which lets programs reach the stage: never in a package"
        );
    }
    // Without it the app looks for a development server in place of its own pages.
    ensure!(features.iter().any(|feature| feature == "custom-protocol"), "the app was built for development");
    ensure!(built["profile"]["debug_assertions"] == false, "the app was not built for release");
    Ok(built["executable"].as_str().context("cargo does not say where the app is")?.into())
}

/// The oldest C library that has all a program asks of it, from what `objdump -T` says.
fn glibc(symbols: &str) -> anyhow::Result<String> {
    let versions = symbols.lines().filter_map(|line| {
        let version = line.split_once("GLIBC_")?.1.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?;
        let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
        Some((numbers.next()?, numbers.next()?))
    });
    let (major, minor) = versions.max().context("the app asks nothing of the C library")?;
    Ok(format!("{major}.{minor}"))
}

fn clear(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// The one file of this kind.
fn only(folder: &Path, extension: &str) -> anyhow::Result<PathBuf> {
    let files = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let mut files = files.filter(|path| path.extension().is_some_and(|found| found == extension));
    let file = files.next().with_context(|| format!("no .{extension} was made"))?;
    ensure!(files.next().is_none(), "more than one .{extension} was made");
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(features: &[&str], debug_assertions: bool) -> Value {
        json!({
            "features": features,
            "profile": { "debug_assertions": debug_assertions },
            "executable": "/target/release/understudy",
        })
    }

    #[test]
    fn a_binary_that_programs_can_drive_is_never_packed() {
        let refused = releasable(&built(&["automation", "custom-protocol", "default"], false));
        assert!(refused.is_err_and(|error| error.to_string().contains("automation")));
        assert!(releasable(&built(&["custom-protocol", "default"], false)).is_ok());
    }

    #[test]
    fn a_package_asks_for_the_c_library_it_was_linked_against() -> anyhow::Result<()> {
        let symbols = "\
            0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.9)   pipe2\n\
            0000000000000000  w   DF *UND*  0000000000000000 (GLIBC_2.34)  gnu_get_libc_version\n\
            0000000000000000      DF *UND*  0000000000000000 (GLIBC_2.2.5) free\n\
            0000000000000000      DF *UND*  0000000000000000  Base         gtk_init\n";
        assert_eq!(glibc(symbols)?, "2.34");
        assert!(glibc("").is_err());
        Ok(())
    }

    #[test]
    fn a_binary_for_development_is_never_packed() {
        assert!(releasable(&built(&["default"], false)).is_err());
        assert!(releasable(&built(&["custom-protocol", "default"], true)).is_err());
        assert!(releasable(&json!({ "executable": "/target/release/understudy" })).is_err());
    }
}
