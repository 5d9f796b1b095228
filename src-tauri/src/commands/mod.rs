//! What the UI may call. Each command takes its arguments, calls one function and gives its answer on;
//! `capabilities/` says which webview may call which.

pub(crate) mod approvals;
pub(crate) mod bar;
pub(crate) mod people;
pub(crate) mod requests;
pub(crate) mod second_factor;
pub(crate) mod server;
pub(crate) mod sessions;
pub(crate) mod settings;
