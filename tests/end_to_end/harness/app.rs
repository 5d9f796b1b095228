//! The app, driven by WebDriver.
//!
//! `WebKitWebDriver` is asked itself: all that `tauri-driver` adds on Linux is one variable of the environment
//! (docs/decisions/0001-webdriver-without-tauri-driver.md).

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, MouseActions, PointerAction},
    cookies::Cookie,
    elements::Element,
    wd::Capabilities,
};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use url::Url;

use super::{APP, Colleague, Desktop, Group, SOON, World, free_port, process, until};

/// The app's webviews. WebDriver knows them as windows, in any order; their addresses tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Main,
    Bar,
    Platform,
}

impl View {
    fn is(self, url: &Url) -> bool {
        match self {
            Self::Main => url.scheme() == "tauri" && url.path() != "/bar.html",
            Self::Bar => url.scheme() == "tauri" && url.path() == "/bar.html",
            Self::Platform => matches!(url.scheme(), "http" | "https"),
        }
    }
}

/// WebDriver's own "is displayed" takes the whole bar for cut off, because nothing in it may scroll; and what is
/// not displayed has no text for it.
const DRAWN: &str = "const place = arguments[0].getBoundingClientRect();
    return place.width > 0 && place.height > 0 && place.bottom > 0 && place.right > 0
        && arguments[0].checkVisibility({ visibilityProperty: true });";

/// The selector of a test ID.
pub fn id(name: &str) -> String {
    format!("[data-testid=\"{name}\"]")
}

pub struct App {
    client: Client,
    pub process: Pid,
    // Ends the driver, the app and WebKit's processes.
    driver: Group,
}

impl App {
    pub async fn start(world: &World) -> anyhow::Result<Self> {
        Self::start_program(world, APP).await
    }

    /// With something on its command line, as the system starts it.
    pub async fn start_with(world: &World, arguments: &[&str]) -> anyhow::Result<Self> {
        Self::start_at(&world.desktop, &world.folder.path().join("app.log"), APP, arguments).await
    }

    /// A copy of the app, that may be replaced.
    pub async fn start_program(world: &World, program: &str) -> anyhow::Result<Self> {
        Self::start_at(&world.desktop, &world.folder.path().join("app.log"), program, &[]).await
    }

    /// On somebody else's computer.
    pub async fn start_for(colleague: &Colleague) -> anyhow::Result<Self> {
        Self::start_at(&colleague.desktop, &colleague.folder.join("app.log"), APP, &[]).await
    }

    /// The home on the disk that only this app sees.
    pub fn home(&self, world: &World) -> PathBuf {
        let home = world.folder.path().join("home");
        let root = format!("/proc/{}/root", self.process.as_raw_nonzero());
        Path::new(&root).join(home.strip_prefix("/").unwrap_or(&home))
    }

    async fn start_at(
        desktop: &Desktop,
        log: &Path,
        program: &str,
        arguments: &[&str],
    ) -> anyhow::Result<Self> {
        let port = free_port()?;
        let log = File::options().create(true).append(true).open(log)?;
        let mut driver = desktop.command("WebKitWebDriver", &[&format!("--port={port}")]);
        driver.env("TAURI_WEBVIEW_AUTOMATION", "true").stdout(log.try_clone()?).stderr(Stdio::from(log));
        let driver = Group::start(&mut driver)?;
        let options = json!({ "binary": program, "args": arguments });
        let wanted = Capabilities::from_iter([("webkitgtk:browserOptions".to_owned(), options)]);
        let address = format!("http://127.0.0.1:{port}");
        // Each try would start the app anew, so the driver must listen before the first.
        until("WebDriver", SOON, async || Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()))
            .await?;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(wanted).connect(&address).await.context("the app did not start")?;
        let process = driver.find(program)?.context("the app does not run")?;
        Ok(Self { client, process, driver })
    }

    /// WebKit's processes behind the app's webviews.
    pub fn webkit_processes(&self) -> anyhow::Result<Vec<u32>> {
        self.driver.members(|exe| exe.contains("WebKitWebProcess") || exe.contains("WebKitNetworkProcess"))
    }

    /// To the app and all of WebKit's processes.
    pub fn signal_all(&self, signal: Signal) -> anyhow::Result<()> {
        for id in self.webkit_processes()? {
            process::signal(process::pid(id)?, signal)?;
        }
        self.signal(signal)
    }

    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        process::signal(self.process, signal)
    }

    /// Whether the webview is there.
    pub async fn has(&self, view: View) -> anyhow::Result<bool> {
        Ok(self.switch(view).await?.is_some())
    }

    /// Makes it the one that is asked; its address, if it is there.
    async fn switch(&self, view: View) -> anyhow::Result<Option<Url>> {
        if let Ok(url) = self.client.current_url().await
            && view.is(&url)
        {
            return Ok(Some(url));
        }
        for window in self.client.windows().await? {
            // One that was just closed is still listed.
            if self.client.switch_to_window(window).await.is_err() {
                continue;
            }
            if let Ok(url) = self.client.current_url().await
                && view.is(&url)
            {
                return Ok(Some(url));
            }
        }
        Ok(None)
    }

    pub async fn url(&self, view: View) -> anyhow::Result<Url> {
        self.switch(view).await?.with_context(|| format!("{view:?} is not there"))
    }

    /// Waits until it is to be seen.
    pub async fn see(&self, view: View, css: &str) -> anyhow::Result<Element> {
        let what = format!("{css} on {view:?}");
        let seen = until(&what, SOON, async || {
            self.url(view).await?;
            let element = self.client.find(Locator::Css(css)).await?;
            let drawn = self.client.execute(DRAWN, vec![serde_json::to_value(&element)?]).await?;
            Ok((drawn == true).then_some(element))
        });
        match seen.await {
            Ok(element) => Ok(element),
            Err(error) => Err(error.context(self.words(view).await)),
        }
    }

    /// What is written on it, for the message of a failure.
    async fn words(&self, view: View) -> String {
        let script = "return location.href + '\\n' + document.body.innerText";
        match self.script(view, script, vec![]).await {
            Ok(text) => format!("{view:?} shows {}", text.as_str().unwrap_or_default()),
            Err(error) => format!("{view:?} cannot be read: {error:#}"),
        }
    }

    /// What is in a field.
    pub async fn value(&self, view: View, name: &str) -> anyhow::Result<String> {
        self.see(view, &id(name)).await?;
        let script = format!("return document.querySelector('{}').value", id(name));
        Ok(self.script(view, &script, vec![]).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Whether it is there now.
    pub async fn shows(&self, view: View, css: &str) -> anyhow::Result<bool> {
        self.url(view).await?;
        Ok(!self.client.find_all(Locator::Css(css)).await?.is_empty())
    }

    /// Waits until it is gone.
    pub async fn gone(&self, view: View, css: &str) -> anyhow::Result<()> {
        until(&format!("{css} goes from {view:?}"), SOON, async || {
            self.url(view).await?;
            Ok(self.client.find_all(Locator::Css(css)).await?.is_empty().then_some(()))
        })
        .await
    }

    pub async fn click(&self, view: View, css: &str) -> anyhow::Result<()> {
        until(&format!("a click on {css} of {view:?}"), SOON, async || {
            // What was found may be drawn anew before it is clicked; and a click may end the webview, or the app,
            // before it is answered.
            match self.see(view, css).await?.click().await {
                Err(error) if self.has(view).await.unwrap_or(false) => Err(error.into()),
                _ => Ok(Some(())),
            }
        })
        .await
    }

    /// The same by XPath, which knows text.
    pub async fn click_path(&self, view: View, path: &str) -> anyhow::Result<()> {
        until(&format!("a click on {path} of {view:?}"), SOON, async || {
            self.url(view).await?;
            Ok(Some(self.client.find(Locator::XPath(path)).await?.click().await?))
        })
        .await
    }

    /// The mouse to the corner, where nothing answers to it.
    pub async fn rest_mouse(&self, view: View) -> anyhow::Result<()> {
        self.url(view).await?;
        let away = PointerAction::MoveTo { duration: None, x: 1.0, y: 1.0 };
        Ok(self.client.perform_actions(MouseActions::new("mouse".to_owned()).then(away)).await?)
    }

    pub async fn fill(&self, view: View, css: &str, text: &str) -> anyhow::Result<()> {
        let what = format!("{css} on {view:?} takes text");
        // A field of a sheet that still opens is to be seen, and takes none.
        let field = until(&what, SOON, async || {
            let field = self.see(view, css).await?;
            field.clear().await?;
            Ok(Some(field))
        })
        .await?;
        field.send_keys(text).await?;
        Ok(())
    }

    /// Types without clearing, as for a file field.
    pub async fn keys(&self, view: View, css: &str, text: &str) -> anyhow::Result<()> {
        self.url(view).await?;
        Ok(self.client.find(Locator::Css(css)).await?.send_keys(text).await?)
    }

    pub async fn text(&self, view: View, css: &str) -> anyhow::Result<String> {
        let element = self.see(view, css).await?;
        self.words_of(&element).await
    }

    async fn words_of(&self, element: &Element) -> anyhow::Result<String> {
        let text = self.client.execute("return arguments[0].innerText", vec![serde_json::to_value(element)?]);
        Ok(text.await?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until it reads like this.
    pub async fn reads(&self, view: View, css: &str, part: &str) -> anyhow::Result<()> {
        until(&format!("{css} of {view:?} says {part:?}"), SOON, async || {
            let text = self.text(view, css).await?;
            ensure!(text.contains(part), "it says {text:?}");
            Ok(Some(()))
        })
        .await
    }

    pub async fn texts(&self, view: View, css: &str) -> anyhow::Result<Vec<String>> {
        self.url(view).await?;
        let mut texts = vec![];
        for element in self.client.find_all(Locator::Css(css)).await? {
            texts.push(self.words_of(&element).await?);
        }
        Ok(texts)
    }

    pub async fn script(&self, view: View, script: &str, arguments: Vec<Value>) -> anyhow::Result<Value> {
        self.url(view).await?;
        Ok(self.client.execute(script, arguments).await?)
    }

    /// Answers with what the script gives to the function that is its last argument.
    pub async fn script_async(
        &self,
        view: View,
        script: &str,
        arguments: Vec<Value>,
    ) -> anyhow::Result<Value> {
        self.url(view).await?;
        Ok(self.client.execute_async(script, arguments).await?)
    }

    /// Waits until every webview has drawn what was last changed, for a picture.
    pub async fn drawn(&self) -> anyhow::Result<()> {
        // A window that is covered draws nothing, so time alone must do too.
        const FRAMES: &str = "const done = arguments[0]; setTimeout(done, 700);
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 350)));";
        for view in [View::Main, View::Bar, View::Platform] {
            if self.has(view).await? {
                self.client.execute_async(FRAMES, vec![]).await?;
            }
        }
        Ok(())
    }

    /// The words of the dialog (`alert`, `confirm`, `prompt`) that the platform's page shows; then it is answered.
    pub async fn answer_dialog(&self, typed: Option<&str>) -> anyhow::Result<String> {
        let words = until("a dialog", SOON, async || Ok(self.client.get_alert_text().await.ok())).await?;
        if let Some(typed) = typed {
            self.client.send_alert_text(typed).await?;
        }
        self.client.accept_alert().await?;
        Ok(words)
    }

    pub async fn cookies(&self, view: View) -> anyhow::Result<Vec<Cookie<'static>>> {
        self.url(view).await?;
        Ok(self.client.get_all_cookies().await?)
    }

    pub fn has_quit(&self) -> anyhow::Result<bool> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.as_raw_nonzero()));
        // A zombie has ended; only its driver has not looked yet.
        Ok(stat.map_or(true, |text| text.contains(") Z ")))
    }

    /// Waits until the app's process is gone.
    pub async fn quits(&self, time: Duration) -> anyhow::Result<()> {
        until("the app quits", time, async || Ok(self.has_quit()?.then_some(()))).await
    }

    /// Ends the app by way of its driver.
    pub async fn close(self) -> anyhow::Result<()> {
        match tokio::time::timeout(Duration::from_secs(10), self.client.close()).await {
            Ok(closed) => Ok(closed?),
            Err(_) => bail!("WebDriver did not close its session"),
        }
    }
}
