//! A gateway that is reached by `https`, as every one is outside of tests.

use anyhow::{Context as _, ensure};

use crate::{
    harness::{ADA, App, PERSON, PERSON_NAME, SOON, View, World, id, vouched_for},
    trouble::{proxy, set_proxy},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_stage_trusts_an_authority_of_the_system_and_its_cookies_go_encrypted_only() -> anyhow::Result<()>
{
    let (authority, tls) = vouched_for("127.0.0.2")?;
    let mut world = World::encrypted(tls).await?;
    world.trust(&authority)?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.step_in(&world, &ADA, "act").await?;
    ensure!(app.url(View::Platform).await?.scheme() == "https", "the stage is not encrypted");
    // The door's own, bound to this host, and the one that scripts must read: by encryption alone, both of them.
    let cookies = app.cookies(View::Platform).await?;
    let mut names: Vec<_> = cookies.iter().map(|cookie| (cookie.name(), cookie.http_only())).collect();
    names.sort_unstable();
    ensure!(names == [("__Host-understudy", Some(true)), ("csrf_token", Some(false))], "{names:?}");
    ensure!(cookies.iter().all(|cookie| cookie.secure() == Some(true)), "{cookies:?}");
    app.click(View::Platform, "nav a[href='/offers']").await?;
    app.click(View::Platform, "a[href='/offers/prices']").await?;
    app.see(View::Platform, ".connection[data-state=live]").await?;
    world
        .step(&app, "68-encrypted", "An authority of the house: pages and live prices come encrypted.")
        .await?;
    app.click(View::Bar, &id("exit")).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.close().await
}

/// As in a company whose way out is one proxy: to the pages, and to what stays open.
#[tokio::test(flavor = "multi_thread")]
async fn the_stage_goes_through_the_proxy_of_the_desktops_settings() -> anyhow::Result<()> {
    let (authority, tls) = vouched_for("127.0.0.2")?;
    let mut world = World::encrypted(tls).await?;
    world.trust(&authority)?;
    let port = world.services.gateway.port().context("no port")?;
    let (own, mut asked, _proxy) = proxy(([127, 0, 0, 2], port).into()).await?;
    set_proxy(&mut world, own)?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    app.step_in(&world, &ADA, "view").await?;
    let through = format!("CONNECT 127.0.0.2:{port} HTTP/1.1");
    ensure!(asked.recv().await.as_ref() == Some(&through), "the stage has gone by itself");
    app.click(View::Platform, "nav a[href='/offers']").await?;
    app.click(View::Platform, "a[href='/offers/prices']").await?;
    app.see(View::Platform, ".connection[data-state=live]").await?;
    // The live prices have a connection of their own.
    let mut others = vec![];
    while let Ok(line) = asked.try_recv() {
        others.push(line);
    }
    ensure!(
        !others.is_empty() && others.iter().all(|line| *line == through),
        "the proxy was asked {others:?}"
    );
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_nobody_vouches_for_is_not_entered_and_the_way_in_can_be_tried_again()
-> anyhow::Result<()> {
    let (_, tls) = vouched_for("127.0.0.2")?;
    let world = World::encrypted(tls).await?;
    let app = App::start(&world).await?;
    app.sign_in(&world, &ADA).await?;
    let session = app.request_code(&world, PERSON, "act").await?;
    app.enter_code(&world.mail.newest(ADA.email, 1).await?.code()).await?;
    app.start_session().await?;
    for _ in 0..2 {
        app.reads(View::Bar, &id("sheet-not_loaded"), "that this computer trusts").await?;
        app.reads(View::Bar, &id("bar-name"), PERSON_NAME).await?;
        world
            .step(&app, "67-untrusted", "Nobody vouches for the gateway's certificate: nothing is sent.")
            .await?;
        app.click(View::Bar, &id("reload")).await?;
    }
    ensure!(world.services.platform_log(session)?.is_empty(), "something reached the platform");
    ensure!(world.services.actions(session).await?.is_empty(), "something went through the gateway");
    app.click(View::Bar, &id("exit")).await?;
    app.see(View::Main, &id("note-sheet")).await?;
    world.services.ended(session, "exit", SOON).await?;
    app.close().await
}
