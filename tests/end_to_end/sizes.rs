//! Small windows and large ones, letters of twice the size, long names and names from right to left: nothing is
//! cut off, and the way out is always there.

use anyhow::{Context as _, ensure};

use crate::harness::{ADA, App, SOON, Screen, Theme, View, World, id, until};

const MAIN: &str = "^Understudy$";
const STAGE: &str = "Signed in as";

const ARABIC: (&str, &str) = ("INV-000064", "ليلى عبد الرحمن");
const LONG: (&str, &str) =
    ("INV-000088", "María de los Ángeles Fernández-Villaverde y Sánchez de Tejada-Castellanos");

/// What stands out of the window sideways, or is a button or a field whose words are cut.
const CUT: &str = "const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth} of ${root.clientWidth} wide`);
    for (const element of document.querySelectorAll('body *')) {
        const place = element.getBoundingClientRect();
        // What is only to be heard is one pixel wide.
        if (place.width <= 1 || place.height <= 1 || !element.checkVisibility({ visibilityProperty: true })) continue;
        const name = element.dataset.testid ?? element.outerHTML.slice(0, 80);
        const used = element.matches('button, a, input, textarea, select, [role=radio], [role=switch], [role=tab]');
        // What an ellipsis ends is whole elsewhere: beside it, or in its title.
        if ((used || (element.children.length === 0 && !element.closest('.ellipsis'))) && (place.left < -1 || place.right > innerWidth + 1))
            found.push(`${name} from ${place.left} to ${place.right} of ${innerWidth}`);
        if (element.matches('button') && !element.querySelector('.ellipsis') && element.scrollWidth > element.clientWidth + 1)
            found.push(`${name} has ${element.scrollWidth} in ${element.clientWidth}`);
    }
    return found;";

/// Whether this can be reached by the mouse with all of its words.
const WHOLE: &str = "const element = document.querySelector(arguments[0]);
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight
        && element.contains(hit) && element.scrollWidth <= element.clientWidth;";

/// How many of the places that name the server are seen, and what they say.
const SERVER: &str = "return [...document.querySelectorAll('[data-testid=server-name], [data-testid=server-above]')]
    .filter((place) => place.checkVisibility({ visibilityProperty: true }) && place.getBoundingClientRect().width > 1)
    .map((place) => place.innerText.trim());";

/// The bar's height, and whether a good part of the name is in it.
const NAMED: &str = "const name = document.querySelector('[data-testid=bar-name]').getBoundingClientRect();
    return [innerHeight, name.width >= 60 && name.left >= 0 && name.right <= innerWidth && name.bottom <= innerHeight];";

async fn nothing_is_cut(app: &App, view: View, what: &str) -> anyhow::Result<()> {
    until(&format!("nothing is cut: {what}"), SOON / 6, async || {
        let found = app.script(view, CUT, vec![]).await?;
        ensure!(found.as_array().is_some_and(Vec::is_empty), "{found}");
        Ok(Some(()))
    })
    .await
}

async fn is_whole(app: &App, view: View, css: &str) -> anyhow::Result<()> {
    until(&format!("{css} is whole"), SOON / 6, async || {
        Ok((app.script(view, WHOLE, vec![css.into()]).await? == true).then_some(()))
    })
    .await
}

/// Windows as large as these, in the screen's own pixels, letters as large as `scale`.
struct Sight {
    world: World,
    app: App,
    sizes: [(u32, u32); 2],
    scale: u32,
}

impl Sight {
    async fn start(theme: Theme, scale: u32, sizes: [(u32, u32); 2]) -> anyhow::Result<Self> {
        let mut world = World::start_on(theme, Screen::One(sizes[1].0 + 40, sizes[1].1 + 60)).await?;
        world.desktop.set("GDK_SCALE", &scale.to_string());
        let app = App::start(&world).await?;
        app.see(View::Main, &id("server-url")).await?;
        Ok(Self { world, app, sizes, scale })
    }

    /// In each size: looks, and takes a picture.
    async fn look(&self, view: View, title: &str, name: &str) -> anyhow::Result<()> {
        for (width, height) in self.sizes {
            self.world.desktop.resize(title, (width, height)).await?;
            let inside = width / self.scale;
            until("the window has its size", SOON, async || {
                let now = self.app.script(view, "return innerWidth", vec![]).await?.as_u64().unwrap_or(0);
                // The stage has its frame on both sides.
                ensure!((u64::from(inside) - 10..=u64::from(inside)).contains(&now), "it is {now} wide");
                Ok(Some(()))
            })
            .await?;
            nothing_is_cut(&self.app, view, &format!("{name} in {width} × {height}")).await?;
            if view == View::Bar {
                is_whole(&self.app, View::Bar, &id("exit")).await?;
            } else if name != "sign-in" {
                let named = self.app.script(view, SERVER, vec![]).await?;
                let server = &self.world.services.server.core.config.name;
                ensure!(named == serde_json::json!([server]), "{name} in {width} × {height} names {named}");
            }
            let name = format!("80-{name}-{}x-{width}", self.scale);
            self.world.step(&self.app, &name, &format!("{name}: nothing is cut.")).await?;
        }
        Ok(())
    }

    /// The sign-in, People, the form, the code, the stage and the history, about this person.
    async fn through((id_of_person, name): (&str, &str), sight: Self) -> anyhow::Result<()> {
        let Self { world, app, .. } = &sight;
        app.fill(View::Main, &id("server-url"), world.services.api.as_str()).await?;
        app.click(View::Main, &id("server-continue")).await?;
        app.see(View::Main, &id("email")).await?;
        sight.look(View::Main, MAIN, "sign-in").await?;
        is_whole(app, View::Main, &id("sign-in")).await?;
        app.sign_in_again(&ADA).await?;
        app.fill(View::Main, &id("people-search"), id_of_person).await?;
        app.reads(View::Main, &id("person-row"), name).await?;
        sight.look(View::Main, MAIN, "people").await?;
        app.click(View::Main, &id("person-row")).await?;
        app.reads(View::Main, &id("person-panel"), name).await?;
        sight.look(View::Main, MAIN, "person").await?;
        app.click(View::Main, &id("impersonation")).await?;
        app.see(View::Main, &id("reason")).await?;
        sight.look(View::Main, MAIN, "form").await?;
        app.fill_in_request("act").await?;
        app.click(View::Main, &id("request-code")).await?;
        app.see(View::Main, &id("code-time")).await?;
        sight.look(View::Main, MAIN, "code").await?;
        app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
        app.start_session().await?;
        app.reads(View::Bar, &id("bar-name"), name).await?;
        app.see(View::Platform, "h1").await?;
        sight.look(View::Bar, STAGE, "stage").await?;
        // A name that is cut in the bar is whole below it, and so are the words of what folds.
        app.click(View::Bar, &id("bar-more")).await?;
        app.reads(View::Bar, &id("bar-details"), name).await?;
        let server = &world.services.server.core.config.name;
        app.reads(View::Bar, &id("bar-details"), server).await?;
        ensure!(
            world.desktop.window(&format!("· {server} – Understudy$")).is_some(),
            "the title names no server"
        );
        sight.look(View::Bar, STAGE, "details").await?;
        app.click(View::Bar, &id("bar-more")).await?;
        app.click(View::Bar, &id("exit")).await?;
        app.see(View::Main, &id("note-sheet")).await?;
        sight.look(View::Main, MAIN, "note").await?;
        app.click(View::Main, &id("note-later")).await?;
        app.click(View::Main, &id("nav-history")).await?;
        app.reads(View::Main, &id("session-row"), name).await?;
        sight.look(View::Main, MAIN, "history").await?;
        app.click(View::Main, &id("nav-settings")).await?;
        app.see(View::Main, &id("set-quiet")).await?;
        sight.look(View::Main, MAIN, "settings").await?;
        sight.app.close().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_and_large_windows_and_a_name_from_right_to_left_fit() -> anyhow::Result<()> {
    Sight::through(ARABIC, Sight::start(Theme::Light, 1, [(900, 600), (1600, 1000)]).await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn at_200_percent_with_a_very_long_name_everything_fits() -> anyhow::Result<()> {
    Sight::through(LONG, Sight::start(Theme::Dark, 2, [(1280, 960), (1600, 1000)]).await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn enlarged_by_the_app_itself_everything_fits_and_is_as_large_after_a_restart() -> anyhow::Result<()> {
    let sight = Sight::start(Theme::Light, 1, [(1280, 960), (1600, 1000)]).await?;
    let Sight { world, app, .. } = &sight;
    app.sign_in(world, &ADA).await?;
    app.request_code(world, LONG.0, "view").await?;
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    app.start_session().await?;
    app.see(View::Platform, "h1").await?;
    world.desktop.bring_up(MAIN)?;
    let wide = async |app: &App| -> anyhow::Result<f64> {
        Ok(app.script(View::Main, "return innerWidth", vec![]).await?.as_f64().unwrap_or(0.0))
    };
    let whole = wide(app).await?;
    for zoom in [1.25, 1.5, 1.75, 2.0] {
        world.desktop.press(&["ctrl+plus"])?;
        until(&format!("{zoom} times the size"), SOON, async || {
            Ok(((wide(app).await? * zoom - whole).abs() <= zoom).then_some(()))
        })
        .await?;
    }
    // As much from the stage, where the keys are the page's.
    world.desktop.bring_up(STAGE)?;
    for (key, zoom) in [("ctrl+minus", 1.75), ("ctrl+plus", 2.0)] {
        world.desktop.press(&[key])?;
        until(&format!("{key} on the stage"), SOON, async || {
            Ok(((wide(app).await? * zoom - whole).abs() <= zoom).then_some(()))
        })
        .await?;
    }
    let sight = Sight { scale: 2, ..sight };
    let Sight { world, .. } = &sight;
    sight.look(View::Bar, STAGE, "stage").await?;
    // In the smallest window too: who one is, and the way out.
    world.desktop.resize(STAGE, (560, 400)).await?;
    until("the bar has two rows and names the person", SOON, async || {
        let seen = sight.app.script(View::Bar, NAMED, vec![]).await?;
        ensure!(seen == serde_json::json!([88, true]), "{seen}");
        Ok(Some(()))
    })
    .await?;
    is_whole(&sight.app, View::Bar, &id("exit")).await?;
    world.step(&sight.app, "82-smallest-2x", "The smallest window, twice as large.").await?;
    world.desktop.bring_up(STAGE)?;
    world.desktop.press(&["ctrl+shift+e"])?;
    world.services.ended(world.services.newest().await?.id, "exit", SOON).await?;
    // The driver clicks beside what is enlarged.
    sight.app.see(View::Main, &id("note-sheet")).await?;
    world.desktop.press(&["Escape"])?;
    for (key, name) in [("1", "people"), ("3", "form"), ("4", "history"), ("5", "settings")] {
        world.desktop.bring_up(MAIN)?;
        world.desktop.press(&[&format!("ctrl+{key}")])?;
        sight.look(View::Main, MAIN, name).await?;
    }
    let Sight { world, app, sizes, .. } = sight;
    app.close().await?;
    let app = App::start(&world).await?;
    app.see(View::Main, &id("nav-people")).await?;
    world.desktop.resize(MAIN, sizes[0]).await?;
    until("it is as large as before", SOON, async || {
        Ok((wide(&app).await? == f64::from(sizes[0].0 / 2)).then_some(()))
    })
    .await?;
    app.close().await
}

/// What the style sheets say for more contrast, said for everybody; then how strong the weakest words are.
///
/// WebKitGTK does not pass the wish of the system on in every version, so the rules themselves are looked at.
const CONTRAST: &str = "for (const sheet of document.styleSheets)
        for (const rule of sheet.cssRules)
            if (rule instanceof CSSMediaRule && rule.media.mediaText.includes('prefers-contrast')) rule.media.mediaText = 'all';
    const drawing = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const light = (colour) => {
        drawing.clearRect(0, 0, 1, 1);
        drawing.fillStyle = colour;
        drawing.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = drawing.getImageData(0, 0, 1, 1).data;
        const line = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
        return { opaque: a === 255, value: 0.2126 * line(r) + 0.7152 * line(g) + 0.0722 * line(b) };
    };
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const { opaque, value } = light(getComputedStyle(at).backgroundColor);
            if (opaque) return value;
        }
        return light('white').value;
    };
    let weakest = { ratio: 21, words: '' };
    for (const element of document.querySelectorAll('body *')) {
        const words = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
        if (words === '' || !element.checkVisibility({ visibilityProperty: true })) continue;
        const [one, other] = [light(getComputedStyle(element).color).value, ground(element)];
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (ratio < weakest.ratio) weakest = { ratio, words };
    }
    return { ...weakest, heard: matchMedia('(prefers-contrast: more)').matches };";

/// WCAG's strictest level (1.4.6) for small letters.
const STRICTEST: f64 = 7.0;

async fn has_contrast(world: &World, app: &App, view: View, what: &str) -> anyhow::Result<()> {
    app.drawn().await?;
    let weakest = app.script(view, CONTRAST, vec![]).await?;
    let ratio = weakest["ratio"].as_f64().context("no contrast")?;
    ensure!((STRICTEST..21.0).contains(&ratio), "on {what}: {weakest}");
    world.step(app, &format!("81-contrast-{what}"), &format!("{what}: {weakest}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_more_contrast_is_asked_for_the_weakest_words_have_seven_to_one() -> anyhow::Result<()> {
    let mut world = World::start(Theme::Light).await?;
    world.desktop.set("GTK_THEME", "HighContrast");
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.click(View::Main, &id("nav-impersonation")).await?;
    app.see(View::Main, &id("identifier")).await?;
    has_contrast(&world, &app, View::Main, "form-light").await?;
    app.step_in(&world, &ADA, "view").await?;
    app.click(View::Bar, &id("bar-more")).await?;
    app.see(View::Bar, &id("bar-details")).await?;
    for theme in ["light", "dark"] {
        app.click(View::Main, &id("nav-settings")).await?;
        app.click(View::Main, &id(&format!("set-theme-{theme}"))).await?;
        app.see(View::Main, &format!("html[data-theme={theme}]")).await?;
        has_contrast(&world, &app, View::Bar, &format!("bar-{theme}")).await?;
        for screen in ["people", "impersonation", "history", "settings"] {
            app.click(View::Main, &id(&format!("nav-{screen}"))).await?;
            app.see(View::Main, &format!("{}[aria-current=page]", id(&format!("nav-{screen}")))).await?;
            has_contrast(&world, &app, View::Main, &format!("{screen}-{theme}")).await?;
        }
        app.click(View::Main, &id("nav-history")).await?;
        app.click(View::Main, &format!("{} a", id("session-row"))).await?;
        app.see(View::Main, &id("actions")).await?;
        has_contrast(&world, &app, View::Main, &format!("report-{theme}")).await?;
    }
    app.click(View::Bar, &id("exit")).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    has_contrast(&world, &app, View::Main, "note-dark").await?;
    app.click(View::Main, &id("note-later")).await?;
    app.click(View::Main, &id("nav-impersonation")).await?;
    app.see(View::Main, &id("identifier")).await?;
    has_contrast(&world, &app, View::Main, "form-dark").await?;
    app.close().await
}
