//! The system's own dialog for files, past which WebDriver goes.

use std::{fs, time::Duration};

use anyhow::{Context as _, ensure};
use tokio::time::timeout;

use crate::harness::{BAR, PERSON_NAME, SOON, Stage, until};

const STAGE: &str = "Signed in as";
const NAME: &str = "passport.pdf";
/// The frame, and the bar under it.
const LEFT: i32 = 4;
const TOP: i32 = 4 + 48;

/// The page that is asked may be gone before it answers.
async fn leaves(stage: &Stage, by: &str) {
    let asked = format!("(setTimeout(() => {{ {by} }}), true)");
    let _ = timeout(Duration::from_secs(2), stage.on_page(&asked)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_picked_in_the_systems_own_dialog_and_comes_to_the_platform() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let desktop = &stage.world.desktop;
    let file = stage.world.folder.path().join(NAME);
    fs::write(&file, "%PDF-1.4\n%%EOF\n")?;
    leaves(&stage, "location.href = '/documents'").await;
    let place = until("the field for a file", SOON, async || {
        let place = stage
            .on_page(
                "(() => {
                    const field = document.readyState === 'complete' && document.querySelector('input[type=file]');
                    if (!field) return null;
                    field.scrollIntoView({ block: 'center' });
                    const { x, y, height } = field.getBoundingClientRect();
                    return [x + 30, y + height / 2].map(Math.round);
                })()",
            )
            .await?;
        Ok(serde_json::from_value::<[i32; 2]>(place).ok())
    })
    .await?;
    let window = desktop.window(STAGE).context("no stage")?;
    let [left, top, ..] = desktop.place(&window)?;
    let (x, y) = ((left + LEFT + place[0]).to_string(), (top + TOP + place[1]).to_string());
    let windows = desktop.windows()?;
    desktop.run("dunstctl", &["close-all"])?;
    desktop.run("xdotool", &["windowactivate", "--sync", &window])?;
    desktop.run("xdotool", &["mousemove", &x, &y, "click", "1"])?;
    until("the dialog", SOON, async || Ok((desktop.windows()? > windows).then_some(()))).await?;
    // A path that begins like one is taken for one.
    desktop.type_text(file.to_str().context("a path that is no text")?)?;
    desktop.press(&["Return"])?;
    until("the dialog goes", SOON, async || Ok((desktop.windows()? == windows).then_some(()))).await?;
    let picked = "document.querySelector('input[type=file]').files[0]?.name ?? null";
    until("the page has the file", SOON, async || Ok((stage.on_page(picked).await? == NAME).then_some(())))
        .await?;
    leaves(&stage, "document.querySelector('form[enctype] button').click()").await;
    until("the platform has it", SOON, async || {
        let said = stage.on_page("document.querySelector('main').innerText").await?;
        let said = said.as_str().unwrap_or_default();
        ensure!(said.contains(NAME), "it says {said}");
        Ok(Some(()))
    })
    .await?;
    let bar = stage.app.evaluate(BAR, "document.body.innerText").await?;
    ensure!(bar.as_str().is_some_and(|bar| bar.contains(PERSON_NAME)), "the bar says {bar}");
    Ok(())
}
