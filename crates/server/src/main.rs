//! The command line of the server.

use std::{io::Read as _, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use understudy_ledger::Head;
use understudy_protocol::Role;
use understudy_rules::reason::check_reason;
use understudy_server::{Core, clock::Clock, config::Config, ledger_check, serve, staff, switch};

#[derive(Parser)]
#[command(version, about = "Impersonation for support staff: API, gateway, storage, mail.")]
struct Cli {
    /// The configuration; without it, an embedded default for trying it out on this machine.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves API and gateway.
    Serve,
    /// Checks the configuration and says what is wrong with it.
    Check,
    /// Switches impersonation off, for everybody, at once: sessions end, requests are closed.
    Off {
        /// Why; it stands in the record.
        #[arg(long, value_parser = reason)]
        reason: String,
    },
    /// Switches impersonation on again.
    On,
    /// Staff accounts.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// The record.
    #[command(subcommand)]
    Ledger(LedgerCommand),
}

#[derive(Subcommand)]
enum StaffCommand {
    /// Adds an account; the password is read from standard input.
    Add {
        email: String,
        #[arg(long)]
        name: String,
        #[arg(long, required = true, value_delimiter = ',', value_parser = role)]
        role: Vec<Role>,
    },
    /// Changes what somebody may do, at once: sessions of those who may no longer impersonate end.
    Roles {
        email: String,
        #[arg(required = true, value_delimiter = ',', value_parser = role)]
        role: Vec<Role>,
    },
    /// Disables an account, at once: its sign-ins and sessions end.
    Disable { email: String },
    /// Says whose account on the platform is this staff member's own: nobody can be signed in as staff.
    Link { email: String, person: String },
    /// Takes that back.
    Unlink { email: String },
    /// Forgets the second factor of somebody who has lost it.
    ResetSecondFactor { email: String },
    /// Lists the accounts.
    List,
}

#[derive(Subcommand)]
enum LedgerCommand {
    /// Recomputes the record and compares; fails if anything was changed.
    Verify {
        /// A head that was noted earlier, as `verify` prints it; may be given more than once.
        #[arg(long, value_parser = ledger_check::parse_head)]
        head: Vec<Head>,
    },
}

fn reason(text: &str) -> Result<String, String> {
    check_reason(text).map_err(|error| format!("the reason must have {error}"))
}

fn role(text: &str) -> Result<Role, String> {
    serde_json::from_value(text.into())
        .map_err(|_| format!("{text:?} is no role; there are support, admin and lead"))
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .json()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("UNDERSTUDY_LOG")
                .unwrap_or_else(|_| "info,sqlx=warn".into()),
        )
        .init();
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            say(&format!("understudy-server: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "the command line speaks to people")]
fn say(line: &str) {
    eprintln!("{line}");
}

#[expect(clippy::print_stdout, reason = "the command line answers here")]
fn answer(line: &str) {
    println!("{line}");
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = Config::load(cli.config.as_deref())?;
    if let Command::Check = cli.command {
        answer("The configuration is good.");
        return Ok(ExitCode::SUCCESS);
    }
    let core = serve::open(config, Clock::Database).await?;
    match cli.command {
        Command::Check => {}
        Command::Serve => serve_until_told(core).await?,
        Command::Off { reason } => {
            turn(&core, false, Some(&reason)).await?;
            answer("Impersonation is switched off: sessions have ended and requests are closed.");
        }
        Command::On => {
            turn(&core, true, None).await?;
            answer("Impersonation is switched on.");
        }
        Command::Staff(StaffCommand::Add { email, name, role }) => {
            let mut password = String::new();
            std::io::stdin().read_to_string(&mut password).context("no password on standard input")?;
            let password = password.trim_end_matches(['\r', '\n']).to_owned();
            let id = staff::add(&core.store, &email, &name, &role, password.into()).await?;
            answer(&format!("Added {email} ({id})."));
        }
        Command::Staff(StaffCommand::Disable { email }) => {
            staff::disable(&core, &email).await?;
            answer(&format!("Disabled {email}; their sign-ins and sessions have ended."));
        }
        Command::Staff(StaffCommand::Roles { email, role }) => {
            staff::set_roles(&core, &email, &role).await?;
            let ended = if staff::may_impersonate(&role) { "" } else { "; their sessions have ended" };
            answer(&format!("Changed the roles of {email}{ended}."));
        }
        Command::Staff(StaffCommand::Link { email, person }) => {
            staff::link(&core.store, &email, Some(&person)).await?;
            answer(&format!("Nobody can be signed in as {person}: the account belongs to {email}."));
        }
        Command::Staff(StaffCommand::Unlink { email }) => {
            staff::link(&core.store, &email, None).await?;
            answer(&format!("{email} has no account on the platform any more, as far as this server knows."));
        }
        Command::Staff(StaffCommand::ResetSecondFactor { email }) => {
            staff::reset_second_factor(&core.store, &email).await?;
            answer(&format!("{email} sets up a new second factor before the next session."));
        }
        Command::Staff(StaffCommand::List) => {
            for row in staff::list(&core.store).await? {
                let state = if row.disabled_at.is_some() { "disabled" } else { "active" };
                answer(&format!("{}\t{}\t{}\t{state}", row.email, row.name, row.roles));
            }
        }
        Command::Ledger(LedgerCommand::Verify { head }) => {
            let report = ledger_check::check(&core.store.db, &core.keys, &head).await?;
            for finding in &report.findings {
                say(&finding.to_string());
            }
            if !report.findings.is_empty() {
                anyhow::bail!("the record has been tampered with: {} findings", report.findings.len());
            }
            answer(&format!(
                "{} entries, whole. Head: {}",
                report.head.size,
                ledger_check::show_head(&report.head)
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn turn(core: &Core, on: bool, reason: Option<&str>) -> anyhow::Result<()> {
    let turned = switch::turn(core, on, reason, None).await;
    turned.map_err(|error| anyhow::anyhow!("the switch could not be turned: {:?}", error.code()))
}

async fn serve_until_told(core: understudy_server::Shared) -> anyhow::Result<()> {
    let (api, gateway) = (core.config.api.listen, core.config.gateway.listen);
    let bind = async |key: &str, address| {
        tokio::net::TcpListener::bind(address)
            .await
            .with_context(|| format!("{key} = \"{address}\" cannot be used"))
    };
    let (api, gateway) = (bind("api.listen", api).await?, bind("gateway.listen", gateway).await?);
    let running = serve::start(core, api, gateway).await?;
    tracing::info!(api = %running.api, gateway = %running.gateway, "serving");
    let stop = running.core.stopping.clone();
    tokio::spawn(async move {
        stop_signal().await;
        stop.cancel();
    });
    running.join().await
}

async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut term) = signal(SignalKind::terminate()) {
            tokio::select! { _ = term.recv() => {}, _ = tokio::signal::ctrl_c() => {} }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
