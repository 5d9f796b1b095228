//! A hostile page without any policy of its own: what refuses it is not the platform.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    harness::{BAR, Elsewhere, Stage, WORKSPACE, invocation, until},
    isolation::{PLUGINS, commands},
};

/// In every address that a page asks for, so that it is recognised where it arrives.
const MARK: &str = "from-the-page";

/// What only the API says (`GET /api/info`).
const OF_THE_API: &str = "\"gateway_origins\"";

impl Stage {
    async fn on_bar_invoke(&self, command: &str) -> anyhow::Result<Value> {
        self.app.evaluate(BAR, &invocation(command, &json!({}))).await
    }

    async fn is_untouched(&self, before: &Value) -> anyhow::Result<()> {
        ensure!(self.world.services.newest().await?.state == "live", "the session has ended");
        let after = self.own_pages().await?;
        ensure!(after == *before, "bar and workspace have changed from {before} to {after}");
        Ok(())
    }
}

/// What was answered, with the way and the place from which it was asked.
fn answers(found: &Value) -> Vec<String> {
    let mut told = vec![];
    for (address, places) in found.as_object().into_iter().flatten() {
        for (place, ways) in places.as_object().into_iter().flatten() {
            for (way, answer) in ways.as_object().into_iter().flatten() {
                told.push(format!("{address} from {place} by {way}: {answer}"));
            }
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_a_page_without_any_policy_of_its_own_reaches_nothing_of_the_app() -> anyhow::Result<()> {
    let stage = Stage::bare().await?;
    let before = stage.own_pages().await?;
    let reach = async |addresses: Value| {
        stage.on_page(&format!("reach({{ ...plain, ...inDocument, ...framed }}, {addresses})")).await
    };
    // The ways work, and from all those places: what follows is refused and not just out of order.
    let itself = format!("{}bare", stage.platform);
    let works = reach(json!([itself])).await?;
    for (place, ways) in [("here", 6), ("own frame", 4), ("worker from a blob", 3)] {
        let there = works[&itself][place].as_object().with_context(|| format!("nothing from {place}"))?;
        ensure!(there.len() >= ways, "the page reaches too little of itself from {place}: {there:?}");
    }
    let places = works[&itself].as_object().map_or(0, serde_json::Map::len);
    ensure!(places == 7, "some places are none: {works}");

    let script = stage.app.evaluate(WORKSPACE, "document.querySelector('script[src]').src").await?;
    let found = reach(json!([
        "tauri://localhost/",
        "tauri://localhost/bar.html",
        script.as_str().context("no script")?,
        "asset://localhost/%2Fetc%2Fpasswd",
        "ipc://localhost/get_app_state",
        // Where they are on Windows.
        "http://tauri.localhost/",
        "http://ipc.localhost/get_app_state",
        "file:///etc/passwd",
    ]))
    .await?;
    ensure!(answers(&found).is_empty(), "the page has reached {:#?}", answers(&found));
    stage.is_untouched(&before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_a_page_without_any_policy_of_its_own_gets_nothing_out_of_the_api() -> anyhow::Result<()>
{
    let stage = Stage::bare().await?;
    let (before, tap) = (stage.own_pages().await?, &stage.world.services.tap);
    let known = tap.answered(OF_THE_API);
    ensure!(known > 0, "the app itself has got nothing");
    let api = format!("{}api/info?{MARK}", stage.world.services.api);
    let found =
        stage.on_page(&format!("reach({{ ...plain, ...inDocument, ...unheard }}, [{api:?}])")).await?;
    // What needs no answer cannot tell whether it had one; what does had none.
    let unheard = ["that nobody reads", "beacon", "style that imports"];
    let heard: Vec<_> =
        answers(&found).into_iter().filter(|told| !unheard.iter().any(|way| told.contains(way))).collect();
    ensure!(heard.is_empty(), "the page has reached {heard:#?}");
    ensure!(!tap.asked(MARK).is_empty(), "nothing was tried");
    ensure!(tap.answered(OF_THE_API) == known, "the API has answered the page");
    stage.is_untouched(&before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_a_page_without_any_policy_of_its_own_calls_no_command() -> anyhow::Result<()> {
    let stage = Stage::bare().await?;
    let before = stage.own_pages().await?;
    let key = stage.on_page("overheard()").await?;
    ensure!(
        key.as_str().is_some_and(|key| !key.is_empty()),
        "the key is not overheard, so nothing else is tried"
    );
    let all: Vec<_> = commands().into_iter().chain(PLUGINS).collect();
    let payload = json!({ "id": "0", "url": "http://127.0.0.1", "height": 300, "event": "app-state" });
    let called = stage.on_page(&format!("call({key}, {}, {payload})", json!(all))).await?;
    let called: Vec<Vec<String>> = serde_json::from_value(called)?;
    ensure!(called.len() == 4 * all.len(), "only {} calls were made", called.len());
    for call in called {
        let [command, way, became, rest @ ..] = &call[..] else { anyhow::bail!("{call:?}") };
        let why = rest.concat();
        match (way.as_str(), became.as_str()) {
            // The scheme itself is shut to pages, or does not know theirs.
            ("protocol", "refused" | "silence") => {}
            (_, "refused") => ensure!(why.contains("not allowed"), "{command} by {way}: {why}"),
            _ => ensure!(why.contains("not allowed"), "{command} by {way} is {became}: {why}"),
        }
    }
    // What another webview was sent and has not fetched yet: this one command of the toolkit asks nobody.
    let steal = "Promise.all(Array.from({ length: 300 }, (_, id) => Promise.race([
        posted(window, KEY, 'plugin:__TAURI_CHANNEL__|fetch', null, { 'Tauri-Channel-Id': String(id) })
            .then((got) => ({ got }), () => null),
        new Promise((done) => setTimeout(done, 5000, null))])))";
    let stolen = stage.on_page(&steal.replace("KEY", &key.to_string())).await?;
    ensure!(stolen.as_array().is_some_and(|all| all.iter().all(Value::is_null)), "the page has got {stolen}");
    stage.on_page(&format!("(forge({key}), true)")).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    stage.is_untouched(&before).await
}

/// Where a page may want to lead.
fn away(stage: &Stage, elsewhere: &Elsewhere) -> Vec<String> {
    vec![
        format!("{}{MARK}", elsewhere.address),
        format!("{}api/info?{MARK}", stage.world.services.api),
        "tauri://localhost/index.html".to_owned(),
        "ipc://localhost/exit_impersonation".to_owned(),
        "asset://localhost/%2Fetc%2Fpasswd".to_owned(),
        "file:///etc/passwd".to_owned(),
        "data:text/html,<h1>Away</h1>".to_owned(),
        "javascript:document.body.textContent='Away'".to_owned(),
        "about:blank?empty#too".to_owned(),
    ]
}

/// How it leads there. `TO` stands for the address.
const LEADS: [&str; 12] = [
    "location.href = TO",
    "location.replace(TO)",
    "top.location = TO",
    "open(TO)",
    "open(TO, 'bar')",
    "open(TO, '_parent', 'noopener')",
    "document.body.append(Object.assign(document.createElement('a'), { href: TO, target: '_top', id: 'a' })), a.click()",
    "document.body.append(Object.assign(document.createElement('form'), { action: TO, method: 'get', target: '_top', id: 'f' })), f.submit()",
    "document.body.append(Object.assign(document.createElement('form'), { action: TO, method: 'post', target: '_top', id: 'f' })), f.submit()",
    "document.head.append(Object.assign(document.createElement('meta'), { httpEquiv: 'refresh', content: '0; url=' + TO }))",
    "element('iframe', { sandbox: 'allow-scripts allow-top-navigation allow-popups', srcdoc: `<script>top.location = ${JSON.stringify(TO)}; open(${JSON.stringify(TO)})</script>` })",
    "for (const tag of ['iframe', 'object', 'embed']) frame(tag, { src: TO, data: TO })",
];

/// The platform's own answers lead there.
const SERVED: [&str; 2] = ["location.href = '/bare/redirect?' + TO", "location.href = '/bare/refresh?' + TO"];

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_a_page_without_any_policy_of_its_own_leads_nowhere() -> anyhow::Result<()> {
    let (stage, elsewhere) = (Stage::bare().await?, Elsewhere::start().await?);
    let windows = stage.world.desktop.windows()?;
    let alone =
        stage.on_page("[parent === self, top === self, opener, open('', 'bar')?.name ?? null]").await?;
    ensure!(alone == json!([true, true, null, null]), "the page is not alone: {alone}");
    for to in away(&stage, &elsewhere) {
        for lead in LEADS.iter().chain(&SERVED) {
            let led =
                format!("(setTimeout(() => {{ {} }}), true)", lead.replace("TO", &json!(to).to_string()));
            let _ = timeout(Duration::from_secs(2), stage.on_page(&led)).await;
            stays(&stage, lead, &to).await?;
        }
        // Nor does what was refused come when staff load the page again.
        stage.on_bar_invoke("reload_stage").await?;
        stays(&stage, "the bar's own button", &to).await?;
        stage.go_to_bare().await?;
    }
    ensure!(stage.world.desktop.windows()? == windows, "a window was opened");
    ensure!(elsewhere.asked().is_empty(), "the page has led to {:?}", elsewhere.asked());
    let asked = stage.world.services.tap.asked(MARK);
    ensure!(asked.is_empty(), "the page has led to the API: {asked:?}");
    // The bar may ask about addresses that staff may want to open, and says so by itself.
    while !stage.invoke("get_app_state", json!({})).await?["stage"]["sheet"].is_null() {
        stage.on_bar_invoke("dismiss_sheet").await?;
    }
    ensure!(stage.world.services.newest().await?.state == "live", "the session has ended");
    let state = stage.invoke("get_app_state", json!({})).await?;
    ensure!(
        state["stage"].is_object() && state["prefill"].is_null(),
        "the app took what it was led to: {state}"
    );
    Ok(())
}

/// The stage shows the platform, whatever has been asked of it a moment ago.
async fn stays(stage: &Stage, lead: &str, to: &str) -> anyhow::Result<()> {
    tokio::time::sleep(Duration::from_millis(150)).await;
    until(&format!("{lead} does not lead to {to}"), Duration::from_secs(20), async || {
        // WebKit ends a page that is led from the network to the disk; the bar has it back.
        if stage.invoke("get_app_state", json!({})).await?["stage"]["sheet"]["type"] == "crashed" {
            stage.on_bar_invoke("reload_stage").await?;
        }
        let asked = stage.on_page("[location.origin + '/', document.readyState, typeof call]");
        let now = timeout(Duration::from_secs(3), asked).await??;
        ensure!(now[0] == stage.platform && now[1] == "complete", "it is at {now}");
        if now[2] != "function" {
            // It went to a page of the platform's that has no script to go on with.
            stage.go_to_bare().await?;
        }
        Ok(Some(()))
    })
    .await
}
