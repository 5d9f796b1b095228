//! The project's own commands: `cargo xtask demo`, `cargo xtask test` and their helpers.
//!
//! No step needs a shell script. Every command prepares what it needs by itself, so each works from a fresh
//! clone on a fresh machine.

// A command line speaks to people.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod bundle;
mod client;
mod command;
mod demo;
mod generate;
mod npm;
mod packages;
mod postgres;
mod services;
mod soak;
mod test;
mod ui;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands.")]
enum Cli {
    #[command(flatten)]
    Command(Command),
}

#[derive(Subcommand)]
enum Command {
    /// Installs what is missing and builds the UI.
    Setup,
    /// Sets everything up and passes every test.
    Test,
    /// Sets everything up, starts platform and server, and opens the app; without a display the app is
    /// driven through the whole story and pictures are saved to target/pictures.
    Demo,
    /// Shows the six digits of an authenticator app that has this secret, for whoever has none at hand.
    Authenticator {
        /// As the app shows it under the QR code; spaces do not matter.
        secret: Vec<String>,
    },
    /// Rewrites the TypeScript in ui/src/lib/generated from the contract in Rust.
    Generate,
    /// What takes long: a flood of requests and guesses, then the server is killed in the middle of its work,
    /// again and again.
    Soak {
        /// Seconds of the flood.
        #[arg(long, default_value_t = 60)]
        flood: u64,
        /// How often the server is killed; each takes a code, and 100 are to be had at once.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        rounds: u32,
    },
    /// Makes the app's packages for Linux (.deb and .rpm) and looks into them.
    Bundle,
    /// Writes the licences of everything the app is built from to target/packaging.
    Notices {
        /// The system it is for, such as x86_64-pc-windows-msvc; this one where it is missing.
        #[arg(long)]
        target: Option<String>,
    },
    /// Writes latest.json, which the app's updater reads, into a folder of packages and their signatures.
    Feed {
        folder: PathBuf,
        /// Where the packages will be found, by https.
        url: String,
    },
    /// What the gateway costs, what the app costs, what a search costs; all where none is named.
    Bench {
        #[command(subcommand)]
        what: Option<Bench>,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// How many requests a second pass the gateway, and how many the platform answers without it.
    Gateway {
        /// Seconds for each of the two measurements.
        #[arg(long, default_value_t = bench::gateway::SECONDS)]
        seconds: u64,
    },
    /// Start, memory and size of the app, beside those of an empty Tauri window.
    App {
        /// How often each is started.
        #[arg(long, default_value_t = bench::app::RUNS, value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
    },
    /// How long a key takes to be on the screen while 100,000 people are searched, and where nothing is.
    Search,
}

fn main() -> ExitCode {
    let Cli::Command(command) = Cli::parse();
    match run(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Setup => {
            packages::install(&[packages::BUILD, packages::DESKTOP, packages::POSTGRES])?;
            ui::build()
        }
        Command::Test => test::run(),
        Command::Demo => demo::run(),
        Command::Authenticator { secret } => {
            println!("{}", client::authenticator(&secret.concat())?);
            Ok(())
        }
        Command::Generate => generate::run(),
        Command::Soak { flood, rounds } => soak::run(*rounds, Duration::from_secs(*flood)),
        Command::Bundle => bundle::run(),
        Command::Notices { target } => {
            let notices = bundle::notices::write(target.as_deref())?;
            println!("{}", notices.display());
            Ok(())
        }
        Command::Feed { folder, url } => bundle::feed::write(folder, url),
        Command::Bench { what: Some(Bench::Gateway { seconds }) } => bench::gateway::run(*seconds),
        Command::Bench { what: Some(Bench::App { runs }) } => bench::app::run(*runs),
        Command::Bench { what: Some(Bench::Search) } => bench::search(),
        Command::Bench { what: None } => {
            bench::gateway::run(bench::gateway::SECONDS)?;
            bench::search()?;
            bench::app::run(bench::app::RUNS)
        }
    }
}

/// The workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
