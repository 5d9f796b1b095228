//! Somebody else ends the session or the sign-in: said plainly, and the app stays usable.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;
use understudy_protocol::Role;
use understudy_server::staff;

use crate::harness::{ADA, App, LEA, PASSWORD, PERSON, SOON, Staff, Theme, View, World, id, until};

const STAGE: &str = "Signed in as";

const MAX: Staff = Staff { email: "max@example.com", name: "Max Brandt" };

async fn stage_goes(world: &World, time: Duration) -> anyhow::Result<()> {
    until("the stage goes", time, async || Ok(world.desktop.window(STAGE).is_none().then_some(()))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_somebody_else_ends_closes_its_stage_within_a_second_and_says_who()
-> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "act").await?;
    let admin = (MAX.email, PASSWORD.to_owned().into());
    staff::add(&world.services.server.core.store, admin.0, MAX.name, &[Role::Admin], admin.1).await?;
    let token = world.services.sign_in_elsewhere(&MAX).await?;
    world.services.ask_elsewhere(&format!("api/sessions/{session}/end"), &token, json!({})).await?;
    let begun = Instant::now();
    stage_goes(&world, SOON).await?;
    ensure!(begun.elapsed() < Duration::from_secs(1), "it took {:?}", begun.elapsed());
    app.reads(View::Main, &id("note-sheet"), "A member of staff ended the session").await?;
    until("the notification", SOON, async || {
        let known = world.desktop.notifications()?;
        Ok(known.iter().any(|(_, body)| body.contains("somebody of your team stopped it")).then_some(()))
    })
    .await?;
    world
        .step(&app, "66-stopped", "Somebody of the team has ended the session, and the app says so.")
        .await?;
    // The sign-in is still good: the note is kept, and the next code asked for.
    app.fill(View::Main, &id("note-what"), "Looked at the profile, no more").await?;
    app.fill(View::Main, &id("note-why"), "It was stopped").await?;
    app.click(View::Main, &id("solved-no")).await?;
    app.click(View::Main, &id("note-save")).await?;
    app.gone(View::Main, &id("note-sheet")).await?;
    app.request_code(&world, PERSON, "view").await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_out_elsewhere_is_told_and_signs_in_again() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let token = world.services.tap.last("access_token")?;
    world.services.ask_elsewhere("api/sign-out", &token, json!({})).await?;
    app.reads(View::Main, &id("signed-out"), "Sign in again").await?;
    app.sign_in_again(&ADA).await?;
    // Whoever signs out by themselves is told nothing.
    app.click(View::Main, &id("you")).await?;
    app.click(View::Main, &id("sign-out")).await?;
    app.see(View::Main, &id("email")).await?;
    ensure!(!app.shows(View::Main, &id("signed-out")).await?, "she has signed out herself");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_account_is_disabled_is_signed_out_and_told() -> anyhow::Result<()> {
    let world = World::start(Theme::Light).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "act").await?;
    staff::disable(&world.services.server.core, ADA.email).await?;
    stage_goes(&world, SOON).await?;
    world.services.ended(session, "staff_disabled", SOON).await?;
    app.reads(View::Main, &id("signed-out"), "ask your administrator").await?;
    world
        .step(&app, "67-signed-out", "Her account is disabled: she is signed out, and the app says so.")
        .await?;
    app.fill(View::Main, &id("email"), ADA.email).await?;
    app.fill(View::Main, &id("password"), PASSWORD).await?;
    app.click(View::Main, &id("sign-in")).await?;
    app.see(View::Main, &id("error")).await?;
    // Somebody else can sign in all the same, and finds nothing of hers.
    app.sign_in_again(&LEA).await?;
    ensure!(!app.shows(View::Main, &id("note-sheet")).await?, "the note of somebody else is asked for");
    app.close().await
}
