//! The entry: a leaf that stays for ever, and details beside it that may be erased.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::tree::{Hash, leaf_hash};

/// What the tree is built over. Its JSON bytes, as stored, are what is hashed; nothing re-encodes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Format of the leaf; 1.
    pub v: u8,
    /// Milliseconds since the Unix epoch, UTC.
    pub time: i64,
    /// E.g. `session_started`.
    pub kind: String,
    /// Pseudonyms (keyed hashes of the IDs), so that the leaf can be shown to witnesses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// [`Details::commitment`], Base64.
    pub details: String,
}

/// What an entry says in full. The salt keeps the commitment from being guessed once the details are erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    pub salt: [u8; 32],
    /// JSON, as stored.
    pub text: String,
}

impl Details {
    /// SHA-256 over salt and text.
    pub fn commitment(&self) -> Hash {
        Sha256::new().chain_update(self.salt).chain_update(&self.text).finalize().into()
    }
}

/// An entry ready to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub leaf: Vec<u8>,
    pub hash: Hash,
    pub details: Details,
}

/// Whom an entry is about, as pseudonyms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parties {
    pub staff: Option<String>,
    pub person: Option<String>,
    pub session: Option<String>,
}

impl Sealed {
    pub fn new(time: i64, kind: &str, parties: Parties, details: Details) -> serde_json::Result<Self> {
        let leaf = serde_json::to_vec(&Leaf {
            v: 1,
            time,
            kind: kind.to_owned(),
            staff: parties.staff,
            person: parties.person,
            session: parties.session,
            details: STANDARD.encode(details.commitment()),
        })?;
        Ok(Self { hash: leaf_hash(&leaf), leaf, details })
    }
}
