//! The verifier. It trusts nothing that the writer derived: it recomputes each hash from the stored bytes,
//! and the root by the recursive definition of RFC 6962 rather than by the writer's frontier.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use crate::{
    entry::{Details, Leaf},
    tree::{Hash, Head, leaf_hash, node_hash},
};

/// An entry as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub index: u64,
    pub leaf: Vec<u8>,
    /// What the storage has beside the leaf to find it by; people read the record through it.
    pub found_by: FoundBy,
    /// `None` where they have been erased.
    pub details: Option<Details>,
}

/// What must be the same as in the leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBy {
    pub time: i64,
    pub kind: String,
    /// The session's pseudonym.
    pub session: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    #[error("entry {expected} is missing: entry {found} stands in its place")]
    Gap { expected: u64, found: u64 },
    #[error("entry {index} cannot be read: {why}")]
    Unreadable { index: u64, why: String },
    #[error("entry {index}: the details are not the ones that were recorded")]
    DetailsChanged { index: u64 },
    #[error("entry {index} is filed under another time, kind or session than its own")]
    Misfiled { index: u64 },
    #[error("entry {index} is dated before the one it follows")]
    TimeRunsBack { index: u64 },
    #[error("the record has {found} entries, the head says {expected}")]
    Size { expected: u64, found: u64 },
    #[error("the first {size} entries are not the ones the head was made for")]
    Root { size: u64 },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The head recomputed over everything that was found.
    pub head: Head,
    pub findings: Vec<Finding>,
}

/// Checks `entries` (in the order they are kept) against every head that is known: the stored one, and any
/// that was noted elsewhere earlier.
pub fn verify(entries: impl IntoIterator<Item = Found>, heads: &[Head]) -> Report {
    let mut hashes: Vec<Hash> = Vec::new();
    let mut findings = Vec::new();
    let mut last_time = i64::MIN;
    for entry in entries {
        let expected = hashes.len() as u64;
        if entry.index != expected {
            findings.push(Finding::Gap { expected, found: entry.index });
        }
        hashes.push(leaf_hash(&entry.leaf));
        match serde_json::from_slice::<Leaf>(&entry.leaf) {
            Err(error) => findings.push(Finding::Unreadable { index: entry.index, why: error.to_string() }),
            Ok(leaf) => {
                if leaf.v != 1 {
                    let why = format!("version {} is not known", leaf.v);
                    findings.push(Finding::Unreadable { index: entry.index, why });
                }
                let filed = (entry.found_by.time, &entry.found_by.kind, &entry.found_by.session);
                if filed != (leaf.time, &leaf.kind, &leaf.session) {
                    findings.push(Finding::Misfiled { index: entry.index });
                }
                if leaf.time < last_time {
                    findings.push(Finding::TimeRunsBack { index: entry.index });
                }
                last_time = leaf.time;
                if entry.details.is_some_and(|d| STANDARD.encode(d.commitment()) != leaf.details) {
                    findings.push(Finding::DetailsChanged { index: entry.index });
                }
            }
        }
    }
    let found = hashes.len() as u64;
    for head in heads {
        match usize::try_from(head.size).ok().and_then(|size| hashes.get(..size)) {
            None => findings.push(Finding::Size { expected: head.size, found }),
            Some(prefix) if root(prefix) != head.root => findings.push(Finding::Root { size: head.size }),
            Some(_) => {}
        }
    }
    Report { head: Head { size: found, root: root(&hashes) }, findings }
}

/// RFC 6962, section 2.1: split at the largest power of two below the size.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&root(left), &root(right))
        }
    }
}
