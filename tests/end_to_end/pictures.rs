//! The main screens look as they were accepted: light and dark, in both languages, small and large.
//!
//! Each is compared with its picture in `accepted/` by structural similarity (SSIM), window by window, so that
//! a button that is gone counts and another way of smoothing letters does not. `UNDERSTUDY_ACCEPT=1` accepts what
//! is seen now. What a failure saw is in `target/pictures/different`, with what differs dark in it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use image::GrayImage;
use image_compare::{Algorithm, gray_similarity_structure};
use serde_json::json;
use understudy_protocol::Role;
use understudy_server::staff;

use crate::harness::{
    ADA, App, PASSWORD, PERSON, PERSON_NAME, REASON, SOON, Screen, Staff, Theme, View, World, id, until,
};

const MAIN: &str = "^Understudy$";
const STAGE: &str = "– Understudy$";
const SIZES: [(&str, (u32, u32)); 2] = [("small", (900, 600)), ("large", (1600, 1000))];
const SCREEN: (u32, u32) = (1640, 1060);

/// Pictures are kept this wide, in grey.
const WIDTH: u32 = 640;
/// SSIM is taken of windows of this many pixels each way.
const WINDOW: usize = 8;
/// A window less alike than this, of 255, shows something else.
const ALIKE: u8 = 128;
/// So many of the windows (a picture has 4,000) may: a button has more.
const MOST: usize = 8;

const ESCAPE: &str = "\u{E00C}";

const GRACE: Staff = Staff { email: "grace@example.com", name: "Grace Okafor" };

/// `--amber` (`tokens.css`) and the frame's own (`stage/mod.rs`), which nothing else has.
const AMBER: [u8; 3] = [0xf9, 0xad, 0x26];
/// An engine may round a colour otherwise.
const NEAR: u8 = 3;

/// Times, codes, ports and what has the keyboard are other ones each time; a longer time moves what is beside it.
const HIDE: &str = "const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
        time, [role=timer], [data-testid=code-time], [data-testid=settings-server], [data-testid=server-url], [data-testid=sign-in-server],
        [data-testid=session-row] .when, [data-testid=session-row] .end .small, [data-testid=deliveries],
        [data-testid=inbox-entry] .small, [data-testid=inbox-code], [data-testid=report-id], [data-testid=report-record], [data-testid=report-end] .muted,
        [data-testid=timeline] .line > *, [data-testid=note-sheet] .modal-description,
        [data-testid=factor-fresh], [data-testid=approval] .head .small, [data-testid=toasts], .row:has([data-testid=factor-state]) { visibility: hidden !important }
        [data-testid=session-row] :is(.when a, .end .small) { display: inline-block; width: 90px; height: 1em; overflow: hidden }
        [data-testid=person-row], [data-testid=session-row] { background: none !important }
        *, *::before, *::after { caret-color: transparent !important; animation: none !important; transition: none !important }
        /* The bar of what scrolls comes and goes. */ .page, .page > .body { overflow: hidden !important }`);
    document.adoptedStyleSheets = [sheet];
    document.activeElement?.blur();";

/// Meridian writes in the system's letters.
const SAME_LETTERS: &str = "const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { font-family: 'DejaVu Sans' !important; caret-color: transparent !important }
        time { visibility: hidden !important } ::-webkit-scrollbar { display: none }`);
    document.adoptedStyleSheets = [sheet];";

struct Album {
    world: World,
    app: App,
    look: String,
    different: Vec<String>,
}

fn folder(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(part)
}

/// How many windows of two pictures show something else, and a map of them.
fn unlike(one: &GrayImage, other: &GrayImage) -> anyhow::Result<(usize, GrayImage)> {
    ensure!(one.dimensions() == other.dimensions(), "{:?} and {:?}", one.dimensions(), other.dimensions());
    let map =
        gray_similarity_structure(&Algorithm::MSSIMSimple, one, other)?.image.to_color_map().into_luma8();
    let corners =
        (0..map.height()).step_by(WINDOW).flat_map(|y| (0..map.width()).step_by(WINDOW).map(move |x| (x, y)));
    let count = corners.filter(|(x, y)| map.get_pixel(*x, *y)[0] < ALIKE).count();
    Ok((count, map))
}

impl Album {
    async fn start(theme: Theme, language: &str) -> anyhow::Result<Self> {
        let world = World::start_on(theme, Screen::One(SCREEN.0, SCREEN.1)).await?;
        let own = world.folder.path().join("home/.config/dev.understudy.desktop");
        fs::create_dir_all(&own)?;
        let settings = json!({ "language": language, "theme": theme.name() });
        fs::write(own.join("settings.json"), settings.to_string())?;
        let app = App::start(&world).await?;
        // What lies under it looks otherwise.
        let (right, bottom) = ((SCREEN.0 - 1).to_string(), (SCREEN.1 - 1).to_string());
        world.desktop.run("xdotool", &["mousemove", &right, &bottom])?;
        let look = format!("{}-{language}", theme.name());
        Ok(Self { world, app, look, different: vec![] })
    }

    /// As the window looks now, without what changes.
    async fn seen(&self, title: &str, views: &[View]) -> anyhow::Result<GrayImage> {
        for view in views {
            let script = if *view == View::Platform { SAME_LETTERS } else { HIDE };
            self.app.script(*view, script, vec![]).await?;
            self.app.rest_mouse(*view).await?;
        }
        self.world.desktop.bring_up(title)?;
        self.app.drawn().await?;
        let path = self.world.folder.path().join("seen.png");
        let text = path.to_str().context("a path that is no text")?;
        let window = self.world.desktop.window(title).context("the window is gone")?;
        let small = format!("{WIDTH}x");
        let arguments =
            ["-window", &window, "-colorspace", "Gray", "-resize", &small, "-depth", "8", "-strip", text];
        self.world.desktop.run("import", &arguments)?;
        for view in views {
            self.app.script(*view, "document.adoptedStyleSheets = []", vec![]).await?;
        }
        Ok(image::open(&path)?.into_luma8())
    }

    async fn compare(&mut self, name: &str, title: &str, views: &[View]) -> anyhow::Result<()> {
        for (size, pixels) in SIZES {
            self.world.desktop.resize(title, pixels).await?;
            let name = format!("{name}-{}-{size}.png", self.look);
            let accepted = folder("tests/end_to_end/accepted").join(&name);
            if std::env::var_os("UNDERSTUDY_ACCEPT").is_some() {
                // What is still moving is not accepted: twice the same.
                let mut before = self.seen(title, views).await?;
                let still = until("the picture stands still", Duration::from_secs(20), async || {
                    let now = self.seen(title, views).await?;
                    let same = unlike(&before, &now)?.0 == 0;
                    before = now;
                    Ok(same.then(|| before.clone()))
                });
                fs::create_dir_all(folder("tests/end_to_end/accepted"))?;
                still.await?.save(&accepted)?;
                continue;
            }
            let wanted =
                image::open(&accepted).with_context(|| format!("{name} was never accepted"))?.into_luma8();
            let mut last = None;
            // The first picture may come before the window has drawn its new size.
            let alike = until(&name, Duration::from_secs(8), async || {
                let now = self.seen(title, views).await?;
                let (count, map) = unlike(&wanted, &now)?;
                last = Some((now, map));
                ensure!(count <= MOST, "{count} parts of {name} look otherwise");
                Ok(Some(()))
            })
            .await;
            if let Err(error) = alike {
                let kept = folder("target/pictures/different");
                fs::create_dir_all(&kept)?;
                if let Some((now, map)) = last {
                    now.save(kept.join(&name))?;
                    map.save(kept.join(format!("where-{name}")))?;
                }
                self.different.push(format!("{error:#}"));
            }
        }
        Ok(())
    }

    async fn main(&mut self, name: &str) -> anyhow::Result<()> {
        self.compare(name, MAIN, &[View::Main]).await
    }

    /// Every main screen. Answers with what looks otherwise.
    async fn leaf_through(mut self) -> anyhow::Result<Vec<String>> {
        let api = self.world.services.api.clone();
        self.app.see(View::Main, &id("server-url")).await?;
        self.main("server").await?;
        self.app.fill(View::Main, &id("server-url"), api.as_str()).await?;
        self.app.click(View::Main, &id("server-continue")).await?;
        self.app.see(View::Main, &id("email")).await?;
        self.main("sign-in").await?;
        self.app.sign_in_again(&ADA).await?;
        self.app.see(View::Main, &id("person-row")).await?;
        self.main("people").await?;
        self.app.press_until(&self.world.desktop, &["question"], &id("keys-sheet")).await?;
        self.main("keys").await?;
        self.app.keys(View::Main, "body", ESCAPE).await?;
        self.app.gone(View::Main, &id("keys-sheet")).await?;
        self.app.click(View::Main, &id("palette-open")).await?;
        self.app.fill(View::Main, &id("palette-input"), "marchand").await?;
        self.app.reads(View::Main, &format!("{}[data-selected]", id("palette-item")), PERSON_NAME).await?;
        self.main("palette").await?;
        self.app.keys(View::Main, &id("palette-input"), ESCAPE).await?;
        self.app.gone(View::Main, &id("palette")).await?;
        self.app.click(View::Main, &id("nav-impersonation")).await?;
        self.app.fill(View::Main, &id("identifier"), PERSON).await?;
        self.app.click(View::Main, &id("find-person")).await?;
        self.app.fill_in_request("act").await?;
        self.main("form").await?;
        self.a_missing_button_is_noticed().await?;
        self.app.click(View::Main, &id("request-code")).await?;
        self.app.reads(View::Main, &id("deliveries"), ADA.email).await?;
        self.app.see(View::Main, &id("badge-inbox")).await?;
        self.put_notifications_away().await?;
        let code = self.world.mail.newest(ADA.email, 1).await?.code();
        self.main("code").await?;
        self.app.click(View::Main, &id("nav-inbox")).await?;
        self.app.see(View::Main, &id("inbox-entry")).await?;
        self.main("inbox").await?;
        self.app.click(View::Main, &id("nav-impersonation")).await?;
        self.app.enter_code(&code).await?;
        self.app.scan().await?;
        self.app.click(View::Main, &id("recovery-kept")).await?;
        self.app.see(View::Main, &id("start")).await?;
        self.main("ready").await?;
        self.app.click(View::Main, &id("start")).await?;
        self.app.reads(View::Bar, &id("bar-name"), PERSON_NAME).await?;
        self.app.reads(View::Platform, "h1", PERSON_NAME).await?;
        self.compare("stage", STAGE, &[View::Bar, View::Platform]).await?;
        self.bar_and_frame_are_amber()?;
        let bank = "form[action='/settings/bank']";
        self.app.click(View::Platform, "nav a[href='/settings']").await?;
        self.app.fill(View::Platform, &format!("{bank} input[name=iban]"), "DE89370400440532013000").await?;
        self.app.click(View::Platform, &format!("{bank} button")).await?;
        self.app.see(View::Bar, &id("ask-person")).await?;
        self.compare("refused", STAGE, &[View::Bar, View::Platform]).await?;
        self.app.click(View::Bar, &id("bar-note")).await?;
        self.app.see(View::Bar, &id("note-draft")).await?;
        self.compare("draft", STAGE, &[View::Bar, View::Platform]).await?;
        self.app.click(View::Bar, &id("exit")).await?;
        self.app.see(View::Main, &id("note-sheet")).await?;
        self.main("note").await?;
        self.app.click(View::Main, &id("note-later")).await?;
        self.app.look_again().await?;
        self.app.click(View::Main, &id("nav-history")).await?;
        self.app.reads(View::Main, &id("session-row"), PERSON_NAME).await?;
        self.main("history").await?;
        self.app.click(View::Main, &format!("{} a", id("session-row"))).await?;
        self.app.see(View::Main, &id("actions")).await?;
        self.main("report").await?;
        self.app.click(View::Main, &id("nav-settings")).await?;
        self.app.see(View::Main, &id("factor-state")).await?;
        self.main("settings").await?;
        self.approval().await?;
        self.app.close().await?;
        Ok(self.different)
    }

    /// What an administrator finds in the inbox when nobody but she can say yes.
    async fn approval(&mut self) -> anyhow::Result<()> {
        let store = &self.world.services.server.core.store;
        staff::add(store, GRACE.email, GRACE.name, &[Role::Admin], PASSWORD.to_owned().into()).await?;
        self.app.click(View::Main, &id("you")).await?;
        self.app.click(View::Main, &id("sign-out")).await?;
        self.app.sign_in_again(&GRACE).await?;
        let ada = self.world.services.sign_in_elsewhere(&ADA).await?;
        let exception = json!({ "evidence": "exception", "category": "Suspected fraud", "reason": REASON });
        let asked = json!({
            "identifier": PERSON, "reason": REASON, "ticket": null, "mode": "view", "consent": exception
        });
        self.world.services.ask_elsewhere("api/requests", &ada, asked).await?;
        self.app.click(View::Main, &id("nav-inbox")).await?;
        self.app.see(View::Main, &id("take")).await?;
        self.put_notifications_away().await?;
        self.main("approval").await
    }

    /// A notification lies over the window until it is put away.
    async fn put_notifications_away(&self) -> anyhow::Result<()> {
        until("the notification comes and goes", SOON, async || {
            Ok((!self.world.desktop.notifications()?.is_empty()).then_some(()))
        })
        .await
    }

    /// In grey, amber looks like other colours that are as light.
    fn bar_and_frame_are_amber(&self) -> anyhow::Result<()> {
        let path = self.world.folder.path().join("amber.png");
        let text = path.to_str().context("a path that is no text")?;
        let window = self.world.desktop.window(STAGE).context("no stage")?;
        self.world.desktop.run("import", &["-window", &window, text])?;
        let stage = image::open(&path)?.into_rgb8();
        let (right, bottom) = (stage.width() - 1, stage.height() - 1);
        // The frame on each side, and both ends of the bar, where nothing stands.
        let places = [(1, bottom / 2), (right - 1, bottom / 2), (right / 2, 1), (right / 2, bottom - 1)];
        for (x, y) in places.into_iter().chain([(9, 28), (right - 7, 28)]) {
            let seen = stage.get_pixel(x, y).0;
            let near = seen.iter().zip(AMBER).all(|(seen, amber)| seen.abs_diff(amber) <= NEAR);
            ensure!(near, "at {x}, {y} of {right} by {bottom} the stage is {seen:?} ({})", self.look);
        }
        Ok(())
    }

    /// The test of the test: without its most important button, a screen looks otherwise.
    async fn a_missing_button_is_noticed(&self) -> anyhow::Result<()> {
        const SHOW: &str = "document.querySelector(arguments[0]).style.visibility = arguments[1]";
        let button = id("request-code");
        // In the large window, where it is smallest.
        let with = self.seen(MAIN, &[View::Main]).await?;
        self.app.script(View::Main, SHOW, vec![json!(button), json!("hidden")]).await?;
        let without = self.seen(MAIN, &[View::Main]).await?;
        self.app.script(View::Main, SHOW, vec![json!(button), json!("")]).await?;
        let (count, _) = unlike(&with, &without)?;
        ensure!(count > MOST, "without a button only {count} parts look otherwise");
        let again = self.seen(MAIN, &[View::Main]).await?;
        ensure!(unlike(&with, &again)?.0 == 0, "the same picture twice looks otherwise");
        Ok(())
    }
}

async fn look_as_they_were_accepted(theme: Theme) -> anyhow::Result<()> {
    let mut different = vec![];
    for language in ["en", "fr"] {
        different.extend(Album::start(theme, language).await?.leaf_through().await?);
    }
    ensure!(
        different.is_empty(),
        "{}\nSee target/pictures/different; UNDERSTUDY_ACCEPT=1 accepts them.",
        different.join("\n")
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_screens_look_as_they_were_accepted() -> anyhow::Result<()> {
    look_as_they_were_accepted(Theme::Light).await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_dark_the_main_screens_look_as_they_were_accepted() -> anyhow::Result<()> {
    look_as_they_were_accepted(Theme::Dark).await
}
