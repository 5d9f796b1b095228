//! What the app costs, beside an empty Tauri window made of the same versions in the same run.
//!
//! *Start to usable* is the time from the start of the process until the screen shows what it goes on showing, but
//! for a blinking caret: the window is mapped, its page is drawn and its script has run. Every app has been started
//! once before, as on any day but the first. *Memory* is the proportional set size of the app and of all processes
//! it has started, WebKit's too, some seconds later.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};

use super::{
    screen::{Picture, Screen},
    sizes,
};
use crate::{
    bundle,
    command::{cargo, step},
    packages, root, target, ui,
};

pub const RUNS: u32 = 9;

/// How long memory may settle.
const REST: Duration = Duration::from_secs(5);

/// What is aimed at: ratios to the empty window, and the size of the UI's first chunk.
const START: f64 = 1.3;
const MEMORY: f64 = 1.15;
const PACKAGE: f64 = 2.0;
const FIRST_CHUNK: u64 = 100 * 1024;

struct App {
    binary: PathBuf,
    package: u64,
    home: tempfile::TempDir,
    settled: Picture,
    starts: Vec<f64>,
    memory: Vec<f64>,
}

pub fn run(runs: u32) -> anyhow::Result<()> {
    packages::install(&[packages::BUILD, packages::DESKTOP])?;
    let (ours, bare) = (bundle::build()?.deb, bare()?);
    let scratch = tempfile::Builder::new().prefix("understudy-bench-").tempdir()?;
    let screen = Screen::open()?;
    let mut ours = App::install(&ours, &scratch.path().join("understudy"), "understudy", &screen)?;
    let mut bare = App::install(&bare, &scratch.path().join("bare"), "bare-app", &screen)?;
    for round in 1..=runs {
        eprintln!("start {round} of {runs}");
        // By turns, so that whatever else the machine does meets both.
        ours.measure(&screen)?;
        bare.measure(&screen)?;
    }
    print(&ours, &bare, &sizes::ui(&ui::folder().join("dist"))?, runs);
    Ok(())
}

fn print(ours: &App, bare: &App, ui: &sizes::Ui, runs: u32) {
    println!(
        "\nMedians of {runs} starts, by turns, from the installed .deb, on a screen without a monitor.\n"
    );
    println!("{:<26}{:>14}{:>14}{:>9}{:>9}", "", "Understudy", "empty window", "ratio", "aim");
    let row = |what: &str, unit: &str, ours: f64, bare: f64, aim: f64| {
        let (a, b) = (format!("{ours:.2} {unit}"), format!("{bare:.2} {unit}"));
        println!("{what:<26}{a:>14}{b:>14}{:>9.2}{aim:>9}", ours / bare);
    };
    row("start to usable", "s", median(&ours.starts), median(&bare.starts), START);
    row("memory (PSS)", "MB", median(&ours.memory), median(&bare.memory), MEMORY);
    row("package (.deb)", "MB", ours.package as f64 / 1e6, bare.package as f64 / 1e6, PACKAGE);
    let kilobytes = |bytes: u64| bytes as f64 / 1024.0;
    println!(
        "\nUI, gzip: {:.1} KB before the first screen, without fonts (aim: {} KB); {:.1} KB in all.",
        kilobytes(ui.first),
        FIRST_CHUNK / 1024,
        kilobytes(ui.whole)
    );
    let spread = |values: &[f64]| {
        let (low, high) =
            values.iter().fold((f64::MAX, 0.0_f64), |(low, high), v| (low.min(*v), high.max(*v)));
        format!("{low:.2} to {high:.2} s")
    };
    println!("Starts: Understudy {}, empty window {}.", spread(&ours.starts), spread(&bare.starts));
}

impl App {
    fn install(deb: &Path, folder: &Path, name: &str, screen: &Screen) -> anyhow::Result<Self> {
        bundle::unpack(deb, folder)?;
        let binary = folder.join("usr/bin").join(name);
        let home = tempfile::Builder::new().prefix("understudy-home-").tempdir()?;
        let settled = screen.settled(&binary, home.path())?;
        Ok(Self { binary, package: fs::metadata(deb)?.len(), home, settled, starts: vec![], memory: vec![] })
    }

    fn measure(&mut self, screen: &Screen) -> anyhow::Result<()> {
        let start = Instant::now();
        let app = screen.start(&self.binary, self.home.path())?;
        screen.wait_for(&self.settled)?;
        self.starts.push(start.elapsed().as_secs_f64());
        sleep(REST);
        self.memory.push(proportional_memory(app.child.id())? as f64 / 1e6);
        drop(app);
        screen.wait_until_empty()
    }
}

/// Builds the empty window with the workspace's locked versions.
fn bare() -> anyhow::Result<PathBuf> {
    let (from, to) = (root().join("xtask/bare-app"), target().join("bare-app"));
    for file in ["Cargo.toml", "build.rs", "src/main.rs", "tauri.conf.json", "dist/index.html"] {
        copy(&from.join(file), &to.join(file))?;
    }
    for file in ["Cargo.lock", "icons/32x32.png"] {
        copy(&root().join(file), &to.join(file))?;
    }
    let mut build = cargo();
    build.args(["build", "--release"]).current_dir(&to).env("CARGO_TARGET_DIR", target());
    step("release build of an empty window", &mut build)?;
    bundle::deb(&to, "Bare")
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(Path::new(".")))?;
    fs::copy(from, to).with_context(|| format!("{} cannot be copied", from.display()))?;
    Ok(())
}

/// Bytes of memory of a process and all it has started; what several share counts in parts.
fn proportional_memory(process: u32) -> anyhow::Result<u64> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse() else { continue };
        if let Some(parent) = fs::read_to_string(entry.path().join("stat")).ok().as_deref().and_then(parent) {
            children.entry(parent).or_default().push(id);
        }
    }
    let (mut open, mut sum) = (vec![process], 0);
    while let Some(id) = open.pop() {
        open.extend(children.get(&id).into_iter().flatten());
        let memory = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
        let line = memory.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kilobytes =
            line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|n| n.parse::<u64>().ok());
        sum += kilobytes.unwrap_or(0) * 1024;
    }
    ensure!(sum > 0, "the system does not say how much memory the app takes");
    Ok(sum)
}

/// From `/proc/…/stat`: the fields after the name, which may contain anything, brackets too.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) { (values[middle - 1] + values[middle]) / 2.0 } else { values[middle] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_process_knows_its_parent_whatever_its_name() {
        assert_eq!(parent("17 (a) b (c) S 4 17 17 0"), Some(4));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_takes_memory() {
        assert!(proportional_memory(std::process::id()).is_ok_and(|bytes| bytes > 100_000));
    }

    /// Or the comparison would say something about compilers.
    #[test]
    fn the_empty_window_is_built_like_the_app() -> anyhow::Result<()> {
        let profile = |path: &str| -> anyhow::Result<String> {
            let manifest = fs::read_to_string(root().join(path))?;
            let section = manifest.split("[profile.release]\n").nth(1).context("no release profile")?;
            Ok(section.split("\n\n").next().unwrap_or_default().trim().to_owned())
        };
        assert_eq!(profile("xtask/bare-app/Cargo.toml")?, profile("Cargo.toml")?);
        Ok(())
    }
}
