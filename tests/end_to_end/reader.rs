//! The app without a screen: what a screen reader finds, hears and presses in the real windows.

use crate::harness::{ADA, App, PERSON, PERSON_NAME, Role, SOON, View, World, id};

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_reader_finds_hears_and_presses_all_that_matters_up_to_the_exit() -> anyhow::Result<()> {
    // Half a minute from the whole time to the mark that is said.
    let mut world = World::configured(|config| config.code.minutes = 1).await?;
    let reader = world.desktop.reader().await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;

    app.click(View::Main, &id("nav-impersonation")).await?;
    reader.focus(Role::Field, "Identifier of the user").await?;
    world.desktop.type_text(PERSON)?;
    reader.press(Role::Button, "Find user").await?;
    app.see(View::Main, &id("reason")).await?;
    app.fill_in_request("view").await?;
    reader.press(Role::Button, "Request code").await?;
    reader.says(&format!("The code for {PERSON_NAME} has arrived.")).await?;

    let code = world.mail.newest(ADA.email, 1).await?.code().replace('-', "");
    reader.focus(Role::Field, "Confirmation code, eight letters").await?;
    world.desktop.type_text(&code.chars().rev().collect::<String>())?;
    reader.press(Role::Button, "Verify code").await?;
    reader.says("That code is not right.").await?;
    reader.says("30 seconds").await?;
    reader.focus(Role::Field, "Confirmation code, eight letters").await?;
    world.desktop.type_text(&code)?;
    reader.press(Role::Button, "Verify code").await?;
    app.start_session().await?;

    reader.finds(Role::Heading, &format!("You are signed in as {PERSON_NAME} · Investor")).await?;
    world.services.tap.cut();
    reader.says("No contact with the server.").await?;
    world.services.tap.mend();
    app.gone(View::Bar, &id("connection-lost")).await?;
    reader.press(Role::Button, "Exit impersonation").await?;
    world.services.ended(world.services.newest().await?.id, "exit", SOON).await?;
    app.fill(View::Main, &id("note-what"), "Looked at her documents").await?;
    app.fill(View::Main, &id("note-why"), "She could not find one").await?;
    app.click(View::Main, &id("solved-yes")).await?;
    reader.press(Role::Button, "Save note").await?;
    reader.says("The note is saved.").await?;
    app.close().await
}
