//! The append-only record: what an entry is, the Merkle tree over entries (RFC 6962), and the verifier.
//!
//! Knows no HTTP and no database. The writer keeps a [`Frontier`]; the [`verify`](verify::verify) function
//! recomputes everything from the stored bytes and shares nothing with the writer but the format.

pub mod entry;
pub mod tree;
pub mod verify;

pub use entry::{Details, Leaf, Sealed};
pub use tree::{Frontier, Hash, Head};
