//! What things cost, measured. Never a test: machines differ.

pub mod app;
pub mod gateway;
pub mod screen;
mod sizes;

use crate::{command::step, npm, packages, ui};

/// In Chromium, with a fake of the app behind the UI: there is no directory so large to try it on.
pub fn search() -> anyhow::Result<()> {
    packages::install(&[packages::BROWSER])?;
    npm::install(&ui::folder())?;
    step("keys in a search", &mut ui::npm(&["run", "bench:typing", "--silent"]))
}
