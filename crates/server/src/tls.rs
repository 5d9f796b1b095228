//! Whom the server believes when it calls the platform: the authorities that the machine trusts, and those of
//! `platform.ca_file`.

use std::path::Path;

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::config::{Config, ConfigError};

/// For the gateway and the directory alike.
pub fn client(config: &Config) -> Result<ClientConfig, ConfigError> {
    let mut roots = RootCertStore::empty();
    let machine = rustls_native_certs::load_native_certs();
    for error in &machine.errors {
        tracing::warn!(%error, "some of the machine's certificates cannot be read");
    }
    roots.add_parsable_certificates(machine.certs);
    roots.add_parsable_certificates(config.platform.ca()?);
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// Every certificate of a PEM file: at least one, and all of them usable.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Box<dyn std::error::Error>> {
    let found = CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>()?;
    if found.is_empty() {
        return Err("it has none".into());
    }
    let mut usable = RootCertStore::empty();
    found.iter().try_for_each(|certificate| usable.add(certificate.clone()))?;
    Ok(found)
}
