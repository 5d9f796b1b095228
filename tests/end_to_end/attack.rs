//! A hostile page does its worst: the bar stays, and the exit works within a second.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::{
    harness::{SOON, until},
    isolation::Stage,
};

const STAGE: &str = "Signed in as";
const BAR: &str = "tauri://localhost/bar.html";

/// What a page can do to keep somebody. Each begins a moment after it was asked for.
const ATTACKS: [(&str, &str); 10] = [
    // What the others are measured against, on a computer that has other things to do.
    ("nothing at all", ""),
    ("a loop without end", "for (;;) {}"),
    ("alerts without end", "for (;;) alert('Stay')"),
    ("questions without end", "for (;;) { confirm('Stay?'); prompt('Why?'); }"),
    (
        "a plea not to go",
        "addEventListener('beforeunload', (e) => { e.preventDefault(); e.returnValue = 'Stay'; }); location.reload()",
    ),
    (
        "a flood of windows",
        "setInterval(() => { for (let i = 0; i < 50; i++) window.open('/profile?' + i); }, 0)",
    ),
    (
        "a flood of foreign links",
        "setInterval(() => { for (let i = 0; i < 50; i++) window.open('https://example.com/' + i); }, 0)",
    ),
    (
        "a flood of downloads",
        "setInterval(() => { const a = document.createElement('a'); a.download = '../../.bashrc'; a.href = 'data:text/plain,x'; a.click(); }, 1)",
    ),
    (
        "printing and full screen without end",
        "setInterval(() => { print(); document.documentElement.requestFullscreen?.(); }, 0)",
    ),
    (
        "a history without end, and memory",
        "setInterval(() => { for (let i = 0; i < 50; i++) history.pushState({}, '', '?' + i); (window.kept ??= []).push(new Uint8Array(20_000_000).fill(1)); if (kept.length > 40) kept.length = 0; }, 5)",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_whatever_the_page_does_the_bar_stays_and_the_exit_works_within_a_second()
-> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let windows = stage.world.desktop.windows()?;
    let mut longest = None;
    for (time, (name, attack)) in (1..).zip(ATTACKS) {
        if time > 1 {
            stage.step_in(time).await?;
        }
        let session = stage.world.services.newest().await?.id;
        stage.on_page(&format!("(setTimeout(() => {{ {attack} }}, 200), true)")).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;

        ensure!(stage.world.desktop.windows()? == windows, "{name}: a window was opened");
        let place = stage
            .app
            .evaluate(BAR, "[innerWidth, innerHeight, !!document.querySelector('[data-testid=exit]')]");
        let place = place.await.with_context(|| format!("{name}: the bar does not answer"))?;
        ensure!(
            place[0].as_u64() > Some(400) && place[1].as_u64() >= Some(48) && place[2] == true,
            "{name}: the bar is {place}"
        );
        let window = stage.world.desktop.window(STAGE).with_context(|| format!("{name}: no stage"))?;
        stage.world.desktop.run("xdotool", &["windowactivate", "--sync", &window])?;
        let begun = Instant::now();
        stage.world.desktop.run("xdotool", &["key", "--clearmodifiers", "ctrl+shift+e"])?;
        until(&format!("{name}: the stage goes"), SOON, async || {
            Ok(stage.world.desktop.window(STAGE).is_none().then_some(()))
        })
        .await?;
        let took = begun.elapsed();
        let longest = *longest.get_or_insert_with(|| (took * 3).max(Duration::from_secs(1)));
        ensure!(took < longest, "{name}: the exit took {took:?}");
        stage.world.services.ended(session, "exit", SOON).await?;
        let note = json!({ "what": "Looked around", "why": "She asked for it", "solved": true });
        stage.invoke("write_note", json!({ "id": session, "note": note })).await?;
    }
    let home = stage.world.folder.path().join("home");
    ensure!(!home.join(".bashrc").exists(), "a download has left its folder");
    Ok(())
}
