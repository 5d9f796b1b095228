//! The specification's flow, from "Identify the user" to "Exit impersonation" and its record.

use std::fs;

use anyhow::{Context as _, ensure};
use uuid::Uuid;

use crate::harness::{
    ADA, App, LEA, PERSON, PERSON_NAME, REASON, Recorded, SOON, Theme, View, World, id, until,
};

const PHONE: &str = "+33 6 12 34 56 78";
const DOCUMENT: &str = "Contrat signé.pdf";
const RULES: [&str; 5] = ["consent", "needed", "xit", "ocument", "sensitive"];

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_works_from_the_first_start_to_the_record() -> anyhow::Result<()> {
    tell(Theme::Light).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_story_works_in_the_dark() -> anyhow::Result<()> {
    tell(Theme::Dark).await
}

async fn tell(theme: Theme) -> anyhow::Result<()> {
    let world = World::start(theme).await?;
    let app = App::start(&world).await?;
    begin(&world, &app).await?;
    let session = request(&world, &app).await?;
    verify_and_start(&world, &app).await?;
    help(&world, &app).await?;
    exit(&world, &app, session).await?;
    let actions = recorded(&world, &app, session).await?;
    look_back(&world, &app, session, &actions).await?;
    app.close().await
}

/// First start, server, sign-in.
async fn begin(world: &World, app: &App) -> anyhow::Result<()> {
    app.see(View::Main, &id("server-url")).await?;
    world.step(app, "01-first-start", "The app asks for the address of its server.").await?;
    app.fill(View::Main, &id("server-url"), world.services.api.as_str()).await?;
    app.click(View::Main, &id("server-continue")).await?;
    app.see(View::Main, &id("email")).await?;
    world.step(app, "02-sign-in", "It asks who is there.").await?;
    app.sign_in_again(&ADA).await?;
    app.see(View::Main, &id("person-row")).await?;
    world.step(app, "03-people", "Ada is signed in and sees the people of the platform.").await?;
    // Where the refresh token lives.
    let kept = world.desktop.run("secret-tool", &["search", "--all", "service", "dev.understudy.desktop"])?;
    ensure!(kept.contains("secret = "), "the keyring holds no refresh token: {kept}");
    Ok(())
}

/// Step 1 and 2 of the specification: identify the user, request the code.
async fn request(world: &World, app: &App) -> anyhow::Result<Uuid> {
    app.click(View::Main, &id("tab-Company")).await?;
    app.click(View::Main, &id("tab-Investor")).await?;
    app.fill(View::Main, &id("people-search"), "marchand").await?;
    let row = format!("//*[@data-testid='person-row'][contains(., '{PERSON_NAME}')]");
    app.click_path(View::Main, &row).await?;
    app.reads(View::Main, &id("person-id"), PERSON).await?;
    world.step(app, "04-person", "She has found Élise Marchand by name and opened her profile.").await?;
    app.click(View::Main, &id("impersonation")).await?;
    app.see(View::Main, &id("reason")).await?;
    app.fill_in_request("act").await?;
    world
        .step(app, "05-request", "\"Impersonation\": the reason, the consent and the mode are filled in.")
        .await?;
    app.click(View::Main, &id("request-code")).await?;
    app.see(View::Main, &id("code-time")).await?;
    app.reads(View::Main, &id("deliveries"), ADA.email).await?;
    world
        .step(
            app,
            "06-waiting",
            "\"Request code\": the app says where the code went and how long it is good.",
        )
        .await?;
    let session = world.services.newest().await?.id;

    let code = world.mail.newest(ADA.email, 1).await?.code();
    app.click(View::Main, &id("nav-people")).await?;
    until("a click on the notification", SOON, async || {
        Ok(world.desktop.click_notification()?.then_some(()))
    })
    .await?;
    app.reads(View::Main, &id("inbox-code"), &code).await?;
    world
        .step(
            app,
            "07-inbox",
            "A click on the notification has opened the inbox: the code of the mail, with \"Use code\".",
        )
        .await?;
    let known = world.desktop.notifications()?;
    let notification = known.iter().find(|(title, _)| title == "A code has arrived");
    let (_, body) = notification.with_context(|| format!("no notification of the code: {known:?}"))?;
    ensure!(body.contains(PERSON_NAME), "the notification does not say for whom: {body}");
    ensure!(!body.contains(&code), "the notification shows the code on the lock screen");
    world.step(app, "08-notified", "The notification daemon has it on record, without the code.").await?;
    Ok(session)
}

/// Step 3: verify the code; then the rules and the start.
async fn verify_and_start(world: &World, app: &App) -> anyhow::Result<()> {
    let mail = world.mail.newest(ADA.email, 1).await?;
    let code = mail.code();
    for word in [ADA.name, PERSON, "HELP-2041", "30 minutes"] {
        ensure!(mail.text.contains(word), "the mail does not say {word}: {}", mail.text);
    }
    app.click(View::Main, &id("nav-impersonation")).await?;
    app.enter_code(&code.to_lowercase()).await?;
    app.reads(View::Main, &id("ready-sentence"), PERSON_NAME).await?;
    let page = app.text(View::Main, "main").await?;
    for rule in RULES {
        ensure!(page.contains(rule), "a usage rule is missing ({rule}): {page}");
    }
    world
        .step(
            app,
            "09-rules",
            "\"Verify code\": the code from the mail is right; the five usage rules are shown.",
        )
        .await?;
    app.scan().await?;
    world
        .step(app, "09b-second-factor", "Ada has set up her authenticator app, and keeps the recovery codes.")
        .await?;
    app.click(View::Main, &id("recovery-kept")).await?;
    app.click(View::Main, &id("start")).await
}

/// Step 4: impersonation mode is active.
async fn help(world: &World, app: &App) -> anyhow::Result<()> {
    app.reads(View::Bar, &id("bar-name"), PERSON_NAME).await?;
    app.reads(View::Bar, &id("bar-mode"), "changes allowed").await?;
    app.see(View::Bar, &id("exit")).await?;
    app.reads(View::Platform, "h1", PERSON_NAME).await?;
    world
        .step(app, "10-dashboard", "The stage: the bar, and under it the dashboard as Élise sees it.")
        .await?;

    app.see(View::Main, &id("live")).await?;
    world.desktop.bring_up("^Understudy$")?;
    world
        .step(app, "11-workspace", "The workspace stays: there Ada is herself, and it says what is going on.")
        .await?;
    world.desktop.bring_up("Signed in as")?;

    app.click(View::Platform, "a[href='/profile']").await?;
    app.fill(View::Platform, "input[name=phone]", PHONE).await?;
    app.click_path(View::Platform, "//button[contains(., 'Save profile')]").await?;
    until("the profile is changed", SOON, async || {
        app.see(View::Platform, "input[name=phone]").await?;
        let value =
            app.script(View::Platform, "return document.querySelector('input[name=phone]').value", vec![]);
        let posted = world.services.platform_log(world.services.newest().await?.id)?;
        let saved = posted.iter().any(|entry| entry.method == "POST" && entry.path == "/profile");
        Ok((saved && value.await? == PHONE).then_some(()))
    })
    .await?;
    world.step(app, "12-profile", "Ada has changed the phone number in the profile.").await?;

    app.click(View::Platform, "a[href='/documents']").await?;
    app.see(View::Platform, "input[type=file]").await?;
    let document = world.folder.path().join(DOCUMENT);
    fs::write(&document, b"%PDF-1.4\n% a contract\n")?;
    app.keys(View::Platform, "input[type=file]", document.to_str().context("a path that is no text")?)
        .await?;
    app.click_path(View::Platform, "//button[contains(., 'Upload')]").await?;
    app.reads(View::Platform, "main", DOCUMENT).await?;
    world.step(app, "13-document", "She has uploaded the contract that did not go through.").await?;

    app.click_path(View::Platform, &format!("//a[contains(., '{DOCUMENT}')]")).await?;
    app.reads(View::Bar, &id("sheet-downloaded"), DOCUMENT).await?;
    world.step(app, "14-download", "A download is saved, and the bar says where.").await?;
    // What only informs goes by itself.
    app.gone(View::Bar, &id("sheet-downloaded")).await
}

/// "Exit impersonation", and the support note.
async fn exit(world: &World, app: &App, session: Uuid) -> anyhow::Result<()> {
    app.click(View::Bar, &id("exit")).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    ensure!(world.desktop.window("Signed in as").is_none(), "the stage is still there");
    ensure!(!app.has(View::Platform).await?, "the platform is still there");
    world.services.ended(session, "exit", SOON).await?;
    world
        .step(app, "15-note", "\"Exit impersonation\": Ada is herself again and is asked for the note.")
        .await?;
    app.fill(View::Main, &id("note-what"), "Corrected her phone number and uploaded her contract.").await?;
    app.fill(View::Main, &id("note-why"), "She asked for both on the phone; the file's name had an accent.")
        .await?;
    app.click(View::Main, &id("solved-yes")).await?;
    app.click(View::Main, &id("note-save")).await?;
    app.gone(View::Main, &id("note-sheet")).await
}

/// The ledger and the platform's own log say the same, line by line.
async fn recorded(world: &World, app: &App, session: Uuid) -> anyhow::Result<Vec<Recorded>> {
    let actions = world.services.actions(session).await?;
    let ours: Vec<_> = actions.iter().map(|a| (a.method.as_str(), a.path.as_str(), a.status)).collect();
    let log = world.services.platform_log(session)?;
    let theirs: Vec<_> = log.iter().map(|a| (a.method.as_str(), a.path.as_str(), Some(a.status))).collect();
    ensure!(ours == theirs, "the ledger has {ours:#?}, Meridian has {theirs:#?}");
    ensure!(
        log.iter().all(|entry| entry.person.as_deref() == Some(PERSON)),
        "somebody else's account: {log:?}"
    );
    let actor = world.services.newest().await?.staff_id.to_string();
    ensure!(log.iter().all(|entry| entry.actor.as_deref() == Some(&actor)), "somebody else did it: {log:?}");
    let names: Vec<_> = actions.iter().map(|action| action.name.as_str()).collect();
    for name in
        ["Viewed the dashboard", "Changed the profile", "Uploaded a document", "Downloaded a document"]
    {
        ensure!(names.contains(&name), "{name} is not on record: {names:?}");
    }
    let kinds = world.services.kinds(session).await?;
    let at =
        |kind: &str| kinds.iter().position(|k| k == kind).with_context(|| format!("no {kind} in {kinds:?}"));
    let way =
        ["code_requested", "code_verified", "session_started", "stage_entered", "action", "session_ended"];
    let places = way.iter().map(|kind| at(kind)).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(places.is_sorted(), "the story is on record in another order: {kinds:?}");
    ensure!(at("note_written")? > places[5], "the note is not on record after the end: {kinds:?}");
    world.services.verify_ledger().await?;
    world
        .step(app, "16-ledger", "The ledger is whole; Meridian's own log agrees with it line by line.")
        .await?;
    Ok(actions)
}

/// Everything is found in the history: by who did it, and by the lead.
async fn look_back(world: &World, app: &App, session: Uuid, actions: &[Recorded]) -> anyhow::Result<()> {
    app.click(View::Main, &id("nav-history")).await?;
    let row = format!("[data-session=\"{session}\"]");
    app.reads(View::Main, &row, PERSON_NAME).await?;
    world.step(app, "17-history", "History has the session, with its end and its note.").await?;
    for staff in [&ADA, &LEA] {
        app.click(View::Main, &id("nav-history")).await?;
        app.click(View::Main, &format!("{row} a")).await?;
        if staff.email == LEA.email {
            app.unseal().await?;
        }
        app.reads(View::Main, &id("report"), REASON).await?;
        app.reads(View::Main, &id("report"), ADA.name).await?;
        app.reads(View::Main, &id("report-end"), "Exited").await?;
        app.reads(View::Main, &id("report-note"), "Corrected her phone number").await?;
        let shown = app.texts(View::Main, &id("action")).await?;
        ensure!(
            shown.len() == actions.len(),
            "{} actions are shown, {} on record",
            shown.len(),
            actions.len()
        );
        for (line, action) in shown.iter().zip(actions) {
            let status = action.status.map(|status| status.to_string()).unwrap_or_default();
            for part in [&action.name, &action.method, &action.path, &status] {
                ensure!(line.contains(part.as_str()), "{line:?} does not say {part}");
            }
        }
        if staff.email == LEA.email {
            app.gone(View::Main, &id("nav-impersonation")).await?;
            world.step(app, "19-report-lead", "Léa, who leads the team, sees the same.").await?;
        } else {
            world
                .step(
                    app,
                    "18-report",
                    "Its report has every step in order, with the names of the changed fields.",
                )
                .await?;
            app.click(View::Main, &id("you")).await?;
            app.click(View::Main, &id("sign-out")).await?;
            app.sign_in_again(&LEA).await?;
        }
    }
    Ok(())
}
