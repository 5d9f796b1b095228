//! The app by keyboard alone: Tab to it, and a key.

use std::time::Duration;

use anyhow::{bail, ensure};
use serde_json::Value;

use super::{App, Desktop, SOON, View, until};

/// A key that comes while the focus moves goes nowhere: after this it is pressed again.
const AGAIN: Duration = Duration::from_secs(3);

/// Whether what has the keyboard is seen to have it, and whether it is what is looked for.
const FOCUSED: &str = "const ring = (element) => {
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
    };
    const focused = document.activeElement;
    // The one field under the boxes of a code shows its ring on them.
    const shown = focused.dataset.testid === 'code' ? [...document.querySelectorAll('[data-testid^=code-box]')] : [focused];
    return { found: focused.matches(arguments[0]), html: focused.outerHTML.slice(0, 200),
        moved: focused !== window.leftFrom && focused !== document.body, seen: shown.some(ring) };";

impl App {
    pub async fn focused(&self, view: View, css: &str) -> anyhow::Result<Value> {
        self.script(view, FOCUSED, vec![css.into()]).await
    }

    /// Waits until this has the keyboard, and shows it.
    pub async fn has_keyboard(&self, view: View, css: &str) -> anyhow::Result<()> {
        until(&format!("{css} has the keyboard"), SOON, async || {
            let now = self.focused(view, css).await?;
            ensure!(now["found"] == true && now["seen"] == true, "the keyboard is at {now}");
            Ok(Some(()))
        })
        .await
    }

    /// Brings its window to the front; on the stage, F6 goes between bar and page.
    pub async fn take_keyboard(&self, desktop: &Desktop, view: View) -> anyhow::Result<()> {
        desktop.bring_up(if view == View::Main { "^Understudy$" } else { "– Understudy$" })?;
        let has = async || {
            let has = self.script(view, "return document.hasFocus()", vec![]).await?;
            Ok((has == true).then_some(()))
        };
        if view == View::Main || has().await?.is_some() {
            return until("the window has the keyboard", SOON, has).await;
        }
        until(&format!("F6 leads to {view:?}"), SOON, async || {
            desktop.press(&["F6"])?;
            until("it has the keyboard", AGAIN, has).await.map(Some)
        })
        .await
    }

    /// Tab, until this has the keyboard. Whatever has it on the way shows it.
    pub async fn tab_to(&self, desktop: &Desktop, view: View, css: &str) -> anyhow::Result<()> {
        self.see(view, css).await?;
        for _ in 0..40 {
            if self.focused(view, css).await?["found"] == true {
                return self.has_keyboard(view, css).await;
            }
            self.script(view, "window.leftFrom = document.activeElement", vec![]).await?;
            desktop.press(&["Tab"])?;
            let now = until("Tab moves the keyboard", SOON, async || {
                let now = self.focused(view, css).await?;
                Ok((now["moved"] == true).then_some(now))
            })
            .await?;
            ensure!(now["seen"] == true, "nothing shows that the keyboard is at {now}");
        }
        bail!("Tab does not come to {css}")
    }

    /// In place of a click.
    pub async fn press_on(&self, desktop: &Desktop, view: View, css: &str) -> anyhow::Result<()> {
        self.take_keyboard(desktop, view).await?;
        // What the app itself leads to has no ring where the mouse was used last.
        if self.focused(view, css).await?["found"] != true {
            self.tab_to(desktop, view, css).await?;
        }
        desktop.press(&["Return"])
    }

    /// One of several: Tab comes to the group, arrows to the one.
    pub async fn choose(&self, desktop: &Desktop, view: View, css: &str) -> anyhow::Result<()> {
        self.take_keyboard(desktop, view).await?;
        self.tab_to(desktop, view, &format!("[role=radiogroup]:has({css}) [role=radio]")).await?;
        until(&format!("arrows come to {css}"), SOON, async || {
            if self.focused(view, css).await?["found"] == true {
                return Ok(Some(()));
            }
            desktop.press(&["Down"])?;
            Ok(None)
        })
        .await?;
        desktop.press(&["space"])?;
        self.see(view, &format!("{css}[data-state=checked]")).await.map(drop)
    }

    /// Letters that every keyboard has.
    pub async fn type_into(
        &self,
        desktop: &Desktop,
        view: View,
        css: &str,
        text: &str,
    ) -> anyhow::Result<()> {
        self.take_keyboard(desktop, view).await?;
        self.tab_to(desktop, view, css).await?;
        desktop.type_text(text)
    }

    /// Presses until it shows.
    pub async fn press_until(&self, desktop: &Desktop, keys: &[&str], css: &str) -> anyhow::Result<()> {
        until(&format!("{keys:?} brings {css}"), SOON, async || {
            desktop.press(keys)?;
            until(css, AGAIN, async || Ok(self.shows(View::Main, css).await?.then_some(()))).await.map(Some)
        })
        .await
    }
}
