//! What the platform's page saves stays in the folder for downloads, under a name that does no harm.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

use crate::harness::{SOON, Stage, until};

const ELSEWHERE: &str = "/tmp/understudy-escaped.txt";

/// What the platform says that a file is called, and what it is called on the disk.
const NAMES: [(&str, &str); 16] = [
    ("filename=\"../../escaped.txt\"", "escaped.txt"),
    ("filename=\"/tmp/understudy-escaped.txt\"", "understudy-escaped.txt"),
    ("filename=\"..\\\\..\\\\escaped.txt\"", "escaped (1).txt"),
    ("filename*=UTF-8''..%2F..%2F.config%2Fautostart%2Fescaped.desktop", "escaped.desktop"),
    ("filename=\"CON\"", "_CON.json"),
    ("filename=\"nul.txt\"", "_nul.txt"),
    ("filename=\"dots and spaces. . .\"", "dots and spaces.json"),
    ("filename=\"   \"", "(1)"),
    ("filename=\"..\"", "(1) (1)"),
    ("filename=\".profile\"", "profile.json"),
    ("filename=\".wkdownload\"", "wkdownload.json"),
    ("filename*=UTF-8''invoice%E2%80%AEfdp.exe", "invoice_fdp.exe"),
    ("filename*=UTF-8''two%0Alines%00.txt", "echo.json"),
    ("filename=\"a \\\"quoted\\\" one.txt\"", "a _quoted_ one.txt"),
    ("filename=\"a|b<c>d:e?f*g.txt\"", "a_b_c_d_e_f_g.txt"),
    ("", "echo (1).json"),
];

/// Every file and folder under this one.
fn all(folder: &Path) -> anyhow::Result<BTreeSet<PathBuf>> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)?.flatten() {
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
            found.insert(entry.path());
        }
    }
    Ok(found)
}

/// The one that was not there before, as soon as it is whole.
async fn new_one(downloads: &Path, before: &BTreeSet<PathBuf>) -> anyhow::Result<String> {
    until("the file is saved", SOON, async || {
        let now = all(downloads)?;
        let new: Vec<&PathBuf> = now.difference(before).collect();
        ensure!(new.len() == 1, "new are {new:?}");
        let written = fs::read_to_string(new[0])?.ends_with('}');
        let name = new[0].strip_prefix(downloads)?.to_str().context("a name that is no text")?;
        Ok((written && !name.ends_with(".wkdownload")).then(|| name.to_owned()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_7_a_download_stays_in_its_folder_under_a_clean_name_whatever_it_is_called()
-> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let (folder, downloads) = (stage.world.folder.path(), stage.world.desktop.downloads());
    let before = all(folder)?;
    let long = format!("filename=\"{}.pdf\"", "long ".repeat(80));
    let cut = format!("{}.pdf", &"long ".repeat(80)[..146]);
    let served = NAMES.into_iter().chain([(long.as_str(), cut.as_str())]).map(|(called, name)| {
        let address = format!("'/echo?save=' + encodeURIComponent({:?})", format!("attachment; {called}"));
        (format!("location.href = {address}"), name)
    });
    let made = "const a = document.createElement('a'); a.download = '../../.bashrc';
        a.href = 'data:application/json,{}'; document.body.append(a); a.click()";
    for (save, expected) in served.chain([(made.to_owned(), "bashrc.json")]) {
        let known = all(&downloads)?;
        stage.on_page(&format!("(setTimeout(() => {{ {save} }}), true)")).await?;
        let name = new_one(&downloads, &known).await.with_context(|| save.clone())?;
        ensure!(name == expected, "{save} is saved as {name:?}");
    }
    let now = all(folder)?;
    let beside = now.difference(&before).filter(|path| !path.starts_with(&downloads));
    // The toolkit's own, which has nothing of the page in it.
    let beside: Vec<_> = beside.filter(|path| !path.starts_with(folder.join("home/.cache"))).collect();
    ensure!(beside.is_empty() && !Path::new(ELSEWHERE).exists(), "elsewhere there are {beside:?}");
    Ok(())
}
