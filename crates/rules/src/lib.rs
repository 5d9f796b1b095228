//! What is allowed: requests, codes and sessions as one state machine, and what may pass the gateway.
//!
//! Nothing here does I/O or reads a clock: `now` is always passed in, in milliseconds since the Unix epoch.

pub mod code;
pub mod consent;
pub mod impersonation;
pub mod note;
pub mod passage;
pub mod rate;
pub mod reason;

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;

pub const SECOND: Millis = 1_000;
pub const MINUTE: Millis = 60 * SECOND;
