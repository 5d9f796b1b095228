//! A platform whose certificate an authority of the house has signed.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{Router, routing::get};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use reqwest::StatusCode;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};
use understudy_protocol::{ErrorCode, Mode, PeoplePage};
use understudy_server::config::{Config, Origin};
use url::Url;

use crate::{
    gateway::served,
    world::{ELISE, World},
};

/// An authority that nobody knows, in a file, and a server's end that it vouches for.
pub struct House {
    pub ca_file: PathBuf,
    pub acceptor: TlsAcceptor,
}

impl House {
    pub fn new(folder: &Path, names: &[&str]) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let ca_file = folder.join("ca.pem");
        std::fs::write(&ca_file, params.self_signed(&key).expect("an authority").pem()).expect("written");
        let authority = Issuer::new(params, key);
        let key = KeyPair::generate().expect("a key");
        let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let leaf = CertificateParams::new(names).expect("names").signed_by(&key, &authority).expect("signed");
        let secret = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], secret)
            .expect("a server's end");
        Self { ca_file, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    /// An https origin before a server that speaks plain http.
    fn before(&self, server: SocketAddr) -> Url {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("set");
        let port = listener.local_addr().expect("an address").port();
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut inside = acceptor.accept(stream).await?;
                    let mut outside = tokio::net::TcpStream::connect(server).await?;
                    tokio::io::copy_bidirectional(&mut inside, &mut outside).await
                });
            }
        });
        Url::parse(&format!("https://127.0.0.1:{port}")).expect("a URL")
    }
}

fn address(url: &Url) -> SocketAddr {
    url.socket_addrs(|| None).expect("an address")[0]
}

/// What the directory and the gateway reach by https, with or without the authority's file.
async fn reached(directory: bool, ca: bool) -> (Option<ErrorCode>, Option<StatusCode>) {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::new(folder.path(), &["127.0.0.1"]);
    let pages = served(Router::new().route("/", get(async || "in good hands"))).await;
    let change = |config: &mut Config| {
        config.platform.ca_file = ca.then(|| house.ca_file.clone());
        if directory {
            let mut front = house.before(address(&config.platform.directory.url));
            front.set_path("/scim/v2");
            config.platform.directory.url = front;
        }
        let gateway = config.platform.origin[0].gateway.clone();
        config.platform.origin = vec![Origin { platform: house.before(address(&pages)), gateway }];
    };
    let world = World::with(change, false).await;
    let app = world.agent().await;
    let people = app.get::<PeoplePage>("/api/people?kind=Investor").await.err().map(|problem| problem.code);
    let page = match people {
        Some(_) => None,
        None => Some(app.stage(ELISE, Mode::View).await.1.status("/").await),
    };
    world.stop().await;
    (people, page)
}

#[tokio::test]
async fn an_authority_that_nobody_knows_is_not_believed() {
    assert_eq!(reached(true, false).await, (Some(ErrorCode::DirectoryUnavailable), None));
    assert_eq!(reached(false, false).await, (None, Some(StatusCode::BAD_GATEWAY)));
}

#[tokio::test]
async fn an_authority_of_the_configuration_vouches_for_the_platform_and_its_directory() {
    assert_eq!(reached(true, true).await, (None, Some(StatusCode::OK)));
}

#[test]
fn a_file_that_is_no_authority_is_refused_at_the_start_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    let refused = || {
        let mut config = Config::default();
        config.platform.ca_file = Some(path.clone());
        config.check().expect_err("refused").to_string()
    };
    let named = format!("platform.ca_file = {:?} is not allowed: a PEM file", path.display().to_string());
    assert!(refused().starts_with(&named), "missing: {}", refused());
    for content in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n",
    ] {
        std::fs::write(&path, content).expect("written");
        assert!(refused().starts_with(&named), "{content}: {}", refused());
    }
}
