//! The server from outside: real HTTP, a real database, a real platform behind the gateway.

#![allow(clippy::unwrap_used, reason = "a test that panics says why")]

mod approvals;
mod attacks;
mod climbing;
mod codes;
mod consent;
mod delivery;
mod exceptions;
mod gateway;
mod jar;
mod ledger;
mod never_started;
mod notes;
mod origins;
mod person;
mod problems;
mod raise;
mod reviews;
mod second_factor;
mod serving;
mod sessions;
mod sign_in;
mod smtp;
mod sockets;
mod stage;
mod stalled;
mod story;
mod switch;
mod tls;
mod world;
