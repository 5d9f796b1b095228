//! The Merkle tree of RFC 6962, section 2.1, kept as a frontier: the roots of its perfect subtrees.

use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// RFC 6962: `SHA-256(0x00 || leaf)`.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// RFC 6962: `SHA-256(0x01 || left || right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// How many entries there are, and the root over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub size: u64,
    pub root: Hash,
}

/// Enough of the tree to append to it: one hash for each bit of the size, the largest subtree first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Takes up a frontier where it was stored; `None` if the bytes are no frontier of that size.
    pub fn restore(size: u64, bytes: &[u8]) -> Option<Self> {
        let (peaks, rest) = bytes.as_chunks::<32>();
        (rest.is_empty() && peaks.len() == size.count_ones() as usize)
            .then(|| Self { size, peaks: peaks.to_vec() })
    }

    /// The peaks, one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    pub fn head(&self) -> Head {
        let root = self.peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right));
        Head { size: self.size, root: root.unwrap_or_else(|| Sha256::digest([]).into()) }
    }
}
