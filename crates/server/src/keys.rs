//! The server's one root key, and the keys derived from it (HKDF-SHA-256), each for one purpose.

use std::{fs, io, path::Path};

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305,
    aead::{Aead as _, Payload},
};
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey as _};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

type Key = Zeroizing<[u8; 32]>;

pub struct Keys {
    mac: Key,
    seal: Key,
    pseudonym: Key,
    identity: SigningKey,
}

/// What a secret is for. The same secret presented as another one does not match.
#[derive(Debug, Clone, Copy)]
pub enum Secret {
    Access,
    Refresh,
    Code,
    Impersonation,
    Handoff,
    GatewayCookie,
    Recovery,
    /// A link to a person's page.
    PersonLink,
    /// A constant: tells whether two servers have the same key.
    Installation,
}

/// The secret does not open: it was changed, moved, or sealed under another key.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value cannot be opened with this server's key")]
pub struct CannotOpen;

impl Keys {
    /// Reads the root key, or makes one that only its owner can read.
    pub fn load(path: &Path) -> io::Result<Self> {
        let root = match fs::read(path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let root = Zeroizing::new(rand::random::<[u8; 32]>().to_vec());
                write_private(path, &root)?;
                root
            }
            Err(error) => return Err(error),
        };
        let root: &[u8; 32] = root.as_slice().try_into().map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} must hold 32 bytes", path.display()))
        })?;
        Ok(Self::derive(root))
    }

    pub fn derive(root: &[u8; 32]) -> Self {
        let root = Hkdf::<Sha256>::new(None, root);
        let derive = |label: &str| -> Key {
            let mut key = Zeroizing::new([0; 32]);
            // Fails only for more than 255 blocks; 32 bytes are one.
            let _ = root.expand(label.as_bytes(), key.as_mut_slice());
            key
        };
        Self {
            mac: derive("understudy mac 1"),
            seal: derive("understudy seal 1"),
            pseudonym: derive("understudy pseudonym 1"),
            identity: SigningKey::from_bytes(&derive("understudy identity 1")),
        }
    }

    /// A new secret of 256 bits, as text that is safe in headers and URLs.
    pub fn new_secret() -> String {
        data_encoding::BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>())
    }

    /// What is stored in place of a secret.
    pub fn mac(&self, purpose: Secret, secret: &[u8]) -> Vec<u8> {
        keyed_hash(&self.mac, &[format!("{purpose:?}").as_bytes(), b"\0", secret])
    }

    pub fn matches(&self, purpose: Secret, secret: &[u8], stored: &[u8]) -> bool {
        self.mac(purpose, secret).ct_eq(stored).into()
    }

    /// Encrypts a value that must be read again, bound to the place where it is kept.
    pub fn seal(&self, place: &str, value: &str) -> Vec<u8> {
        let nonce: [u8; 24] = rand::random();
        let payload = Payload { msg: value.as_bytes(), aad: place.as_bytes() };
        // Fails only for messages of 256 GiB.
        let sealed =
            XChaCha20Poly1305::new((&*self.seal).into()).encrypt(&nonce.into(), payload).unwrap_or_default();
        [nonce.as_slice(), &sealed].concat()
    }

    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Zeroizing<String>, CannotOpen> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>().ok_or(CannotOpen)?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        let value = XChaCha20Poly1305::new((&*self.seal).into()).decrypt(&(*nonce).into(), payload);
        String::from_utf8(value.map_err(|_| CannotOpen)?).map(Zeroizing::new).map_err(|_| CannotOpen)
    }

    pub fn pseudonyms(&self) -> Pseudonyms {
        Pseudonyms(self.pseudonym.clone())
    }

    /// The private key of the identity tokens, PKCS #8.
    pub fn identity_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, ed25519_dalek::pkcs8::Error> {
        self.identity.to_pkcs8_der().map(|der| Zeroizing::new(der.as_bytes().to_vec()))
    }

    /// Its public key, 32 bytes.
    pub fn identity_public(&self) -> [u8; 32] {
        self.identity.verifying_key().to_bytes()
    }
}

/// Makes the names under which IDs stand in the ledger.
pub struct Pseudonyms(Key);

impl Pseudonyms {
    pub fn of(&self, what: &str, id: &str) -> String {
        let hash = keyed_hash(&self.0, &[what.as_bytes(), b"\0", id.as_bytes()]);
        data_encoding::BASE64URL_NOPAD.encode(&hash[..16])
    }
}

fn keyed_hash(key: &Key, parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key.as_slice()) else {
        unreachable!("HMAC takes keys of any length")
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, bytes)
}

/// Makes a folder that only its owner can enter, or makes it so.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_in_its_place() {
        let keys = Keys::derive(&[7; 32]);
        let sealed = keys.seal("code/1", "WDJB-MJHT");
        assert_eq!(keys.open("code/1", &sealed).expect("opens").as_str(), "WDJB-MJHT");
        assert!(keys.open("code/2", &sealed).is_err());
        assert!(Keys::derive(&[8; 32]).open("code/1", &sealed).is_err());
        assert!(keys.open("code/1", &sealed[..30]).is_err());
    }

    #[test]
    fn a_secret_matches_for_its_purpose_only() {
        let keys = Keys::derive(&[7; 32]);
        let stored = keys.mac(Secret::Access, b"secret");
        assert!(keys.matches(Secret::Access, b"secret", &stored));
        assert!(!keys.matches(Secret::Refresh, b"secret", &stored));
        assert!(!keys.matches(Secret::Access, b"Secret", &stored));
    }

    #[test]
    fn the_key_file_is_its_owners_alone() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("server.key");
        let first = Keys::load(&path).expect("made");
        let again = Keys::load(&path).expect("read");
        assert_eq!(first.identity_public(), again.identity_public());
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(&path).expect("metadata").permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(&path, b"short").expect("written");
        assert!(Keys::load(&path).is_err());
    }
}
