//! Printing, which WebKit does only where no WebDriver drives it.

use anyhow::ensure;

use crate::harness::{Inspected, SOON, Theme, World, until};

const MAIN: &str = "tauri://localhost";
const DIALOG: &str = "^Print$";

#[tokio::test(flavor = "multi_thread")]
async fn printing_opens_the_systems_dialog_and_escape_closes_it() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = Inspected::start(&world).await?;
    // A moment later: the page waits as long as the dialog is open.
    app.evaluate(MAIN, "(setTimeout(() => window.print(), 1000), true)").await?;
    let dialog = until("the dialog", SOON, async || Ok(world.desktop.window(DIALOG))).await?;
    world.desktop.run("xdotool", &["windowactivate", "--sync", &dialog, "key", "Escape"])?;
    until("the dialog goes", SOON, async || Ok(world.desktop.window(DIALOG).is_none().then_some(()))).await?;
    let left = app.evaluate(MAIN, "document.documentElement.dataset.print ?? ''").await?;
    ensure!(left == "", "the page still looks as on paper: {left}");
    Ok(())
}
