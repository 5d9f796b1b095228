//! What the system must have. On Debian and Ubuntu it is installed, elsewhere it is listed.

use std::process::Stdio;

use anyhow::bail;

use crate::command::{is_there, output, program, run};

/// To build the app.
pub const BUILD: &[&str] = &[
    "build-essential",
    "libayatana-appindicator3-dev",
    "libdbus-1-dev",
    "libgtk-3-dev",
    "librsvg2-dev",
    "libwebkit2gtk-4.1-dev",
    "pkg-config",
];

/// A desktop without a screen, on which the app is driven.
pub const DESKTOP: &[&str] = &[
    "at-spi2-core",
    "ca-certificates",
    "dbus",
    "dunst",
    "gcr",
    "gnome-keyring",
    "imagemagick",
    "libsecret-tools",
    "openbox",
    "webkit2gtk-driver",
    "x11-utils",
    "xclip",
    "xdotool",
    "xvfb",
];

/// A desktop with two monitors.
pub const MONITORS: &[&str] = &["x11-xserver-utils", "xserver-xorg-core", "xserver-xorg-video-dummy"];

/// In which every screen of the UI is looked at, and people answer.
pub const BROWSER: &[&str] = &["chromium", "chromium-driver"];

/// To look into packages of the app.
pub const PACKAGING: &[&str] = &["desktop-file-utils", "rpm", "xdg-utils"];

/// The other database.
pub const POSTGRES: &[&str] = &["postgresql"];

pub fn install(lists: &[&[&str]]) -> anyhow::Result<()> {
    let wanted = lists.concat();
    check_node()?;
    if !is_there("apt-get") || !is_there("dpkg-query") {
        println!(
            "This system has no apt. Understudy needs what Debian calls: {}.\nIf a step fails, install what it \
             misses.",
            wanted.join(" ")
        );
        return Ok(());
    }
    let missing = missing(&wanted)?;
    if missing.is_empty() {
        return Ok(());
    }
    if missing.contains(&"chromium") && is_ubuntu() {
        bail!(
            "Ubuntu has Chromium only as a snap, which cannot be driven here: run this in Debian, or its container"
        );
    }
    println!("Not installed yet: {}. They are installed now, by apt.", missing.join(" "));
    let root = rustix::process::geteuid().is_root();
    if !root && !is_there("sudo") {
        bail!("there is no sudo: as root, run apt-get install {}", missing.join(" "));
    }
    let apt = |arguments: &[&str]| {
        let mut command = if root { program("env") } else { program("sudo") };
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]).args(arguments);
        run(&mut command)
    };
    apt(&["update"])?;
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(&missing);
    apt(&install)
}

fn missing<'a>(wanted: &[&'a str]) -> anyhow::Result<Vec<&'a str>> {
    // It fails when one of them is unknown, and lists the others all the same.
    let mut query = program("dpkg-query");
    query.args(["-W", "-f=${Package} ${db:Status-Status}\n"]).args(wanted).stderr(Stdio::null());
    let known = String::from_utf8(query.output()?.stdout)?;
    let installed: Vec<&str> = known.lines().filter_map(|line| line.strip_suffix(" installed")).collect();
    Ok(wanted.iter().filter(|name| !installed.contains(name)).copied().collect())
}

fn is_ubuntu() -> bool {
    let about = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    about.lines().any(|line| line == "ID=ubuntu")
}

/// Debian's own Node is older than the UI's tools need, so apt is no help here.
fn check_node() -> anyhow::Result<()> {
    let found = is_there("npm").then(|| output(program("node").arg("--version"))).transpose()?;
    let version = found.as_deref().unwrap_or_default().trim().trim_start_matches('v');
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    if (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < (20, 19) {
        let have = if version.is_empty() { "there is none".to_owned() } else { format!("this is {version}") };
        bail!("the UI is built with Node 20.19 or newer, with npm; {have}. See https://nodejs.org");
    }
    Ok(())
}
