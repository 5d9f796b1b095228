//! How large the UI is, compressed.

use std::{collections::BTreeMap, fs, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};

pub struct Ui {
    /// What the main window loads before it shows anything, without fonts.
    pub first: u64,
    /// Everything, fonts too.
    pub whole: u64,
}

pub fn ui(dist: &Path) -> anyhow::Result<Ui> {
    let mut sizes = BTreeMap::new();
    measure(dist, dist, &mut sizes)?;
    let page = fs::read_to_string(dist.join("index.html"))?;
    let loaded = sizes.iter().filter(|(name, _)| is_code(name) && page.contains(&format!("{name}\"")));
    Ok(Ui { first: loaded.map(|(_, size)| size).sum(), whole: sizes.values().sum() })
}

fn is_code(name: &str) -> bool {
    [".js", ".css"].iter().any(|kind| name.ends_with(kind))
}

fn measure(root: &Path, folder: &Path, sizes: &mut BTreeMap<String, u64>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            measure(root, &path, sizes)?;
        } else {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(&fs::read(&path)?)?;
            let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
            sizes.insert(name, gzip.finish()?.len() as u64);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_page_loads_is_told_from_the_rest() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("assets"))?;
        for (name, text) in [
            ("index.html", "<script src=\"/assets/a.js\"></script>"),
            ("assets/a.js", "a"),
            ("assets/later.js", "b"),
            ("assets/font.woff2", "c"),
        ] {
            fs::write(folder.path().join(name), text)?;
        }
        let sizes = ui(folder.path())?;
        let each = 21;
        assert_eq!(sizes.first, each);
        assert!(sizes.whole > 3 * each);
        Ok(())
    }
}
