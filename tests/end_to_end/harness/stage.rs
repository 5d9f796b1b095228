//! The app as it runs for staff, with a session on its stage, driven by its own commands.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use understudy_server::config::Config;

use super::{ADA, Inspected, PASSWORD, PERSON, PERSON_NAME, REASON, SOON, World, authenticator, until};

/// The addresses of its own pages.
pub const WORKSPACE: &str = "tauri://localhost";
pub const BAR: &str = "tauri://localhost/bar.html";

const REST: Duration = Duration::from_millis(500);

/// All that there is on a local page, but for the time that is left.
const WHOLE: &str = "[location.href, document.title, document.images.length, document.body.innerText.replace(/\\d+:\\d+/g, ''),
    [...document.querySelectorAll('input, textarea')].map((field) => field.value)]";

pub struct Stage {
    // Ends before the world does.
    pub app: Inspected,
    pub world: World,
    /// The platform's address on the stage.
    pub platform: String,
}

impl Stage {
    pub async fn open() -> anyhow::Result<Self> {
        Self::configured(|_| {}).await
    }

    /// With a server that is configured otherwise.
    pub async fn configured(adjust: impl FnOnce(&mut Config)) -> anyhow::Result<Self> {
        let world = World::configured(adjust).await?;
        let app = Inspected::start(&world).await?;
        let platform = world.services.gateway.as_str().to_owned();
        let stage = Self { app, world, platform };
        stage.invoke("set_server", json!({ "url": stage.world.services.api.as_str() })).await?;
        stage.invoke("sign_in", json!({ "email": ADA.email, "password": PASSWORD })).await?;
        let enrolment = stage.invoke("enrol_second_factor", json!({ "password": PASSWORD })).await?;
        let code = authenticator(enrolment["secret"].as_str().context("no secret")?)?;
        stage.invoke("confirm_second_factor", json!({ "code": code })).await?;
        stage.step_in(1).await?;
        Ok(stage)
    }

    /// A session, with the page that has no policy on the stage.
    pub async fn bare() -> anyhow::Result<Self> {
        let stage = Self::open().await?;
        stage.go_to_bare().await?;
        Ok(stage)
    }

    pub async fn go_to_bare(&self) -> anyhow::Result<()> {
        // The page that asked may be gone before it answers.
        let go = self.on_page("(setTimeout(() => { location.href = '/bare' }), true)");
        let _ = timeout(Duration::from_secs(2), go).await;
        until("the page without a policy", SOON, async || {
            let asked = self.on_page("[location.pathname, typeof call]");
            Ok((timeout(Duration::from_secs(2), asked).await?? == json!(["/bare", "function"])).then_some(()))
        })
        .await
    }

    /// A command of the app, called by the main window.
    pub async fn invoke(&self, command: &str, arguments: Value) -> anyhow::Result<Value> {
        self.app
            .evaluate(WORKSPACE, &invocation(command, &arguments))
            .await
            .with_context(|| command.to_owned())
    }

    /// From the request to the dashboard; `time` counts the sessions.
    pub async fn step_in(&self, time: usize) -> anyhow::Result<()> {
        let request = json!({
            "identifier": PERSON, "reason": REASON, "ticket": null, "mode": "act",
            "consent": { "evidence": "statement", "given_by": PERSON_NAME, "means": "phone", "reference": "Call 4711" }
        });
        let request = self.invoke("request_code", json!({ "request": request })).await?;
        let code = self.world.mail.newest(ADA.email, time).await?.code();
        self.invoke("verify_code", json!({ "id": request["id"], "code": code })).await?;
        self.invoke("start_session", json!({ "id": request["id"] })).await?;
        until("the dashboard on the stage", SOON, async || {
            let title = self.on_page("document.querySelector('h1')?.innerText ?? ''").await?;
            Ok(title.as_str().unwrap_or_default().contains(PERSON_NAME).then_some(()))
        })
        .await
    }

    pub async fn step_out(&self) -> anyhow::Result<()> {
        self.invoke("exit_impersonation", json!({})).await?;
        let session = self.world.services.newest().await?.id;
        self.world.services.ended(session, "exit", SOON).await?;
        let note = json!({ "what": "Looked around", "why": "She asked for it", "solved": true });
        self.invoke("write_note", json!({ "id": session, "note": note })).await?;
        until("the platform's webview goes", SOON, async || {
            let targets = self.app.targets().await?;
            Ok((!targets.iter().any(|(url, _)| url.starts_with(&self.platform))).then_some(()))
        })
        .await
    }

    /// What is to be seen on bar and workspace, as long as nothing is said about them.
    pub async fn own_pages(&self) -> anyhow::Result<Value> {
        let mut last = Value::Null;
        // A list that was just given another size is still drawn.
        until("bar and workspace come to rest", SOON, async || {
            sleep(REST).await;
            let [bar, workspace] =
                [self.app.evaluate(BAR, WHOLE).await?, self.app.evaluate(WORKSPACE, WHOLE).await?];
            let now = json!([bar, workspace]);
            let rests = now == last;
            last.clone_from(&now);
            Ok(rests.then_some(now))
        })
        .await
    }

    /// What a hostile page would do.
    pub async fn on_page(&self, script: &str) -> anyhow::Result<Value> {
        self.app.evaluate(&self.platform, script).await
    }
}

/// The script that calls a command.
pub fn invocation(command: &str, arguments: &Value) -> String {
    // Tauri's errors are objects.
    format!(
        "window.__TAURI_INTERNALS__.invoke({command:?}, {arguments})\
         .catch((error) => {{ throw new Error(JSON.stringify(error)); }})"
    )
}
