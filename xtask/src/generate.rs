//! The TypeScript of the contract, written anew.

use crate::command::{cargo, step};

pub fn run() -> anyhow::Result<()> {
    let test = "the_committed_typescript_is_what_the_contract_says";
    for package in ["understudy-protocol", "understudy"] {
        step(
            &format!("TypeScript from {package}"),
            cargo()
                .args(["test", "--quiet", "-p", package])
                .args(if package == "understudy" { &["--lib"][..] } else { &["--test", "typescript"] })
                .arg(test)
                .env("UNDERSTUDY_GENERATE", "1"),
        )?;
    }
    Ok(())
}
