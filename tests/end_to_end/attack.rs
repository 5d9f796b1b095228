//! A hostile page does its worst: the bar stays, and the exit works within a second.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::time::timeout;

use crate::harness::{BAR, PERSON_NAME, SOON, Stage, WORKSPACE, until};

const STAGE: &str = "Signed in as";
const MAIN: &str = "^Understudy$";

/// What the others are to be held against.
const CALM: &str = "nothing at all";

/// Left by the bar's button, the others by the keyboard.
const BY_MOUSE: &str = "alerts without end, and the mouse";

/// From the press of the key to a stage that is off the screen, on whatever computer this runs.
const PROMISE: Duration = Duration::from_secs(1);

/// For what comes by itself or not at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bar's frame, in pixels.
const FRAME: i32 = 4;

/// What a page can do to keep somebody. Each begins a moment after it was asked for.
const ATTACKS: [(&str, &str); 12] = [
    (CALM, ""),
    ("a loop without end", "for (;;) {}"),
    ("alerts without end", "for (;;) alert('Stay')"),
    (BY_MOUSE, "for (;;) alert('Stay')"),
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
        "moving, shrinking and closing its window",
        "setInterval(() => { moveTo(-5000, -5000); moveBy(300, 300); resizeTo(1, 1); resizeBy(-500, -500); top.close(); close(); blur(); }, 10)",
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

/// What only a page can do that no policy of its platform's restrains.
const LOADS: [(&str, &str); 3] = [
    (CALM, ""),
    (
        "busy workers on all cores, and a loop",
        "const busy = URL.createObjectURL(new Blob(['for (;;) {}']));
        for (let i = 0; i < navigator.hardwareConcurrency; i++) new Worker(busy); for (;;) {}",
    ),
    // WebKit stops nobody before the computer is full, so the page stops itself, at 3 GB, and keeps them.
    (
        MEMORY,
        "window.kept = []; while (kept.length < 48) kept.push(new Uint8Array(64 << 20).fill(1)); for (;;) {}",
    ),
];
const MEMORY: &str = "memory without end, never given back, and a loop";
const MUCH: u64 = 2_900_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_whatever_the_page_does_the_bar_stays_and_the_exit_works_within_a_second()
-> anyhow::Result<()> {
    let (stage, mut face) = (Stage::open().await?, None);
    for (time, (name, attack)) in (1..).zip(ATTACKS) {
        if time > 1 {
            stage.step_in(time).await?;
        }
        stage.withstands(&mut face, name, attack).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_however_much_the_page_takes_the_bar_stays_and_the_exit_works_within_a_second()
-> anyhow::Result<()> {
    let (stage, mut face) = (Stage::open().await?, None);
    for (time, (name, attack)) in (1..).zip(LOADS) {
        if time > 1 {
            stage.step_in(time).await?;
        }
        stage.go_to_bare().await?;
        stage.withstands(&mut face, name, attack).await?;
    }
    Ok(())
}

impl Stage {
    /// Attacked from its page, the bar stays what and where it is, and the session ends by it in time. `face`: how its
    /// name looked the first time.
    async fn withstands(&self, face: &mut Option<String>, name: &str, attack: &str) -> anyhow::Result<()> {
        let desktop = &self.world.desktop;
        let window = until("the stage's window", SOON, async || Ok(desktop.window(STAGE))).await?;
        let (place, windows) = (desktop.place(&window)?, desktop.windows()?);
        self.on_page(&format!("(setTimeout(() => {{ {attack} }}, 200), true)")).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        if name == MEMORY {
            self.memory_is_taken().await?;
        }

        ensure!(desktop.windows()? == windows, "{name}: a window was opened");
        ensure!(desktop.window(STAGE).as_ref() == Some(&window), "{name}: the stage is gone");
        ensure!(desktop.place(&window)? == place, "{name}: the stage was at {place:?} and has moved");
        desktop.run("xdotool", &["windowactivate", "--sync", &window])?;
        let bar = self.app.evaluate(BAR, "[innerWidth, innerHeight]").await;
        let bar = bar.with_context(|| format!("{name}: the bar does not answer"))?;
        ensure!(
            bar[0] == place[2] - 2 * FRAME && bar[1].as_u64() >= Some(48),
            "{name}: the bar is {bar} in {place:?}"
        );
        // The name is to be seen where it always is.
        let seen = desktop.look(self.on_bar(&place, "bar-name").await?)?;
        ensure!(*face.get_or_insert_with(|| seen.clone()) == seen, "{name}: the bar looks otherwise");
        let session = self.world.services.newest().await?.id;
        self.exits_in_time(name, &window, &place).await?;
        self.world.services.ended(session, "exit", SOON).await?;
        let note = json!({ "what": "Looked around", "why": "She asked for it", "solved": true });
        self.invoke("write_note", json!({ "id": session, "note": note })).await.map(drop)
    }

    /// The page has what it can get, or was ended for it: then the bar says so.
    async fn memory_is_taken(&self) -> anyhow::Result<()> {
        until("the memory is taken", SOON, async || {
            let state = self.invoke("get_app_state", json!({})).await?;
            Ok((self.app.memory()? > MUCH || state["stage"]["sheet"]["type"] == "crashed").then_some(()))
        })
        .await
    }

    async fn exits_in_time(&self, name: &str, window: &str, place: &[i32; 4]) -> anyhow::Result<()> {
        let desktop = &self.world.desktop;
        // What tells of the code lies over the button.
        desktop.run("dunstctl", &["close-all"])?;
        let [left, top, width, height] = self.on_bar(place, "exit").await?;
        let watched = desktop.watch(window)?;
        let begun = Instant::now();
        if name == BY_MOUSE {
            let (x, y) = ((left + width / 2).to_string(), (top + height / 2).to_string());
            desktop.run("xdotool", &["mousemove", &x, &y, "click", "1"])?;
        } else {
            desktop.run("xdotool", &["key", "--clearmodifiers", "ctrl+shift+e"])?;
        }
        let took = watched.gone(SOON)?.duration_since(begun);
        ensure!(
            name != CALM || took <= PROMISE,
            "this computer is too slow to tell: an exit that nothing hinders takes it {took:?}"
        );
        ensure!(took <= PROMISE, "{name}: the exit took {took:?}");
        until(&format!("{name}: the stage goes"), SOON, async || {
            Ok(desktop.window(STAGE).is_none().then_some(()))
        })
        .await
    }

    /// Where a part of the bar is on the screen: left, top, width and height.
    async fn on_bar(&self, stage: &[i32; 4], name: &str) -> anyhow::Result<[i32; 4]> {
        let place = format!(
            "(() => {{ const place = document.querySelector('[data-testid={name}]').getBoundingClientRect();
                return [place.x, place.y, place.width, place.height].map(Math.round); }})()"
        );
        let [x, y, width, height]: [i32; 4] = serde_json::from_value(self.app.evaluate(BAR, &place).await?)?;
        Ok([stage[0] + FRAME + x, stage[1] + FRAME + y, width, height])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_the_page_does_not_bring_itself_to_the_front() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let desktop = &stage.world.desktop;
    desktop.bring_up(MAIN)?;
    let workspace = desktop.run("xdotool", &["getactivewindow"])?;
    stage
        .on_page(
            "new Promise((done) => {
                setInterval(() => { focus(); document.body.focus(); open('', '_self'); }, 20);
                setTimeout(done, 2000, true);
            })",
        )
        .await?;
    ensure!(desktop.run("xdotool", &["getactivewindow"])? == workspace, "the stage has come to the front");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_the_way_back_ends_at_the_platforms_first_page() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let session = stage.world.services.newest().await?.id;
    let home = stage.on_page("location.href").await?;
    for way in
        ["history.go(-99)", "for (let i = 0; i < 30; i++) history.back()", "history.go(-1)", "history.go(-2)"]
    {
        // The page that asked may be gone before it answers.
        let go = format!("(setTimeout(() => {{ {way} }}, 100), true)");
        let _ = timeout(Duration::from_secs(2), stage.on_page(&go)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        until(&format!("{way} leaves the page as it is"), SOON, async || {
            // One that leaves while it is asked never answers.
            let asked = stage.on_page("[location.href, document.querySelector('h1')?.innerText]");
            let now = timeout(Duration::from_secs(2), asked).await??;
            let told = now[1].as_str().unwrap_or_default();
            ensure!(now[0] == home && told.contains(PERSON_NAME), "it leads to {now}");
            Ok(Some(()))
        })
        .await?;
    }
    ensure!(stage.app.evaluate(BAR, "!!document.querySelector('[data-testid=exit]')").await? == true);
    let row = stage.world.services.newest().await?;
    ensure!(row.id == session && row.state == "live", "the session is {}", row.state);
    Ok(())
}

/// Fills the page with something that can be dragged, and notes what becomes of it.
const BAIT: &str = "(() => {
    document.body.innerHTML = '<a draggable=true href=\"https://example.com/\">Drag me</a>';
    // The platform's own policy takes no style out of the text.
    document.querySelector('a').style.cssText = 'position:fixed;inset:0;background:#fee';
    window.seen = [];
    for (const kind of ['dragstart', 'dragend']) addEventListener(kind, (event) => {
        seen.push(kind);
        event.dataTransfer?.setData('text/uri-list', 'https://example.com/');
        event.dataTransfer?.setData('text/html', '<img src=x onerror=\"document.title=1\">');
        event.dataTransfer?.setData('text/plain', 'understudy://impersonate?person=INV-000001');
    });
    return true;
})()";

/// Notes what is dragged over the workspace.
const WATCH: &str =
    "(window.dragged = [], addEventListener('dragover', () => dragged.push(true), true), true)";

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_what_is_dragged_out_of_the_page_changes_neither_bar_nor_workspace() -> anyhow::Result<()>
{
    let stage = Stage::open().await?;
    stage.on_page(BAIT).await?;
    let desktop = &stage.world.desktop;
    let (main, window) =
        (desktop.window(MAIN).context("no workspace")?, desktop.window(STAGE).context("no stage")?);
    // The workspace is to be seen to the left of the stage.
    for (window, place) in [(&main, ["0", "30", "1200", "800"]), (&window, ["640", "200", "600", "560"])] {
        let [x, y, width, height] = place;
        desktop.run("xdotool", &["windowsize", "--sync", window, width, height])?;
        desktop.run("xdotool", &["windowmove", "--sync", window, x, y])?;
    }
    desktop.run("xdotool", &["windowactivate", "--sync", &window])?;
    stage.app.evaluate(WORKSPACE, WATCH).await?;
    let [left, top, ..] = desktop.place(&window)?;
    let before = stage.own_pages().await?;
    for (time, (x, y)) in (1_i32..).zip([(left + 200, top + 24), (left + 400, top + 30), (300, 500)]) {
        // Elsewhere each time: it would be a double click.
        let (from_x, from_y) = (left + 100 * time, top + 300);
        desktop.run("xdotool", &["mousemove", &from_x.to_string(), &from_y.to_string(), "mousedown", "1"])?;
        for step in 1..=8 {
            let [x, y] = [from_x + (x - from_x) * step / 8, from_y + (y - from_y) * step / 8];
            desktop.run("xdotool", &["mousemove", &x.to_string(), &y.to_string()])?;
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        desktop.run("xdotool", &["mouseup", "1"])?;
        until("the drag ends", PATIENCE, async || {
            let seen = stage.on_page("seen").await?;
            let count = seen.as_array().map_or(0, Vec::len);
            ensure!(i32::try_from(count)? == 2 * time, "no drag: {seen}");
            Ok(Some(()))
        })
        .await?;
    }
    let over = stage.app.evaluate(WORKSPACE, "dragged").await?;
    ensure!(over.as_array().is_some_and(|over| !over.is_empty()), "nothing came to the workspace");
    let after = stage.own_pages().await?;
    ensure!(after == before, "bar and workspace have changed from {before} to {after}");
    let state = stage.invoke("get_app_state", json!({})).await?;
    ensure!(
        state["prefill"].is_null() && state["stage"].is_object(),
        "the app took what was dropped: {state}"
    );
    let page = stage.on_page("location.href").await?;
    ensure!(page.as_str() != Some("https://example.com/"), "the page has left");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_the_page_neither_reads_nor_replaces_what_staff_have_copied() -> anyhow::Result<()> {
    const COPIED: &str = "what staff have copied";
    let stage = Stage::open().await?;
    let desktop = &stage.world.desktop;
    let file = stage.world.folder.path().join("copied");
    std::fs::write(&file, COPIED)?;
    // It stays behind to serve what it holds, so its output must not be waited for.
    let path = file.to_str().context("a path that is no text")?;
    let mut copy = desktop.command("xclip", &["-selection", "clipboard", "-i", path]);
    ensure!(copy.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success(), "xclip failed");
    ensure!(desktop.clipboards()[0] == COPIED, "nothing was copied");
    // Not as an answer to a click: a moment later.
    let stolen = stage
        .on_page(
            "new Promise((done) => setTimeout(async () => {
                const found = [];
                const attempt = async (way) => { try { found.push(await way()); } catch (error) { found.push(null); } };
                const area = document.body.appendChild(document.createElement('textarea'));
                area.focus();
                await attempt(() => { document.execCommand('paste'); return area.value; });
                await attempt(() => navigator.clipboard.readText());
                await attempt(async () => (await navigator.clipboard.read()).map(String).join());
                area.value = 'planted by the page';
                area.select();
                await attempt(() => { document.execCommand('copy'); return ''; });
                await attempt(() => { document.execCommand('cut'); return ''; });
                await attempt(() => navigator.clipboard.writeText('planted by the page'));
                done(JSON.stringify(found));
            }, 1800))",
        )
        .await?;
    let stolen = stolen.as_str().context("no answer")?;
    ensure!(!stolen.contains(COPIED), "the page has read {stolen}");
    ensure!(desktop.clipboards()[0] == COPIED, "the page has replaced it: {:?}", desktop.clipboards());
    Ok(())
}
