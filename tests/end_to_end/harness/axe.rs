//! axe on pages that are the server's: by all of its rules, as `ui/scripts/axe.mjs` takes them for the UI's own.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// What is wrong, light and dark. Both are the page's own wherever the system asks for them.
const LOOK: &str = "const done = arguments[0];
    const look = async () => {
        const wrong = [];
        for (const scheme of ['light', 'dark']) {
            document.documentElement.style.colorScheme = scheme;
            const { violations, passes } = await axe.run(document, { resultTypes: ['violations'] });
            if (passes.length === 0) wrong.push('nothing was looked at');
            for (const { id, nodes } of violations)
                wrong.push(...nodes.map(({ html, failureSummary }) => `${scheme}: ${id}: ${html}: ${failureSummary}`));
        }
        document.documentElement.style.colorScheme = '';
        return wrong;
    };
    look().then(done, (error) => done([`${error}`]));";

/// As WebDriver takes it: a page's own policy would not let it in.
pub fn script() -> anyhow::Result<String> {
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(axe).context("no axe: npm ci in ui/ brings it")?;
    Ok(format!("{axe};\n{LOOK}"))
}

pub fn is_content(found: &Value) -> anyhow::Result<()> {
    ensure!(found.as_array().is_some_and(Vec::is_empty), "axe finds {found:#}");
    Ok(())
}
