//! Camera and microphone: refused, and given where the installation says so.
//!
//! WebKit has devices of its own for this, which the feature `automation` turns on. Nobody drives the app by
//! WebDriver here, whose sessions answer such questions themselves.

use anyhow::ensure;
use understudy_protocol::Permission;

use crate::harness::Stage;

/// What the page gets: the tracks of its stream, or the name of the error.
async fn gets(stage: &Stage, wish: &str) -> anyhow::Result<String> {
    let asked = format!(
        "Promise.race([
            navigator.mediaDevices.getUserMedia({wish})
                .then((stream) => stream.getTracks().map((track) => track.kind + ' ' + track.readyState).sort().join()),
            new Promise((_, no) => setTimeout(no, 10000, {{ name: 'no answer' }})),
        ]).catch((error) => error.name)"
    );
    Ok(stage.on_page(&asked).await?.as_str().unwrap_or_default().to_owned())
}

const MICROPHONE: &str = "{ audio: true }";
const CAMERA: &str = "{ video: true }";
const BOTH: &str = "{ audio: true, video: true }";

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_a_page_gets_no_camera_and_no_microphone_though_there_are_some() -> anyhow::Result<()> {
    let stage = Stage::bare().await?;
    for wish in [MICROPHONE, CAMERA, BOTH] {
        let got = gets(&stage, wish).await?;
        ensure!(got == "NotAllowedError", "asked for {wish} the page gets {got}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_gets_the_device_that_the_installation_names_and_no_other() -> anyhow::Result<()> {
    let stage = Stage::configured(|config| config.platform.permissions = vec![Permission::Camera]).await?;
    stage.go_to_bare().await?;
    for (wish, expected) in
        [(CAMERA, "video live"), (MICROPHONE, "NotAllowedError"), (BOTH, "NotAllowedError")]
    {
        let got = gets(&stage, wish).await?;
        ensure!(got == expected, "asked for {wish} the page gets {got}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_gets_camera_and_microphone_where_the_installation_names_both() -> anyhow::Result<()> {
    let both = vec![Permission::Camera, Permission::Microphone];
    let stage = Stage::configured(|config| config.platform.permissions = both).await?;
    stage.go_to_bare().await?;
    for (wish, expected) in [(MICROPHONE, "audio live"), (BOTH, "audio live,video live")] {
        let got = gets(&stage, wish).await?;
        ensure!(got == expected, "asked for {wish} the page gets {got}");
    }
    Ok(())
}
