//! The browser of a person whose account it is: Chromium, driven by WebDriver.

use std::process::Stdio;

use anyhow::Context as _;
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    elements::Element,
    wd::Capabilities,
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use url::Url;

use super::{Group, SOON, World, axe, free_port, until};

pub struct Browser {
    client: Client,
    _driver: Group,
}

impl Browser {
    pub async fn start(world: &World) -> anyhow::Result<Self> {
        Self::start_in(world, "en").await
    }

    /// For somebody of this language.
    pub async fn start_in(world: &World, language: &str) -> anyhow::Result<Self> {
        let port = free_port()?;
        let mut driver = world.desktop.command("chromedriver", &[&format!("--port={port}")]);
        let driver = Group::start(driver.stdout(Stdio::null()).stderr(Stdio::null()))?;
        let folder = world.folder.path().join(format!("chromium-{language}"));
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--no-proxy-server",
            "--window-size=1000,900",
            &format!("--user-data-dir={}", folder.display()),
        ];
        let options = json!({ "args": arguments, "prefs": { "intl.accept_languages": language } });
        let wanted = Capabilities::from_iter([("goog:chromeOptions".to_owned(), options)]);
        until("chromedriver", SOON, async || {
            Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok())
        })
        .await?;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let address = format!("http://127.0.0.1:{port}");
        let client = builder.capabilities(wanted).connect(&address).await.context("no Chromium")?;
        Ok(Self { client, _driver: driver })
    }

    pub async fn open(&self, url: &Url) -> anyhow::Result<()> {
        // The same page with another fragment is no new page.
        self.client.goto("about:blank").await?;
        Ok(self.client.goto(url.as_str()).await?)
    }

    pub async fn reload(&self) -> anyhow::Result<()> {
        Ok(self.client.refresh().await?)
    }

    /// Goes into the first frame of the page.
    pub async fn enter_frame(&self) -> anyhow::Result<()> {
        self.see("iframe").await?;
        Ok(self.client.enter_frame(0).await?)
    }

    pub async fn see(&self, css: &str) -> anyhow::Result<Element> {
        until(css, SOON, async || Ok(Some(self.client.find(Locator::Css(css)).await?))).await
    }

    pub async fn click(&self, css: &str) -> anyhow::Result<()> {
        Ok(self.see(css).await?.click().await?)
    }

    /// By keyboard: Tab until it is seen to have it, and Return.
    pub async fn press_on(&self, css: &str) -> anyhow::Result<()> {
        const TAB: char = '\u{E004}';
        const RETURN: char = '\u{E006}';
        const THERE: &str = "return document.activeElement.matches(`:is(${arguments[0]}):focus-visible`)";
        self.see(css).await?;
        until(&format!("Tab comes to {css}"), SOON, async || {
            let there = self.client.execute(THERE, vec![css.into()]).await? == true;
            let value = if there { RETURN } else { TAB };
            let keys = KeyActions::new("keyboard".to_owned());
            let keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
            self.client.perform_actions(keys).await?;
            Ok(there.then_some(()))
        })
        .await
    }

    pub async fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        Ok(self.see(css).await?.send_keys(text).await?)
    }

    pub async fn shows(&self, css: &str) -> anyhow::Result<bool> {
        Ok(!self.client.find_all(Locator::Css(css)).await?.is_empty())
    }

    /// Waits until something says this.
    pub async fn reads(&self, css: &str, part: &str) -> anyhow::Result<()> {
        until(&format!("{css} reads {part:?}"), SOON, async || {
            let text = self.client.find(Locator::Css(css)).await?.text().await?;
            anyhow::ensure!(text.contains(part), "it reads {text:?}");
            Ok(Some(()))
        })
        .await
    }

    /// axe finds nothing wrong with the page as it stands here.
    pub async fn is_accessible(&self) -> anyhow::Result<()> {
        axe::is_content(&self.client.execute_async(&axe::script()?, vec![]).await?)
    }

    pub async fn picture(&self, path: &std::path::Path) -> anyhow::Result<()> {
        Ok(std::fs::write(path, self.client.screenshot().await?)?)
    }

    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.client.close().await?)
    }
}
