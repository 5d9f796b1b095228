//! The impersonation token stays in the memory of the app's own process.

use std::{
    fs::{self, File},
    io::Read as _,
    os::unix::fs::FileExt as _,
    path::Path,
};

use anyhow::{Context as _, ensure};
use memchr::memmem::Finder;

use crate::harness::{ADA, App, PERSON_NAME, SOON, Theme, View, World, id};

/// Walks everything that scripts can reach from the window.
const EVERYTHING: &str = r"
    const seen = new Set(), found = [document.documentElement.outerHTML, location.href, document.cookie];
    const queue = [window, localStorage, sessionStorage, history.state, ...performance.getEntries()];
    while (queue.length > 0 && seen.size < 200000) {
        const value = queue.pop();
        if (typeof value === 'string') { found.push(value); continue; }
        if (value === null || !['object', 'function'].includes(typeof value) || seen.has(value)) continue;
        seen.add(value);
        for (const key of Reflect.ownKeys(value)) {
            found.push(String(key));
            try { queue.push(value[key]); } catch {}
        }
    }
    return found.join('\n');
";

#[tokio::test(flavor = "multi_thread")]
async fn invariant_1_the_impersonation_token_is_nowhere_but_in_the_apps_memory() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "act").await?.to_string();
    let token = world.services.tap.last("token")?;
    ensure!(token.len() >= 32, "that is no token: {} characters", token.len());
    // Each search must be able to find something: the session's ID is no secret.
    let (token, session) = (Finder::new(token.as_bytes()), Finder::new(session.as_bytes()));

    let views = [View::Main, View::Bar, View::Platform];
    for view in views {
        let state = app.script(view, EVERYTHING, vec![]).await?;
        let state = state.as_str().context("no state")?;
        ensure!(token.find(state.as_bytes()).is_none(), "the token is in {view:?}");
        ensure!(state.contains(PERSON_NAME), "{view:?} could not be searched");
    }
    nowhere_outside(&world, &token, &session)?;
    memory(&app, &token, &session)?;

    app.click(View::Bar, &id("exit")).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    world.services.ended(world.services.newest().await?.id, "exit", SOON).await?;
    let state = app.script(View::Main, EVERYTHING, vec![]).await?;
    ensure!(
        token.find(state.as_str().unwrap_or_default().as_bytes()).is_none(),
        "the token is in the workspace"
    );
    nowhere_outside(&world, &token, &session)
}

/// Files, command lines, environments, clipboards.
fn nowhere_outside(world: &World, token: &Finder<'_>, session: &Finder<'_>) -> anyhow::Result<()> {
    let (mut files, mut known) = (0, 0);
    every_file(world.folder.path(), &mut |path, text| {
        ensure!(token.find(text).is_none(), "the token is in {}", path.display());
        files += 1;
        known += usize::from(session.find(text).is_some());
        Ok(())
    })?;
    ensure!(
        files > 10 && known > 0,
        "the files could not be searched: {files} files, {known} with the session"
    );
    let mut processes = 0;
    for process in fs::read_dir("/proc")?.flatten() {
        for name in ["cmdline", "environ"] {
            // Processes end while they are looked at.
            let Ok(text) = fs::read(process.path().join(name)) else { continue };
            ensure!(token.find(&text).is_none(), "the token is in {}/{name}", process.path().display());
            processes += 1;
        }
    }
    ensure!(processes > 10, "the processes could not be searched");
    for text in world.desktop.clipboards() {
        ensure!(token.find(text.as_bytes()).is_none(), "the token is in the clipboard");
    }
    Ok(())
}

fn every_file(
    folder: &Path,
    look: &mut impl FnMut(&Path, &[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            every_file(&entry.path(), look)?;
        } else if kind.is_file() {
            let mut text = vec![];
            // Files come and go while they are looked at.
            if File::open(entry.path()).and_then(|mut file| file.read_to_end(&mut text)).is_ok() {
                look(&entry.path(), &text)?;
            }
        }
    }
    Ok(())
}

/// The memory of every process of WebKit: what a page could read if it broke out of its script engine.
fn memory(app: &App, token: &Finder<'_>, session: &Finder<'_>) -> anyhow::Result<()> {
    let (mut processes, mut known) = (0, 0);
    for process in app.webkit_processes()? {
        let memory = Memory::open(process)?;
        memory.every_run(|bytes| {
            ensure!(token.find(bytes).is_none(), "the token is in the memory of process {process}");
            known += usize::from(session.find(bytes).is_some());
            Ok(())
        })?;
        processes += 1;
    }
    ensure!(
        processes >= 2 && known > 0,
        "the memory could not be searched: {processes} processes, {known} hits"
    );
    Ok(())
}

struct Memory {
    maps: String,
    bytes: File,
    pages: File,
}

impl Memory {
    const PAGE: u64 = 4096;
    /// How many pages are looked up at once.
    const BLOCK: u64 = 1 << 16;

    fn open(process: u32) -> anyhow::Result<Self> {
        let folder = Path::new("/proc").join(process.to_string());
        Ok(Self {
            maps: fs::read_to_string(folder.join("maps"))?,
            bytes: File::open(folder.join("mem"))?,
            pages: File::open(folder.join("pagemap"))?,
        })
    }

    /// All that can be written and is no file. What was never touched is left out: WebKit reserves 70 GB.
    fn every_run(&self, mut look: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()> {
        for line in self.maps.lines() {
            let mut words = line.split_whitespace();
            let (Some(range), Some(rights)) = (words.next(), words.next()) else { continue };
            if !rights.starts_with("rw") || words.nth(2).is_none_or(|inode| inode != "0") {
                continue;
            }
            let (start, end) = range.split_once('-').context("no range")?;
            let first = u64::from_str_radix(start, 16)? / Self::PAGE;
            let end = u64::from_str_radix(end, 16)? / Self::PAGE;
            for (first, count) in self.touched(first, end)? {
                let mut run = vec![0; usize::try_from(count * Self::PAGE)?];
                // It may have been given back meanwhile.
                if self.bytes.read_exact_at(&mut run, first * Self::PAGE).is_ok() {
                    look(&run)?;
                }
            }
        }
        Ok(())
    }

    /// Runs of pages that are in memory or swapped out: bits 63 and 62 of their entries.
    fn touched(&self, first: u64, end: u64) -> anyhow::Result<Vec<(u64, u64)>> {
        let mut runs: Vec<(u64, u64)> = vec![];
        let mut block = first;
        while block < end {
            let mut entries = vec![0; usize::try_from(Self::BLOCK.min(end - block) * 8)?];
            if self.pages.read_exact_at(&mut entries, block * 8).is_ok()
                && entries.iter().any(|byte| *byte != 0)
            {
                for (page, entry) in (block..).zip(entries.chunks_exact(8)) {
                    match runs.last_mut() {
                        _ if entry[7] & 0b1100_0000 == 0 => {}
                        Some((first, count)) if *first + *count == page => *count += 1,
                        _ => runs.push((page, 1)),
                    }
                }
            }
            block += Self::BLOCK;
        }
        Ok(runs)
    }
}
