//! All that a test needs around the app, each test with its own.

#![allow(dead_code, unused_imports, reason = "with and without automation other parts are used")]

#[cfg(feature = "automation")]
mod app;
#[cfg(feature = "automation")]
pub mod axe;
mod bare;
#[cfg(feature = "automation")]
mod browser;
mod desktop;
mod inspector;
#[cfg(feature = "automation")]
mod keyboard;
mod mail;
mod poll;
mod process;
#[cfg(feature = "automation")]
mod reader;
mod services;
#[path = "../../../crates/server/tests/it/smtp.rs"]
mod smtp;
mod stage;
#[cfg(feature = "automation")]
mod steps;
mod tap;
mod tls;
#[cfg(feature = "automation")]
mod tray;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use understudy_server::{clock::Clock, config::Config};

#[cfg(feature = "automation")]
pub use app::{App, View, id};
pub use bare::Elsewhere;
#[cfg(feature = "automation")]
pub use browser::Browser;
pub use desktop::{Desktop, KEYRING_PASSWORD, RIGHT_MONITOR, SCREEN, Screen, Theme};
pub use inspector::Inspected;
pub use mail::Mail;
pub use poll::{SOON, until};
pub use process::{Group, free_port, pid, signal};
#[cfg(feature = "automation")]
pub use reader::{Reader, Role};
pub use services::{
    ADA, LEA, PASSWORD, PERSON, PERSON_NAME, REASON, Recorded, Services, Staff, authenticator,
};
pub use stage::{BAR, Stage, WORKSPACE, invocation};
pub use tap::Tap;
pub use tls::vouched_for;
#[cfg(feature = "automation")]
pub use tray::Panel;

pub const APP: &str = env!("CARGO_BIN_EXE_understudy");

const SMALLEST_PICTURE: u64 = 12_000;

/// Everything but the app. What is dropped first comes first.
pub struct World {
    pub desktop: Desktop,
    pub services: Services,
    pub mail: Mail,
    /// Homes, settings, logs, databases, mail: whatever anybody writes to the disk.
    pub folder: TempDir,
    pictures: Option<PathBuf>,
    theme: Theme,
    start: Instant,
}

/// Another person at another computer: a home, a screen and a keyring of their own.
pub struct Colleague {
    pub desktop: Desktop,
    folder: PathBuf,
}

impl World {
    /// Somebody who works with the same server.
    pub async fn colleague(&self, name: &str) -> anyhow::Result<Colleague> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder)?;
        let desktop = Desktop::start(&folder, self.theme, SCREEN).await?;
        Ok(Colleague { desktop, folder })
    }

    pub async fn start(theme: Theme) -> anyhow::Result<Self> {
        Self::start_on(theme, SCREEN).await
    }

    pub async fn start_on(theme: Theme, screen: Screen) -> anyhow::Result<Self> {
        Self::start_with(theme, screen, Clock::Database, None, |_| {}).await
    }

    /// With a server whose clock differs from this computer's by so many seconds, and stands still there.
    pub async fn start_off_by(seconds: i64) -> anyhow::Result<Self> {
        let now = (chrono::Utc::now() + TimeDelta::seconds(seconds)).timestamp_millis();
        let clock = Clock::Manual(Arc::new(now.into()));
        let world = Self::start_with(Theme::Light, SCREEN, clock, None, |_| {}).await?;
        world.services.tap.shift_dates(seconds);
        Ok(world)
    }

    /// With a gateway that is reached by `https`, and shows this.
    pub async fn encrypted(tls: TlsAcceptor) -> anyhow::Result<Self> {
        Self::start_with(Theme::Light, SCREEN, Clock::Database, Some(tls), |_| {}).await
    }

    /// With a server that is configured otherwise.
    pub async fn configured(adjust: impl FnOnce(&mut Config)) -> anyhow::Result<Self> {
        Self::configured_in(Theme::Light, adjust).await
    }

    pub async fn configured_in(theme: Theme, adjust: impl FnOnce(&mut Config)) -> anyhow::Result<Self> {
        Self::start_with(theme, SCREEN, Clock::Database, None, adjust).await
    }

    async fn start_with(
        theme: Theme,
        screen: Screen,
        clock: Clock,
        tls: Option<TlsAcceptor>,
        adjust: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Self> {
        let start = Instant::now();
        let folder = tempfile::Builder::new().prefix("understudy-test-").tempdir()?;
        let desktop = Desktop::start(folder.path(), theme, screen).await?;
        let mail = Mail::start().await?;
        let services = Services::start(folder.path(), mail.port(), clock, tls, adjust).await?;
        let pictures = std::env::var_os("UNDERSTUDY_PICTURES").map(PathBuf::from);
        Ok(Self { desktop, services, mail, folder, pictures, theme, start })
    }

    /// This authority becomes the only one of the first computer's system, for what is started from now on.
    pub fn trust(&mut self, authority: &str) -> anyhow::Result<()> {
        let file = self.folder.path().join("authorities.pem");
        std::fs::write(&file, authority)?;
        self.desktop.trust(&file);
        Ok(())
    }

    /// Where the picture of another program's window goes, where pictures are wanted.
    pub fn picture_of(&self, name: &str) -> Option<PathBuf> {
        Some(self.pictures.as_ref()?.join(format!("{name}-{}.png", self.theme.name())))
    }

    /// Says what was reached, and takes a picture of it where pictures are wanted.
    #[cfg(feature = "automation")]
    pub async fn step(&self, app: &App, name: &str, what: &str) -> anyhow::Result<()> {
        self.step_on(&self.desktop, app, name, what).await
    }

    /// The same on a desktop that is not the first one's.
    #[cfg(feature = "automation")]
    #[expect(clippy::print_stderr, reason = "the demo shows what it does")]
    pub async fn step_on(&self, desktop: &Desktop, app: &App, name: &str, what: &str) -> anyhow::Result<()> {
        eprintln!("  {:>5.1} s  {what}", self.start.elapsed().as_secs_f64());
        let Some(folder) = &self.pictures else { return Ok(()) };
        let path = folder.join(format!("{name}-{}.png", self.theme.name()));
        until("a picture with something on it", SOON, async || {
            app.drawn().await?;
            // Without a graphics card the first frame with a dialog over it takes its time.
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            desktop.picture(&path)?;
            // A window that has just come is empty at first, and an empty picture is a small file.
            Ok((path.metadata()?.len() > SMALLEST_PICTURE).then_some(()))
        })
        .await
    }
}
