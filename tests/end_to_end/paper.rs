//! Printing, which WebKit does only where no WebDriver drives it.

use crate::harness::{SOON, Stage, WORKSPACE, until};

const DIALOG: &str = "^Print$";
const PRINT: &str = "document.querySelector('[data-testid=report-print]')";

#[tokio::test(flavor = "multi_thread")]
async fn a_reports_print_button_opens_the_systems_dialog_and_escape_closes_it() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    stage.step_out().await?;
    let desktop = &stage.world.desktop;
    let session = stage.world.services.newest().await?.id;
    let is_there = async || {
        until("the report", SOON, async || {
            let there = stage.app.evaluate(WORKSPACE, &format!("{PRINT} !== null")).await?;
            Ok((there == true).then_some(()))
        })
        .await
    };
    stage.app.evaluate(WORKSPACE, &format!("(location.hash = '#/history/{session}', true)")).await?;
    is_there().await?;
    // A moment later: the page waits as long as the dialog is open.
    stage.app.evaluate(WORKSPACE, &format!("(setTimeout(() => {PRINT}.click(), 1000), true)")).await?;
    let dialog = until("the dialog", SOON, async || Ok(desktop.window(DIALOG))).await?;
    desktop.run("xdotool", &["windowactivate", "--sync", &dialog, "key", "Escape"])?;
    until("the dialog goes", SOON, async || Ok(desktop.window(DIALOG).is_none().then_some(()))).await?;
    is_there().await
}
