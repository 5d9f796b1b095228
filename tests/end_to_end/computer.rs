//! A computer that lacks something: keyring, notifications, room on its disk, a monitor it had before.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::json;

use crate::harness::{
    ADA, App, KEYRING_PASSWORD, PERSON, PERSON_NAME, RIGHT_MONITOR, SOON, Screen, Theme, View, World, id,
    until,
};

const MAIN: &str = "^Understudy$";
const STAGE: &str = "Signed in as";
/// The keyring's.
const QUESTION: &str = "Unlock";

/// A folder in which not even root can make a file.
const FULL: &str = "/proc";

fn settings(world: &World) -> PathBuf {
    world.folder.path().join("home/.config/dev.understudy.desktop")
}

/// Says it at the sign-in, works, and asks for the sign-in again after a restart.
async fn works_for_this_run(world: &World, picture: &str) -> anyhow::Result<()> {
    let app = App::start(world).await?;
    app.fill(View::Main, &id("server-url"), world.services.api.as_str()).await?;
    app.click(View::Main, &id("server-continue")).await?;
    app.sign_in_again(&ADA).await?;
    app.reads(View::Main, &id("keyring"), "sign in again after a restart").await?;
    app.reads(View::Main, &id("keyring"), "gnome-keyring").await?;
    world.step(&app, picture, "No keyring: the app works, and says what that means.").await?;
    app.request_code(world, PERSON, "view").await?;
    app.close().await?;
    let app = App::start(world).await?;
    app.sign_in_again(&ADA).await?;
    app.see(View::Main, &id("keyring")).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keyring_the_sign_in_lasts_until_the_app_quits_and_the_app_says_so() -> anyhow::Result<()> {
    let mut world = World::start(Theme::Light).await?;
    world.desktop.end("gnome-keyring-daemon")?;
    works_for_this_run(&world, "70-no-keyring").await
}

fn lock_keyring(world: &World) -> anyhow::Result<()> {
    let secrets =
        ["--session", "--print-reply", "--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"];
    let lock =
        ["org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login"];
    world.desktop.run("dbus-send", &[secrets.as_slice(), lock.as_slice()].concat()).map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_stays_locked_is_said_too() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    lock_keyring(&world)?;
    works_for_this_run(&world, "71-locked-keyring").await
}

/// With a keyring that is locked and asks for its password, as on GNOME.
async fn asking_keyring() -> anyhow::Result<World> {
    let world = World::start(Theme::Light).await?;
    world.desktop.offer("org.gnome.keyring.SystemPrompter", "/usr/libexec/gcr-prompter")?;
    lock_keyring(&world)?;
    Ok(world)
}

/// Waits for the keyring's question, and answers it: with its password, or by dismissing it.
async fn answer_keyring(world: &World, password: Option<&str>) -> anyhow::Result<()> {
    let desktop = &world.desktop;
    until("the keyring has its answer", SOON, async || {
        let Some(question) = desktop.window(QUESTION) else { return Ok(None) };
        desktop.run("xdotool", &["windowactivate", "--sync", &question])?;
        match password {
            Some(password) => {
                desktop.press(&["ctrl+a"])?;
                desktop.type_text(password)?;
                desktop.press(&["Return"])?;
            }
            None => desktop.press(&["Escape"])?,
        }
        let gone = async || Ok(desktop.window(QUESTION).is_none().then_some(()));
        Ok(until("it goes", Duration::from_secs(2), gone).await.ok())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_whose_question_is_dismissed_is_said_and_not_asked_again() -> anyhow::Result<()> {
    let world = asking_keyring().await?;
    let dismissed = async {
        // In both of its runs.
        answer_keyring(&world, None).await?;
        answer_keyring(&world, None).await
    };
    tokio::try_join!(works_for_this_run(&world, "71-dismissed-keyring"), dismissed)?;
    let app = App::start(&world).await?;
    tokio::try_join!(app.sign_in_again(&ADA), answer_keyring(&world, None))?;
    app.click(View::Main, &id("you")).await?;
    app.click(View::Main, &id("sign-out")).await?;
    app.sign_in_again(&ADA).await?;
    ensure!(world.desktop.window(QUESTION).is_none(), "it is asked again");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_whose_question_nobody_answers_holds_nothing_up_and_may_be_answered_late()
-> anyhow::Result<()> {
    let world = asking_keyring().await?;
    let app = App::start(&world).await?;
    let start = Instant::now();
    app.sign_in(&world, &ADA).await?;
    ensure!(start.elapsed() < Duration::from_secs(20), "the sign-in took {:?}", start.elapsed());
    app.reads(View::Main, &id("keyring"), "did not answer").await?;
    app.request_code(&world, PERSON, "view").await?;
    answer_keyring(&world, Some(KEYRING_PASSWORD)).await?;
    app.gone(View::Main, &id("keyring")).await?;
    app.close().await?;

    // A start with a sign-in that the keyring holds.
    lock_keyring(&world)?;
    let app = App::start(&world).await?;
    let start = Instant::now();
    app.see(View::Main, &id("email")).await?;
    ensure!(start.elapsed() < Duration::from_secs(20), "the sign-in came after {:?}", start.elapsed());
    app.see(View::Main, &id("keyring")).await?;
    answer_keyring(&world, Some(KEYRING_PASSWORD)).await?;
    app.see(View::Main, &id("nav-history")).await?;
    ensure!(!app.shows(View::Main, &id("keyring")).await?, "the keyring has answered");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_notification_service_codes_arrive_all_the_same_and_the_app_says_so() -> anyhow::Result<()>
{
    let mut world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.click(View::Main, &id("nav-settings")).await?;
    app.see(View::Main, &id("set-show-codes")).await?;
    ensure!(!app.shows(View::Main, &id("no-notifications")).await?, "there is a service");
    world.desktop.end("dunst")?;
    app.request_code(&world, PERSON, "view").await?;
    let code = world.mail.newest(ADA.email, 1).await?.code();
    app.click(View::Main, &id("nav-inbox")).await?;
    app.reads(View::Main, &id("inbox-code"), &code).await?;
    app.reads(View::Main, &id("no-notifications"), "start your desktop’s notification service").await?;
    world.step(&app, "72-no-notifications", "Nobody shows notifications: the code is in the inbox.").await?;
    app.click(View::Main, &id("nav-settings")).await?;
    app.see(View::Main, &id("no-notifications")).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_said_and_the_session_goes_on() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let folder = settings(&world);
    fs::rename(&folder, folder.with_extension("before"))?;
    symlink(FULL, &folder)?;
    app.click(View::Main, &id("nav-settings")).await?;
    for (language, words) in [("en", "Is its disk full?"), ("fr", "Le disque est-il plein")] {
        app.click(View::Main, &id("set-show-codes")).await?;
        app.reads(View::Main, &id("error"), words).await?;
        app.see(View::Main, &format!("{}[aria-checked=false]", id("set-show-codes"))).await?;
        world.step(&app, &format!("73-full-{language}"), "The settings cannot be kept: said so.").await?;
        if language == "en" {
            // For once it can be written.
            fs::remove_file(&folder)?;
            fs::rename(folder.with_extension("before"), &folder)?;
            app.click(View::Main, &id("set-language-fr")).await?;
            app.reads(View::Main, "main", "Réglages").await?;
            fs::rename(&folder, folder.with_extension("before"))?;
            symlink(FULL, &folder)?;
        }
    }

    // A session needs nothing of the disk.
    let data = world.folder.path().join("home/.local/share/dev.understudy.desktop");
    fs::create_dir_all(data.join("session"))?;
    let session = app.step_in(&world, &ADA, "act").await?;
    let downloads = world.desktop.downloads();
    for (time, full) in [false, true].into_iter().enumerate() {
        fs::remove_dir(&downloads).or_else(|_| fs::remove_file(&downloads))?;
        if full {
            fs::write(&downloads, "no folder at all")?;
        } else {
            symlink(FULL, &downloads)?;
        }
        app.click(View::Platform, "nav a[href='/documents']").await?;
        app.click(View::Platform, ".menu summary").await?;
        app.click(View::Platform, ".menu a[href='/documents/certificates']").await?;
        app.click(View::Platform, ".entries a[href='/documents/certificates/tax']").await?;
        app.click(View::Platform, "#tax-statements a[href$='2025/statement.csv']").await?;
        app.reads(View::Bar, &id("sheet-downloaded"), "Vérifiez").await?;
        world.step(&app, &format!("74-full-{time}"), "A download cannot be saved: the bar says so.").await?;
        app.click(View::Bar, &id("dismiss")).await?;
        app.gone(View::Bar, &id("sheet-downloaded")).await?;
    }
    app.click(View::Bar, &id("exit")).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    app.close().await
}

/// Takes all the room that is left.
fn fill_up(file: &Path) -> anyhow::Result<()> {
    let mut file = fs::File::create(file)?;
    for block in [1 << 20, 1 << 12, 1] {
        let zeros = vec![0; block];
        loop {
            match file.write_all(&zeros) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_is_said_and_nothing_is_lost() -> anyhow::Result<()> {
    const WHAT: &str = "Changed the telephone number";
    const MORE: &str = ", and looked for the contract";
    let mut world = World::start(Theme::Light).await?;
    world.desktop.shrink_disk(64);
    let app = App::start(&world).await?;
    let home = app.home(&world);
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "act").await?;
    app.click(View::Bar, &id("bar-note")).await?;
    app.fill(View::Bar, &id("note-what"), WHAT).await?;
    let drafts = home.join(".local/share/dev.understudy.desktop/notes.json");
    until("the draft is kept", SOON, async || Ok(fs::read_to_string(&drafts)?.contains(WHAT).then_some(())))
        .await?;
    let filler = home.join("filler");
    fill_up(&filler)?;

    app.keys(View::Bar, &id("note-what"), MORE).await?;
    app.reads(View::Bar, &id("draft-failed"), "Is its disk full?").await?;
    world.step(&app, "77-full-draft", "The disk is full: the bar says that the note is not kept.").await?;
    app.click(View::Bar, &id("note-draft-close")).await?;
    app.click(View::Platform, "nav a[href='/documents']").await?;
    app.click(View::Platform, ".menu summary").await?;
    app.click(View::Platform, ".menu a[href='/documents/certificates']").await?;
    app.click(View::Platform, ".entries a[href='/documents/certificates/tax']").await?;
    let statement = "#tax-statements a[href$='2025/statement.csv']";
    app.click(View::Platform, statement).await?;
    app.reads(View::Bar, &id("sheet-downloaded"), "Check that there is space").await?;
    app.click(View::Bar, &id("dismiss")).await?;
    app.gone(View::Bar, &id("sheet-downloaded")).await?;
    let settings = home.join(".config/dev.understudy.desktop/settings.json");
    let before = fs::read_to_string(&settings)?;
    app.click(View::Main, &id("nav-settings")).await?;
    app.click(View::Main, &id("set-show-codes")).await?;
    app.reads(View::Main, &id("error"), "Is its disk full?").await?;
    app.see(View::Main, &format!("{}[aria-checked=false]", id("set-show-codes"))).await?;
    ensure!(fs::read_to_string(&settings)? == before, "what was kept is gone");

    // There is room again: all of it works, and the note is whole.
    fs::remove_file(&filler)?;
    app.click(View::Main, &id("set-show-codes")).await?;
    app.see(View::Main, &format!("{}[aria-checked=true]", id("set-show-codes"))).await?;
    app.click(View::Platform, statement).await?;
    app.reads(View::Bar, &id("sheet-downloaded"), "Saved").await?;
    let saved: Vec<_> = fs::read_dir(home.join("Downloads"))?.collect::<Result<_, _>>()?;
    ensure!(saved.len() == 1, "a part of what failed is left: {saved:?}");
    ensure!(fs::read_to_string(saved[0].path())?.lines().count() > 1, "it is not whole");
    app.click(View::Bar, &id("exit")).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    let note = app.value(View::Main, "note-what").await?;
    ensure!(note == format!("{WHAT}{MORE}"), "of the note is left {note:?}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_whose_monitor_is_gone_comes_back_on_one_that_is_there() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let folder = settings(&world);
    fs::create_dir_all(&folder)?;
    // Below and to the right of all that there is.
    let left_there = json!({ "main": {
        "width": 1000, "height": 700, "x": 3000, "y": 2000, "prev_x": 3000, "prev_y": 2000,
        "maximized": false, "visible": true, "decorated": true, "fullscreen": false
    } });
    fs::write(folder.join(".window-state.json"), left_there.to_string())?;
    let app = App::start(&world).await?;
    app.see(View::Main, &id("server-url")).await?;
    let window = world.desktop.window(MAIN).context("no main window")?;
    let [x, y, width, height] = world.desktop.place(&window)?;
    ensure!((width, height) == (1000, 700), "its size is lost: {width} by {height}");
    ensure!((0..=280).contains(&x) && (0..=200).contains(&y), "out of sight: at {x}, {y}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_monitors_the_stage_takes_the_one_that_one_looks_at_and_outlives_it() -> anyhow::Result<()> {
    let world = World::start_on(Theme::Light, Screen::Two(1300, 960)).await?;
    let desktop = &world.desktop;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let main = desktop.window(MAIN).context("no main window")?;
    desktop.run("xdotool", &["windowmove", "--sync", &main, "1310", "40"])?;
    let session = app.step_in(&world, &ADA, "view").await?;
    let stage = desktop.window(STAGE).context("no stage")?;
    let [x, _, width, _] = desktop.place(&stage)?;
    ensure!(x >= 1300 && x + width <= 2600, "the stage is {width} wide at {x}");
    world.step(&app, "75-two-monitors", "The stage is on the monitor where the workspace is.").await?;

    // The monitor is pulled out, as from a laptop.
    desktop.run("xrandr", &["--output", RIGHT_MONITOR, "--off"])?;
    desktop.run("xrandr", &["--query"])?;
    until("the stage and the workspace are on the monitor that is left", SOON, async || {
        let mut places = vec![];
        for window in [&stage, &main] {
            places.push(desktop.place(window)?);
        }
        let there =
            |[x, y, width, height]: &[i32; 4]| *x >= 0 && *y >= 0 && x + width <= 1300 && y + height <= 960;
        Ok(places.iter().all(there).then_some(()))
    })
    .await?;
    world.step(&app, "76-one-monitor", "Its monitor is gone: the stage is whole on the other one.").await?;
    app.reads(View::Bar, &id("bar-name"), PERSON_NAME).await?;
    app.click(View::Bar, &id("exit")).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    app.close().await
}
