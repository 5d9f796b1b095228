//! End to end: the real app in a real window, against a real server, a real platform behind a real gateway,
//! real mail, a real keyring and real notifications. Each test starts all of it for itself.
//!
//! With the feature `automation` WebDriver reaches every webview, so those tests drive the app. Without it the
//! app is what is released, and its isolation is tested from outside.

#[cfg(feature = "automation")]
mod approval;
#[cfg(not(feature = "automation"))]
mod attack;
#[cfg(not(feature = "automation"))]
mod bare;
#[cfg(feature = "automation")]
mod capture;
#[cfg(feature = "automation")]
mod cases;
#[cfg(feature = "automation")]
mod closeout;
#[cfg(feature = "automation")]
mod closing;
#[cfg(feature = "automation")]
mod comfort;
#[cfg(feature = "automation")]
mod computer;
#[cfg(not(feature = "automation"))]
mod crash;
#[cfg(feature = "automation")]
mod desktop;
#[cfg(not(feature = "automation"))]
mod downloads;
#[cfg(feature = "automation")]
mod encrypted;
#[cfg(feature = "automation")]
mod ended;
#[cfg(feature = "automation")]
mod exceptions;
mod harness;
#[cfg(feature = "automation")]
mod history;
#[cfg(not(feature = "automation"))]
mod isolation;
#[cfg(feature = "automation")]
mod languages;
#[cfg(feature = "automation")]
mod network;
#[cfg(not(feature = "automation"))]
mod paper;
#[cfg(feature = "automation")]
mod person;
#[cfg(not(feature = "automation"))]
mod picker;
#[cfg(feature = "automation")]
mod pictures;
#[cfg(feature = "automation")]
mod reader;
#[cfg(feature = "automation")]
mod safeguards;
#[cfg(feature = "automation")]
mod sizes;
#[cfg(feature = "automation")]
mod starts;
#[cfg(feature = "automation")]
mod story;
#[cfg(feature = "automation")]
mod token;
#[cfg(feature = "automation")]
mod trouble;
#[cfg(feature = "automation")]
mod updates;
