//! The feed of newer versions: what the app's updater reads, made from signed packages.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

/// Writes `latest.json` into a folder of packages that lie beside their signatures (`….sig`), with the words of
/// `notes.txt` where there is one.
pub fn write(folder: &Path, url: &str) -> anyhow::Result<()> {
    ensure!(
        url.starts_with("https://"),
        "the app fetches packages by https only, and {url} is something else"
    );
    let mut signatures = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(package) = name.strip_suffix(".sig") {
            ensure!(folder.join(package).exists(), "{name} is the signature of nothing here");
            signatures.insert(package.to_owned(), fs::read_to_string(&path)?.trim().to_owned());
        }
    }
    let mut feed = feed(env!("CARGO_PKG_VERSION"), url, &signatures)?;
    if let Ok(notes) = fs::read_to_string(folder.join("notes.txt")) {
        feed["notes"] = notes.trim().into();
    }
    fs::write(folder.join("latest.json"), serde_json::to_string_pretty(&feed)?)?;
    Ok(())
}

fn feed(version: &str, url: &str, signatures: &BTreeMap<String, String>) -> anyhow::Result<Value> {
    let mut platforms = serde_json::Map::new();
    for (package, signature) in signatures {
        let entry =
            json!({ "url": format!("{}/{package}", url.trim_end_matches('/')), "signature": signature });
        ensure!(package.contains(version), "{package} is not of version {version}");
        for platform in platforms_of(package)? {
            ensure!(
                platforms.insert(platform.clone(), entry.clone()).is_none(),
                "two packages are for {platform}"
            );
        }
    }
    ensure!(!platforms.is_empty(), "there is no signed package");
    Ok(json!({ "version": version, "platforms": platforms }))
}

/// Under which names the updater looks for a package: by system, processor and kind; the last resort is without
/// the kind.
fn platforms_of(package: &str) -> anyhow::Result<Vec<String>> {
    let kinds = [
        (".deb", "linux", "deb", false),
        (".rpm", "linux", "rpm", false),
        (".AppImage", "linux", "appimage", true),
        (".app.tar.gz", "darwin", "app", true),
        (".msi", "windows", "msi", false),
        ("-setup.exe", "windows", "nsis", true),
    ];
    let found = kinds.into_iter().find(|(end, ..)| package.ends_with(end));
    let (_, system, kind, last_resort) =
        found.with_context(|| format!("the updater knows no package like {package}"))?;
    let processors = [
        ("x86_64", "x86_64"),
        ("amd64", "x86_64"),
        ("x64", "x86_64"),
        ("aarch64", "aarch64"),
        ("arm64", "aarch64"),
    ];
    let Some((_, processor)) = processors.into_iter().find(|(word, _)| package.contains(word)) else {
        bail!("{package} does not say for which processor it is");
    };
    let mut platforms = vec![format!("{system}-{processor}-{kind}")];
    if last_resort {
        platforms.push(format!("{system}-{processor}"));
    }
    Ok(platforms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signatures(packages: &[&str]) -> BTreeMap<String, String> {
        packages.iter().map(|package| ((*package).to_owned(), format!("signature of {package}"))).collect()
    }

    #[test]
    fn each_installed_app_finds_its_own_kind_of_package() -> anyhow::Result<()> {
        let packages = [
            "Understudy_1.2.3_amd64.deb",
            "Understudy-1.2.3-1.x86_64.rpm",
            "Understudy_1.2.3_amd64.AppImage",
            "Understudy_1.2.3_aarch64.app.tar.gz",
            "Understudy_1.2.3_x64_en-US.msi",
            "Understudy_1.2.3_x64-setup.exe",
        ];
        let feed = feed("1.2.3", "https://example.com/v1.2.3/", &signatures(&packages))?;
        for (platform, package) in [
            ("linux-x86_64-deb", packages[0]),
            ("linux-x86_64-rpm", packages[1]),
            ("linux-x86_64-appimage", packages[2]),
            ("linux-x86_64", packages[2]),
            ("darwin-aarch64-app", packages[3]),
            ("darwin-aarch64", packages[3]),
            ("windows-x86_64-msi", packages[4]),
            ("windows-x86_64-nsis", packages[5]),
            ("windows-x86_64", packages[5]),
        ] {
            let entry = &feed["platforms"][platform];
            assert_eq!(entry["url"], format!("https://example.com/v1.2.3/{package}"), "{platform}");
            assert_eq!(entry["signature"], format!("signature of {package}"), "{platform}");
        }
        assert_eq!(feed["version"], "1.2.3");
        Ok(())
    }

    #[test]
    fn a_feed_that_would_mislead_is_not_made() {
        for packages in [
            &[][..],
            &["Understudy_1.2.2_amd64.deb"],
            &["Understudy_1.2.3_riscv.deb"],
            &["Understudy_1.2.3_amd64.zip"],
            &["Understudy_1.2.3_x64_en-US.msi", "Understudy_1.2.3_x64_fr-FR.msi"],
        ] {
            assert!(feed("1.2.3", "https://example.com", &signatures(packages)).is_err(), "{packages:?}");
        }
    }
}
