//! The TypeScript in `ui/src/lib/generated` is made from the contract and the protocol. `UNDERSTUDY_GENERATE=1`
//! rewrites this crate's part of it; `crates/protocol/tests/typescript.rs` makes the rest.

use std::collections::BTreeSet;
use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::{env, fs, io};

use ts_rs::{Config, TS};

use crate::contract::{AppState, CommandError, More, NoteDraft, Settings, StageClosed};

fn names(folder: &Path) -> io::Result<BTreeSet<OsString>> {
    fs::read_dir(folder)?.map(|file| Ok(file?.file_name())).collect()
}

#[test]
fn the_committed_typescript_is_what_the_contract_says() -> Result<(), Box<dyn Error>> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/lib/generated");
    let made = tempfile::tempdir()?;
    let config = Config::new().with_out_dir(made.path());
    AppState::export_all(&config)?;
    StageClosed::export_all(&config)?;
    Settings::export_all(&config)?;
    CommandError::export_all(&config)?;
    NoteDraft::export_all(&config)?;
    More::export_all(&config)?;

    let rewrite = env::var_os("UNDERSTUDY_GENERATE").is_some();
    if rewrite {
        fs::create_dir_all(&committed)?;
    }
    for name in names(made.path())? {
        let fresh = fs::read_to_string(made.path().join(&name))?;
        if rewrite {
            fs::write(committed.join(&name), fresh)?;
        } else {
            let current = fs::read_to_string(committed.join(&name)).is_ok_and(|old| old == fresh);
            assert!(current, "{} is stale: run `UNDERSTUDY_GENERATE=1 cargo test`", name.display());
        }
    }
    Ok(())
}
