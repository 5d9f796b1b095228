//! The TypeScript in `ui/src/lib/generated` is made from this crate. `UNDERSTUDY_GENERATE=1` rewrites it.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use ts_rs::{Config, TS};
use understudy_protocol::{
    Deny, Enrolment, EventEnvelope, InboxEntry, Lease, LiftNote, NewNote, NewRequest, NewReview,
    PendingRequest, PeoplePage, PeopleQuery, Person, Problem, Raise, RecoveryCodes, Request, RequestsPage,
    RequestsQuery, SecondFactor, ServerInfo, SessionDetail, SessionsPage, SessionsQuery, SetSwitch, Staff,
    Switch, VerifyCode,
};

/// Every type that no other one names; `export_all` follows the rest.
fn export(config: &Config) -> Result<(), ts_rs::ExportError> {
    ServerInfo::export_all(config)?;
    Staff::export_all(config)?;
    SecondFactor::export_all(config)?;
    Enrolment::export_all(config)?;
    RecoveryCodes::export_all(config)?;
    PeopleQuery::export_all(config)?;
    PeoplePage::export_all(config)?;
    Person::export_all(config)?;
    NewRequest::export_all(config)?;
    Raise::export_all(config)?;
    Request::export_all(config)?;
    VerifyCode::export_all(config)?;
    InboxEntry::export_all(config)?;
    PendingRequest::export_all(config)?;
    Deny::export_all(config)?;
    Lease::export_all(config)?;
    RequestsQuery::export_all(config)?;
    RequestsPage::export_all(config)?;
    SessionsQuery::export_all(config)?;
    SessionsPage::export_all(config)?;
    SessionDetail::export_all(config)?;
    NewNote::export_all(config)?;
    NewReview::export_all(config)?;
    EventEnvelope::export_all(config)?;
    LiftNote::export_all(config)?;
    SetSwitch::export_all(config)?;
    Switch::export_all(config)?;
    Problem::export_all(config)
}

#[test]
fn the_committed_typescript_is_what_the_contract_says() -> Result<(), Box<dyn Error>> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/generated");
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("typescript");
    if made.exists() {
        fs::remove_dir_all(&made)?;
    }
    export(&Config::new().with_out_dir(&made))?;

    let rewrite = env::var_os("UNDERSTUDY_GENERATE").is_some();
    if rewrite {
        fs::create_dir_all(&committed)?;
    }
    for file in fs::read_dir(&made)? {
        let file = file?;
        let fresh = fs::read_to_string(file.path())?;
        let target = committed.join(file.file_name());
        if rewrite {
            fs::write(&target, fresh)?;
        } else {
            let name = file.file_name();
            assert!(
                fs::read_to_string(&target).is_ok_and(|old| old == fresh),
                "{} is stale: run `UNDERSTUDY_GENERATE=1 cargo test -p understudy-protocol --test typescript`",
                name.display()
            );
        }
    }
    Ok(())
}
