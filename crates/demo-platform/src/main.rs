//! Serves Meridian, the demo platform.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Parser};
use demo_platform::{Config, Identity};
use url::Url;

/// Meridian, a small investment platform to try Understudy on.
///
/// Everybody in it signs in with the password "meridian-demo", for instance elise.marchand@example.com.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Address to listen on
    #[arg(long, env = "MERIDIAN_LISTEN", default_value = "127.0.0.1:7100")]
    listen: String,
    /// Origin people reach the platform at
    #[arg(long, env = "MERIDIAN_PUBLIC_ORIGIN", default_value = "http://127.0.0.1:7100")]
    public_origin: Url,
    /// Folder for database and files; without it everything is gone at the end
    #[arg(long, env = "MERIDIAN_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Bearer token of the SCIM directory
    #[arg(long, env = "MERIDIAN_SCIM_TOKEN", default_value = "meridian-scim", hide_env_values = true)]
    scim_token: String,
    /// File for the access log (default: access.jsonl in the data folder)
    #[arg(long, env = "MERIDIAN_ACCESS_LOG")]
    access_log: Option<PathBuf>,
    /// Serve /echo, which shows what reached the platform; for tests only
    #[arg(long, env = "MERIDIAN_TEST_ROUTES")]
    test_routes: bool,
    #[command(flatten)]
    identity: Option<IdentityArgs>,
}

#[derive(Args)]
struct IdentityArgs {
    /// Issuer (`iss`) whose identity tokens are accepted
    #[arg(
        long = "identity-issuer",
        env = "MERIDIAN_IDENTITY_ISSUER",
        requires = "jwks_url",
        required = false
    )]
    issuer: String,
    /// Keys of that issuer (JWKS)
    #[arg(
        long = "identity-jwks-url",
        env = "MERIDIAN_IDENTITY_JWKS_URL",
        requires = "issuer",
        required = false
    )]
    jwks_url: Url,
    /// Audience (`aud`) of its tokens (default: the public origin)
    #[arg(long = "identity-audience", env = "MERIDIAN_IDENTITY_AUDIENCE", requires = "issuer")]
    audience: Option<String>,
    /// The issuer's page for a person (default: /person at the issuer)
    #[arg(long = "identity-person-page", env = "MERIDIAN_IDENTITY_PERSON_PAGE", requires = "issuer")]
    person_page: Option<Url>,
}

impl IdentityArgs {
    fn read(self) -> anyhow::Result<(Self, Url)> {
        let page = match &self.person_page {
            Some(page) => page.clone(),
            None => Url::parse(&self.issuer)?.join("/person")?,
        };
        Ok((self, page))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info,sqlx=warn".into()),
        )
        .init();
    let cli = Cli::parse();
    let listener = tokio::net::TcpListener::bind(&cli.listen)
        .await
        .with_context(|| format!("cannot listen on {}", cli.listen))?;
    let origin = cli.public_origin.origin().ascii_serialization();
    let config = Config {
        public_origin: cli.public_origin,
        data_dir: cli.data_dir,
        scim_token: cli.scim_token,
        identity: cli.identity.map(IdentityArgs::read).transpose()?.map(|(args, person_page)| Identity {
            person_page,
            issuer: args.issuer,
            audience: args.audience.unwrap_or_else(|| origin.clone()),
            jwks_url: args.jwks_url,
        }),
        access_log: cli.access_log,
        test_routes: cli.test_routes,
        ..Config::default()
    };
    let running = demo_platform::start(listener, config).await?;
    tracing::info!(address = %running.address(), %origin, "Meridian is open");
    stop_signal().await?;
    running.stop().await;
    Ok(())
}

#[cfg(unix)]
async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        done = tokio::signal::ctrl_c() => done,
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
