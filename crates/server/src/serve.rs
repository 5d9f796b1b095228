//! Puts the parts together and serves.

use std::{net::SocketAddr, sync::Arc, time::Duration};

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
    person::Vouching,
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
        vouching: Vouching::new(&config)?,
        healthy_at: tokio::sync::Mutex::default(),
        keys,
        store,
        config,
        stopping: CancellationToken::new(),
    }))
}

/// Requests that are running when the server is told to stop have so long to finish.
const DRAIN: Duration = Duration::from_secs(3);

/// A server that runs; dropping it cuts everything off, [`Running::stop`] lets requests finish.
pub struct Running {
    pub core: Shared,
    pub api: SocketAddr,
    pub gateway: SocketAddr,
    listeners: JoinSet<()>,
    /// What works without being asked.
    parts: JoinSet<()>,
}

/// Serves on listeners that are bound already (tests bind to port 0 and set the origins accordingly).
pub async fn start(
    core: Shared,
    api_listener: TcpListener,
    gateway_listener: TcpListener,
) -> anyhow::Result<Running> {
    let (mut listeners, mut parts) = (JoinSet::new(), JoinSet::new());
    let (api_address, gateway_address) = (api_listener.local_addr()?, gateway_listener.local_addr()?);
    let gateway_router = gateway::router(Arc::clone(&core))?;
    for (listener, router) in
        [(api_listener, api::router(Arc::clone(&core))), (gateway_listener, gateway_router)]
    {
        let stopping = core.stopping.clone();
        listeners.spawn(async move {
            let told = stopping.clone().cancelled_owned();
            let drained = async {
                stopping.cancelled().await;
                tokio::time::sleep(DRAIN).await;
            };
            tokio::select! {
                served = axum::serve(listener, router).with_graceful_shutdown(told) => {
                    if let Err(error) = served {
                        tracing::error!(%error, "a listener has failed");
                    }
                }
                () = drained => tracing::warn!("requests that were still running have been cut off"),
            }
        });
    }
    let shared = Arc::clone(&core);
    parts.spawn(async move { shared.hub.follow(&shared.store).await });
    let shared = Arc::clone(&core);
    parts.spawn(async move { delivery::run(&shared).await });
    let shared = Arc::clone(&core);
    parts.spawn(async move { sweeper::run(&shared).await });
    Ok(Running { core, api: api_address, gateway: gateway_address, listeners, parts })
}

impl Running {
    /// Waits until it is told to stop, or until something fails. One that fails takes the others along:
    /// without the sweeper no lease would end, so a server that has lost a part must not go on as if nothing
    /// had happened.
    pub async fn join(mut self) -> anyhow::Result<()> {
        let first = tokio::select! {
            Some(ended) = self.listeners.join_next() => ended,
            Some(ended) = self.parts.join_next() => ended,
        };
        if let Err(error) = &first {
            tracing::error!(%error, "a part of the server has failed");
        }
        self.core.stopping.cancel();
        // The rest works on until nobody is served any more: a request may wait for it.
        while self.listeners.join_next().await.is_some() {}
        // Their connections outlive the listeners.
        self.core.hub.cancels.cancel_all();
        self.parts.shutdown().await;
        Ok(first?)
    }

    pub async fn stop(self) {
        self.core.stopping.cancel();
        drop(self.join().await);
    }
}
