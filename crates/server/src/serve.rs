//! Puts the parts together and serves.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    Core, Shared, api,
    clock::Clock,
    config::Config,
    delivery,
    directory::Directory,
    gateway,
    hub::Hub,
    keys::{Keys, create_private_dir},
    mail::Mailer,
    passwords::Passwords,
    store::Store,
    sweeper,
};

/// Opens keys and storage; serves nothing yet.
pub async fn open(config: Config, clock: Clock) -> anyhow::Result<Shared> {
    // Whoever embeds the server may have chosen a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    create_private_dir(&config.data_dir)
        .with_context(|| format!("the data folder {} cannot be made", config.data_dir.display()))?;
    let keys = Keys::load(&config.data_dir.join("server.key")).context("the server's key cannot be read")?;
    let url = match &config.database.url {
        Some(url) => url.expose_secret().to_owned(),
        None => format!("sqlite:{}", config.data_dir.join("understudy.db").display()),
    };
    let store = Store::open(&url, clock, &keys).await?;
    Ok(Arc::new(Core {
        hub: Hub::new(&store).await?,
        directory: Directory::new(&config)?,
        mailer: Mailer::new(&config.mail, &config.data_dir)?,
        passwords: Passwords::new()?,
        keys,
        store,
        config,
    }))
}

/// A server that runs. Dropping it leaves it running; [`Running::stop`] stops it.
pub struct Running {
    pub core: Shared,
    pub api: SocketAddr,
    pub gateway: SocketAddr,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// Serves on listeners that are bound already (tests bind to port 0 and set the origins accordingly).
pub async fn start(
    core: Shared,
    api_listener: TcpListener,
    gateway_listener: TcpListener,
) -> anyhow::Result<Running> {
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let (api_address, gateway_address) = (api_listener.local_addr()?, gateway_listener.local_addr()?);
    let gateway_router = gateway::router(Arc::clone(&core))?;
    for (listener, router) in
        [(api_listener, api::router(Arc::clone(&core))), (gateway_listener, gateway_router)]
    {
        let stop = stop.clone();
        tasks.spawn(async move {
            tokio::select! {
                served = axum::serve(listener, router) => {
                    if let Err(error) = served {
                        tracing::error!(%error, "a listener has failed");
                    }
                }
                () = stop.cancelled() => {}
            }
        });
    }
    macro_rules! until_stopped {
        ($what:expr) => {
            let (core, stop) = (Arc::clone(&core), stop.clone());
            tasks.spawn(async move {
                tokio::select! { () = $what(&core) => {}, () = stop.cancelled() => {} }
            });
        };
    }
    until_stopped!(async |core: &Shared| core.hub.follow(&core.store).await);
    until_stopped!(delivery::run);
    until_stopped!(sweeper::run);
    Ok(Running { core, api: api_address, gateway: gateway_address, stop, tasks })
}

impl Running {
    /// Waits until every task has ended. One that fails takes the others along: without the sweeper no lease
    /// would end, so a server that has lost a part must not go on as if nothing had happened.
    pub async fn join(mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a part of the server has failed");
                outcome = Err(error.into());
            }
            self.stop.cancel();
        }
        outcome
    }

    pub async fn stop(self) {
        self.stop.cancel();
        drop(self.join().await);
    }

    /// Stops when this is called on another task.
    pub fn stopper(&self) -> CancellationToken {
        self.stop.clone()
    }
}
