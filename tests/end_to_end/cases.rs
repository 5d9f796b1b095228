//! The four situations that the specification names, each found from inside the person's account; and whatever
//! else a platform's pages do.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

use crate::harness::{ADA, App, SOON, Theme, View, World, axe, id, until};

const COMPANY: &str = "COM-000004";

async fn stepped_in(person: &str) -> anyhow::Result<(World, App)> {
    let world = World::start(Theme::Light).await?;
    let app = step_in(&world, person).await?;
    Ok((world, app))
}

async fn step_in(world: &World, person: &str) -> anyhow::Result<App> {
    let app = App::start(world).await?;
    app.sign_in(world, &ADA).await?;
    app.step_in_as(person, world, &ADA, "act").await?;
    Ok(app)
}

/// What the system is told to open stands in a file and opens nothing.
fn record_what_is_opened(world: &mut World) -> anyhow::Result<PathBuf> {
    let folder = world.folder.path().join("bin");
    let (program, opened) = (folder.join("xdg-open"), folder.join("opened"));
    fs::create_dir_all(&folder)?;
    fs::write(&program, format!("#!/bin/sh\necho \"$1\" >> '{}'\n", opened.display()))?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    world.desktop.set("PATH", &format!("{}:{}", folder.display(), std::env::var("PATH")?));
    Ok(opened)
}

async fn is_opened(opened: &Path, what: &str) -> anyhow::Result<()> {
    until(&format!("{what} is opened"), SOON, async || {
        let lines = fs::read_to_string(opened)?;
        ensure!(lines.lines().last() == Some(what), "opened are {lines}");
        Ok(Some(()))
    })
    .await
}

async fn go(app: &App, css: &str) -> anyhow::Result<()> {
    app.click(View::Platform, css).await
}

/// Waits for a file in the folder of downloads.
async fn downloaded(world: &World, part: &str) -> anyhow::Result<Vec<u8>> {
    let folder: PathBuf = world.desktop.downloads();
    until(&format!("{part} is downloaded"), SOON, async || {
        let Ok(files) = fs::read_dir(&folder) else { return Ok(None) };
        for file in files {
            let path = file?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().contains(part)) {
                let bytes = fs::read(path)?;
                return Ok((!bytes.is_empty()).then_some(bytes));
            }
        }
        Ok(None)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_cannot_be_found_is_found_two_menus_deep() -> anyhow::Result<()> {
    let mut world = World::start(Theme::Light).await?;
    let opened = record_what_is_opened(&mut world)?;
    let app = step_in(&world, crate::harness::PERSON).await?;
    go(&app, "nav a[href='/documents']").await?;
    go(&app, ".menu summary").await?;
    go(&app, ".menu a[href='/documents/certificates']").await?;
    go(&app, ".entries a[href='/documents/certificates/tax']").await?;
    app.see(View::Platform, "#tax-statements").await?;
    world.step(&app, "40-tax-statement", "The annual tax statement was two menus deep.").await?;
    go(&app, "#tax-statements a[href$='2025/statement.pdf']").await?;
    let pdf = downloaded(&world, "tax-2025").await?;
    ensure!(pdf.starts_with(b"%PDF"), "that is no PDF");
    app.reads(View::Bar, &id("sheet-downloaded"), "tax-2025").await?;
    // What the bar offers is done by keyboard.
    app.press_on(&world.desktop, View::Bar, &id("open-folder")).await?;
    let folder = world.desktop.downloads();
    is_opened(&opened, folder.to_str().context("a path that is no text")?).await?;
    app.gone(View::Bar, &id("sheet-downloaded")).await?;
    go(&app, "#tax-statements a[href$='2025/statement.csv']").await?;
    until("the CSV as well", SOON, async || {
        let files = fs::read_dir(world.desktop.downloads())?.filter_map(Result::ok);
        let names: Vec<_> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        Ok(names.iter().any(|name| name.ends_with(".csv")).then_some(()))
    })
    .await?;
    app.press_on(&world.desktop, View::Bar, &id("dismiss")).await?;
    app.gone(View::Bar, &id("sheet-downloaded")).await?;
    for button in ["dismiss", "open-link"] {
        app.script(View::Platform, "location.href = 'https://example.com/terms'", vec![]).await?;
        app.reads(View::Bar, &id("sheet-url"), "https://example.com/terms").await?;
        // The page decides when it is asked, so a key that was meant for the page leads nowhere.
        app.has_keyboard(View::Bar, &id("dismiss")).await?;
        app.press_on(&world.desktop, View::Bar, &id(button)).await?;
        app.gone(View::Bar, &id("sheet-external_link")).await?;
    }
    is_opened(&opened, "https://example.com/terms").await?;

    // What the gateway refuses to open it says on a page of its own.
    app.script(View::Platform, "location.href = '/settings.'", vec![]).await?;
    app.reads(View::Platform, "h1", "more than one reading").await?;
    axe::is_content(&app.script_async(View::Platform, &axe::script()?, vec![]).await?)?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_stuck_moves_on() -> anyhow::Result<()> {
    let (world, app) = stepped_in(crate::harness::PERSON).await?;
    go(&app, "nav a[href='/transactions']").await?;
    go(&app, "tr:has(.awaiting_bank) a").await?;
    app.reads(View::Platform, ".timeline .now", "bank").await?;
    go(&app, "#bank-matching summary").await?;
    let received = app.text(View::Platform, "#reference-received").await?;
    let expected = app.text(View::Platform, "#reference-expected").await?;
    ensure!(received != expected, "both references are {received}");
    world.step(&app, "41-stuck-payment", "The payment waits because its reference is a wrong one.").await?;
    app.fill(View::Platform, "#correct-reference input[name=reference]", expected.trim()).await?;
    go(&app, "#correct-reference button").await?;
    app.reads(View::Platform, ".notice", "corrected").await?;
    app.see(View::Platform, ".facts .status.processing").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_does_not_upload_does_under_another_name() -> anyhow::Result<()> {
    let (world, app) = stepped_in(crate::harness::PERSON).await?;
    let upload = async |name: &str| -> anyhow::Result<()> {
        let path = world.folder.path().join(name);
        fs::write(&path, b"%PDF-1.4\n% a passport\n")?;
        app.see(View::Platform, "input[type=file]").await?;
        app.keys(View::Platform, "input[type=file]", path.to_str().context("a path that is no text")?)
            .await?;
        app.click_path(View::Platform, "//button[contains(., 'Upload')]").await
    };
    go(&app, "nav a[href='/documents']").await?;
    upload("Passport #2.pdf").await?;
    app.reads(View::Platform, "#problem", "Upload failed").await?;
    world
        .step(&app, "42-upload", "The upload fails, and the platform does not say that the name is why.")
        .await?;
    upload("Passport 2.pdf").await?;
    app.reads(View::Platform, ".notice", "uploaded").await?;
    app.reads(View::Platform, "main", "Passport 2.pdf").await?;

    // Its own dialogs: a new name is asked for, and deleting wants a yes.
    go(&app, "form[action$='/rename'] button").await?;
    app.answer_dialog(Some("Passport two.pdf")).await?;
    ensure!(app.answer_dialog(None).await?.contains("new name"), "the alert says something else");
    app.reads(View::Platform, "main", "Passport two.pdf").await?;
    go(&app, "form[action$='/delete'] button").await?;
    ensure!(app.answer_dialog(None).await?.contains("Delete"), "it does not ask");
    ensure!(app.answer_dialog(None).await?.contains("deleted"), "it does not say so");
    app.close().await
}

/// An upload that leaves the page open, as the page's own script would do it.
const UPLOAD: &str = "const form = new FormData();
    form.append('csrf_token', document.querySelector('input[name=csrf_token]').value);
    form.append('file', new File(['%PDF-1.4'], arguments[0], { type: 'application/pdf' }));
    const done = arguments[1];
    fetch('/documents', { method: 'POST', body: form }).then(({ status }) => done(status), (error) => done(`${error}`));";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_platform_pushes_comes_to_the_page_that_is_open() -> anyhow::Result<()> {
    let (world, app) = stepped_in(crate::harness::PERSON).await?;
    go(&app, "nav a[href='/messages']").await?;
    app.see(View::Platform, "[data-messages] li").await?;
    let before = app.texts(View::Platform, "[data-messages] li").await?;
    app.script(View::Platform, "window.stayed = true", vec![]).await?;
    let answered = app.script_async(View::Platform, UPLOAD, vec!["Land register.pdf".into()]).await?;
    ensure!(answered == 200, "the upload is answered with {answered}");
    // The platform takes seconds to check a document, and then writes: server-sent events bring it here.
    app.reads(View::Platform, "[data-messages]", "Land register.pdf").await?;
    let after = app.texts(View::Platform, "[data-messages] li").await?;
    ensure!(
        after.len() == before.len() + 1 && after[1..] == before,
        "there were {before:?}, there are {after:?}"
    );
    ensure!(!before.concat().contains("Land register"), "it was there already: {before:?}");
    let stayed = app.script(View::Platform, "return window.stayed === true", vec![]).await?;
    ensure!(stayed == true, "the page was loaded again");
    world.step(&app, "45-message", "A message came while the page was open.").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_blocks_is_solved_by_trying_live() -> anyhow::Result<()> {
    let (world, app) = stepped_in(COMPANY).await?;
    go(&app, "nav a[href='/application']").await?;
    go(&app, "button[value=next]").await?;
    app.reads(View::Platform, "#problem", "legal form").await?;
    world.step(&app, "43-application", "The form blames the legal form.").await?;
    app.fill(View::Platform, "input[name=registration_number]", "HRB128074").await?;
    go(&app, "button[value=next]").await?;
    app.see(View::Platform, "input[name=director]").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn live_prices_and_new_windows_stay_on_the_stage() -> anyhow::Result<()> {
    let (world, app) = stepped_in(crate::harness::PERSON).await?;
    go(&app, "nav a[href='/offers']").await?;
    go(&app, "a[href='/offers/prices']").await?;
    app.see(View::Platform, ".connection[data-state=live]").await?;
    let price = "[data-offer=sicily-solar] [data-now]";
    let first = app.text(View::Platform, price).await?;
    until(
        "another price",
        SOON,
        async || Ok((app.text(View::Platform, price).await? != first).then_some(())),
    )
    .await?;
    world.step(&app, "44-prices", "Prices come in over a WebSocket.").await?;
    for opener in ["#brochure", "#calculator"] {
        go(&app, "nav a[href='/offers']").await?;
        go(&app, "a[href='/offers/sicily-solar']").await?;
        go(&app, opener).await?;
        let part = opener.trim_start_matches('#').to_owned();
        until(&format!("{part} on the stage"), SOON, async || {
            Ok(app.url(View::Platform).await?.path().contains(&part).then_some(()))
        })
        .await?;
        ensure!(world.desktop.windows()? == 2, "it opened a window of its own");
        app.see(View::Bar, &id("exit")).await?;
        // The way back is the page's own.
        app.script(View::Platform, "history.back()", vec![]).await?;
        app.see(View::Platform, "#brochure").await?;
    }
    app.close().await
}
