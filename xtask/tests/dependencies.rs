//! Dependencies point inward (ARCHITECTURE.md). What is written there is checked here, from what cargo says.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// Everything that each workspace member pulls in for a build, without what only its tests need.
fn closures() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let names: BTreeMap<String, String> =
        list(&metadata["packages"]).iter().map(|p| (text(&p["id"]), text(&p["name"]))).collect();
    let edges: BTreeMap<String, Vec<String>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| {
            let built = |dep: &Value| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            let deps =
                list(&node["deps"]).iter().filter(|dep| built(dep)).map(|dep| text(&dep["pkg"])).collect();
            (text(&node["id"]), deps)
        })
        .collect();
    let closure = |root: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![root.clone()]);
        while let Some(id) = open.pop() {
            for dep in &edges[&id] {
                if seen.insert(dep.clone()) {
                    open.push(dep.clone());
                }
            }
        }
        seen.iter().map(|id| names[id].clone()).collect()
    };
    list(&metadata["workspace_members"])
        .iter()
        .map(|id| (names[&text(id)].clone(), closure(&text(id))))
        .collect()
}

#[test]
fn dependencies_point_inward() {
    let closures = closures();
    let ours: BTreeSet<&String> = closures.keys().collect();
    let ours_of = |name: &str| -> Vec<&str> {
        closures[name].iter().filter(|dep| ours.contains(dep)).map(String::as_str).collect()
    };
    assert_eq!(ours_of("understudy-protocol"), [""; 0], "protocol knows nobody");
    assert_eq!(ours_of("understudy-rules"), [""; 0], "rules know nobody");
    assert_eq!(ours_of("understudy-ledger"), [""; 0], "the ledger knows nobody");
    assert_eq!(ours_of("demo-platform"), [""; 0], "the demo platform is a stranger");
    assert_eq!(ours_of("understudy"), ["understudy-protocol"], "the app knows protocol alone");
    assert_eq!(
        ours_of("understudy-server"),
        ["understudy-ledger", "understudy-protocol", "understudy-rules"]
    );

    for (crate_name, strangers) in [
        ("understudy-rules", &["tokio", "hyper", "sea-orm", "chrono", "rand"][..]),
        ("understudy-ledger", &["tokio", "hyper", "axum", "http", "reqwest", "sea-orm"]),
        ("understudy-protocol", &["tokio", "hyper", "axum", "sea-orm"]),
        ("understudy-server", &["tauri", "wry", "keyring"]),
        ("understudy", &["axum", "sea-orm", "sqlx"]),
    ] {
        for stranger in strangers {
            assert!(!closures[crate_name].contains(*stranger), "{crate_name} must not know {stranger}");
        }
    }
}
