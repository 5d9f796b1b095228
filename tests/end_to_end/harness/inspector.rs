//! WebKit's remote inspector: reaches webviews of the app as it is released, also those that WebDriver cannot.
//!
//! Debug builds alone have it, and only when the environment asks for it.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use rustix::process::Pid;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::{APP, Group, SOON, World, free_port, process, until};

const PATIENCE: Duration = Duration::from_secs(5);

/// The app, watched from outside.
pub struct Inspected {
    port: u16,
    group: Group,
}

impl Inspected {
    pub async fn start(world: &World) -> anyhow::Result<Self> {
        let port = free_port()?;
        let log = std::fs::File::create(world.folder.path().join("app.log"))?;
        let mut app = world.desktop.command(APP, &[]);
        app.env("WEBKIT_INSPECTOR_HTTP_SERVER", format!("127.0.0.1:{port}"));
        app.stdout(log.try_clone()?).stderr(Stdio::from(log));
        let inspected = Self { port, group: Group::start(&mut app)? };
        until("the app's window", SOON, async || {
            let ready = inspected.evaluate("tauri://localhost", "document.readyState").await?;
            Ok((ready == "complete").then_some(()))
        })
        .await?;
        Ok(inspected)
    }

    /// Addresses of all webviews, with the path of each one's socket.
    pub async fn targets(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").await?;
        let mut page = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut page)).await??;
        let rows = page.split("<div class=\"targeturl\">").skip(1);
        rows.map(|row| {
            let url = row.split("</div>").next().context("no address")?;
            let (_, rest) = row.split_once("window.location.host + '").context("no socket")?;
            Ok((url.to_owned(), rest.split('\'').next().context("no path")?.to_owned()))
        })
        .collect()
    }

    pub fn web_processes(&self) -> anyhow::Result<Vec<u32>> {
        self.group.members(|exe| exe.contains("WebKitWebProcess"))
    }

    /// What WebKit's processes hold, in bytes.
    pub fn memory(&self) -> anyhow::Result<u64> {
        // One may end while it is looked at.
        Ok(self.web_processes()?.into_iter().filter_map(|id| process::resident(id).ok()).sum())
    }

    /// The process that draws the webview at this address: the one that works when its page does.
    pub async fn process_of(&self, address: &str) -> anyhow::Result<Pid> {
        const WORK: &str =
            "(() => { const end = performance.now() + 1000; while (performance.now() < end); })()";
        until(&format!("the process behind {address}"), SOON, async || {
            let mut processes = vec![];
            for id in self.web_processes()? {
                processes.push((process::worked(id)?, id));
            }
            self.evaluate(address, WORK).await?;
            for (worked, id) in &mut processes {
                *worked = process::worked(*id)?.saturating_sub(*worked);
            }
            processes.sort_unstable_by(|one, other| other.cmp(one));
            let [(most, id), (next, _), ..] = processes[..] else { bail!("no processes") };
            ensure!(most > Duration::from_millis(300) && next < most / 3, "not clear: {processes:?}");
            process::pid(id).map(Some)
        })
        .await
    }

    /// The value of an expression in the webview whose address begins like this. A promise is waited for.
    pub async fn evaluate(&self, address: &str, expression: &str) -> anyhow::Result<Value> {
        let targets = self.targets().await?;
        // The main window's address begins the bar's.
        let is_whole = |url: &str| {
            url.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '?']))
        };
        let found = targets.iter().find(|(url, _)| is_whole(url));
        let path = found.or_else(|| targets.iter().find(|(url, _)| url.starts_with(address)));
        let path = path.map(|(_, path)| path);
        let path = path.with_context(|| format!("no webview at {address}: {targets:?}"))?;
        let (mut socket, page) = until("the inspector's attention", SOON, async || {
            // It takes a moment to get over the last visitor.
            timeout(PATIENCE, attach(&format!("ws://127.0.0.1:{}{path}", self.port))).await?.map(Some)
        })
        .await?;
        let done = timeout(PATIENCE * 4, evaluate(&mut socket, &page, expression)).await;
        let _ = socket.close(None).await;
        done.map_err(anyhow::Error::from).flatten().with_context(|| format!("asked {expression}"))
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection to a webview, and the ID of the page in it.
async fn attach(url: &str) -> anyhow::Result<(Socket, String)> {
    let (mut socket, _) = connect_async(url).await?;
    loop {
        let told = next(&mut socket).await?;
        let target = &told["params"]["targetInfo"];
        if told["method"] == "Target.targetCreated"
            && target["type"] == "page"
            && target["isProvisional"] != true
        {
            let page = target["targetId"].as_str().context("no target")?.to_owned();
            return Ok((socket, page));
        }
    }
}

async fn evaluate(socket: &mut Socket, page: &str, expression: &str) -> anyhow::Result<Value> {
    // Wrapped, so that errors and promises come back alike.
    let wrapped = format!(
        "(async () => {{ try {{ return JSON.stringify({{ value: await ({expression}) }}); }} \
         catch (error) {{ return JSON.stringify({{ error: String(error?.message ?? error) }}); }} }})()"
    );
    let evaluated = ask(
        socket,
        page,
        1,
        "Runtime.evaluate",
        json!({ "expression": wrapped, "emulateUserGesture": true }),
    )
    .await?;
    let promise =
        evaluated["result"]["objectId"].as_str().with_context(|| format!("no promise: {evaluated}"))?;
    let awaited = ask(
        socket,
        page,
        2,
        "Runtime.awaitPromise",
        json!({ "promiseObjectId": promise, "returnByValue": true }),
    );
    let awaited = awaited.await?;
    let text = awaited["result"]["value"].as_str().with_context(|| format!("no value: {awaited}"))?;
    let answer: Value = serde_json::from_str(text)?;
    if let Some(error) = answer["error"].as_str() {
        bail!("{error}");
    }
    Ok(answer["value"].clone())
}

async fn ask(socket: &mut Socket, page: &str, id: u64, method: &str, params: Value) -> anyhow::Result<Value> {
    let message = json!({ "id": id, "method": method, "params": params }).to_string();
    let wrapped = json!({
        "id": 1_000 + id,
        "method": "Target.sendMessageToTarget",
        "params": { "targetId": page, "message": message }
    });
    socket.send(Message::text(wrapped.to_string())).await?;
    loop {
        let told = next(socket).await?;
        if told["method"] != "Target.dispatchMessageFromTarget" {
            continue;
        }
        let inner: Value = serde_json::from_str(told["params"]["message"].as_str().unwrap_or("null"))?;
        if inner["id"] == id {
            ensure!(inner["error"].is_null(), "{method}: {}", inner["error"]);
            return Ok(inner["result"].clone());
        }
    }
}

async fn next(socket: &mut Socket) -> anyhow::Result<Value> {
    loop {
        match socket.next().await.context("the inspector has closed")?? {
            Message::Text(text) => return Ok(serde_json::from_str(&text)?),
            _ => continue,
        }
    }
}
