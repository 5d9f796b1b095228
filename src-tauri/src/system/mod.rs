//! What differs between the systems: the same few functions for each, without foreign-function calls of our own.
//!
//! The stage's layout differs too, and stands beside the stage (`stage/layout_*.rs`). The tests drive Linux. What is
//! for macOS and Windows alone is untested until its workflow has run there.

mod clock;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

pub(crate) use clock::boot_time;
#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::*;
#[cfg(target_os = "linux")]
pub(crate) use linux::*;
#[cfg(target_os = "macos")]
pub(crate) use macos::*;
#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;

/// Why a page did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "the system's webview says it there"))]
pub(crate) enum NotLoaded {
    Unreachable,
    /// Nobody vouches for the certificate, or what answers has none.
    Untrusted,
}
