//! All that must pass before a change lands.

use std::{env, process::Command};

use anyhow::Context as _;
use serde_json::Value;

use crate::{
    command::{cargo, is_there, output, step, timed},
    packages, postgres, ui,
};

/// Lets WebDriver reach the stage.
const AUTOMATION: &str = "understudy/automation";
const DATABASE: &str = "UNDERSTUDY_TEST_DATABASE_URL";

/// Every build takes the whole workspace: another selection would have other features, and its libraries would
/// be compiled once more.
const EVERYTHING: &[&str] = &["--workspace", "--features", AUTOMATION];

pub fn run() -> anyhow::Result<()> {
    timed("packages", || {
        packages::install(&[
            packages::BUILD,
            packages::BROWSER,
            packages::DESKTOP,
            packages::MONITORS,
            packages::PACKAGING,
            packages::POSTGRES,
        ])
    })?;
    step("formatting", cargo().args(["fmt", "--all", "--check"]))?;
    ui::build()?;
    step("types of the UI", &mut ui::npm(&["run", "check"]))?;
    step("lints of the UI", &mut ui::npm(&["run", "lint"]))?;
    step("tests of the UI", &mut ui::npm(&["run", "test"]))?;
    step("accessibility of every screen", &mut ui::npm(&["run", "test:axe"]))?;
    step("clippy", tool(&["clippy"]).args(EVERYTHING).args(["--all-targets", "--", "-D", "warnings"]))?;
    let suites = Suites::read()?;
    step("build of the tests", &mut suites.build())?;
    step("tests of all parts, on SQLite", &mut suites.parts())?;
    timed("tests of the server, on PostgreSQL", || {
        let postgres = postgres::start()?;
        crate::command::run(suites.server().env(DATABASE, &postgres.url))
    })?;
    step("end to end", &mut suites.end_to_end())?;
    step("end to end, without automation", &mut suites.end_to_end_without_automation())?;
    println!("\nEverything passed.");
    Ok(())
}

/// The end-to-end tests alone, by `cargo test`, which shows what they print.
pub fn end_to_end() -> Command {
    let mut command = tool(&["test"]);
    command.args(EVERYTHING).args(["--test", END_TO_END]);
    command
}

const END_TO_END: &str = "end_to_end";
/// The package of the app; its integration tests are the end-to-end tests.
const APP: &str = "understudy";
const SERVER: &str = "understudy-server";

/// The test targets, and what runs them.
struct Suites {
    nextest: bool,
    /// Package and name of each integration test.
    tests: Vec<(String, String)>,
}

impl Suites {
    fn read() -> anyhow::Result<Self> {
        let metadata = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata cannot be read")?;
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tests = list(&metadata["packages"]).into_iter().flat_map(|package| {
            let targets = list(&package["targets"]);
            let tests = targets.into_iter().filter(|target| target["kind"][0] == "test");
            tests.map(|test| (text(&package["name"]), text(&test["name"]))).collect::<Vec<_>>()
        });
        Ok(Self { nextest: is_there("cargo-nextest"), tests: tests.collect() })
    }

    fn build(&self) -> Command {
        let mut command = tool(if self.nextest { &["nextest", "run"] } else { &["test"] });
        command.args(EVERYTHING).arg("--no-run");
        command
    }

    /// All but the end-to-end tests.
    fn parts(&self) -> Command {
        let mut command = self.runner();
        command.args(EVERYTHING);
        if self.nextest {
            command.args(["-E", &format!("not (package(={APP}) & kind(test))")]);
        } else {
            command.args(["--lib", "--bins"]).args(self.named(|package| package != APP));
        }
        command
    }

    fn server(&self) -> Command {
        let mut command = self.runner();
        command.args(EVERYTHING);
        if self.nextest {
            command.args(["-E", &format!("package(={SERVER}) & kind(test)")]);
        } else {
            command.args(self.named(|package| package == SERVER));
        }
        command
    }

    fn end_to_end(&self) -> Command {
        let mut command = self.runner();
        command.args(EVERYTHING).args(["--test", END_TO_END]);
        self.one_at_a_time(command)
    }

    /// The app as it is released: WebDriver does not reach its stage, whose isolation is what is tested.
    fn end_to_end_without_automation(&self) -> Command {
        let mut command = self.runner();
        command.args(["--workspace", "--test", END_TO_END]);
        self.one_at_a_time(command)
    }

    /// Each has a desktop of its own, and promises about time that another one beside it could break.
    fn one_at_a_time(&self, mut command: Command) -> Command {
        command.args(if self.nextest { &["--test-threads=1"][..] } else { &["--", "--test-threads=1"] });
        command
    }

    fn runner(&self) -> Command {
        tool(if self.nextest { &["nextest", "run", "--no-fail-fast"] } else { &["test", "--no-fail-fast"] })
    }

    fn named(&self, of: impl Fn(&str) -> bool) -> Vec<&str> {
        let tests = self.tests.iter().filter(|(package, _)| of(package));
        tests.flat_map(|(_, name)| ["--test", name]).collect()
    }
}

/// A subcommand of cargo. On a machine that builds once, incremental compilation only costs.
fn tool(arguments: &[&str]) -> Command {
    let mut command = cargo();
    command.args(arguments);
    if env::var_os("CI").is_some() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}
