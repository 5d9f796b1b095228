//! The server is killed in the middle of its work, again and again. After each crash the record must be whole
//! and must know of everything that reached the platform.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{bail, ensure};

use crate::{
    client::{Client, Stage, agent},
    command::run as run_command,
    services::{Binaries, Ports, STAFF, Services},
};

const PEOPLE: u32 = 240;
const PATHS: [&str; 4] = ["/", "/transactions", "/documents", "/profile"];

pub fn run(rounds: u32) -> anyhow::Result<()> {
    let mut services = Services::start(Binaries::build(false)?, Ports::free()?)?;
    let mut answered = 0;
    for round in 1..=rounds {
        let client = Client::sign_in(services.ports, STAFF[1].0)?;
        let stage = client.impersonate(&format!("INV-{:06}", 100 + round % PEOPLE))?;
        // Another moment each time, so that the crash finds the writer at another place.
        let pause = Duration::from_millis(u64::from(50 + (round * 37) % 400));
        answered += flood(&mut services, &stage, pause);
        services.start_server()?;
        verify(&services)?;
        let known = compare(&services, &client, &stage)?;
        println!(
            "{round:>4}/{rounds}  killed after {pause:?}; {known} requests reached the platform, all on record"
        );
        // The crash took no state with it: the session goes on until it is ended.
        client.renew(&stage)?;
        client.exit(&stage)?;
    }
    println!("{rounds} crashes, {answered} answers released, the record whole after each.");
    Ok(())
}

/// Requests on several connections, until the server is gone.
fn flood(services: &mut Services, stage: &Stage, pause: Duration) -> u64 {
    let origin = services.ports.gateway_origin();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|first| {
                let (origin, over) = (&origin, &over);
                scope.spawn(move || {
                    let agent = agent();
                    let mut count = 0;
                    for path in PATHS.iter().cycle().skip(first) {
                        let sent =
                            agent.get(format!("{origin}{path}")).header("cookie", &stage.cookie).call();
                        if over.load(Ordering::Relaxed) || sent.is_err() {
                            break;
                        }
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        thread::sleep(pause);
        services.kill_server();
        over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    })
}

fn verify(services: &Services) -> anyhow::Result<()> {
    let mut verify = services.server_command();
    run_command(
        verify.args(["ledger", "verify"]).stdout(std::process::Stdio::null()).env("UNDERSTUDY_LOG", "error"),
    )
}

/// Nothing was sent as the person that is not on record. The other way round it may be: recorded, then killed.
fn compare(services: &Services, client: &Client, stage: &Stage) -> anyhow::Result<usize> {
    let mut recorded: HashMap<(String, String), i64> = HashMap::new();
    let detail = client.get(&format!("/api/sessions/{}", stage.session))?;
    for action in detail["actions"].as_array().into_iter().flatten() {
        *recorded.entry(what(action)).or_default() += 1;
    }
    let entries = services.access_log()?;
    let of_session: Vec<_> = entries.iter().filter(|entry| entry["session"] == *stage.session).collect();
    ensure!(!of_session.is_empty(), "nothing reached the platform");
    for entry in &of_session {
        let left = recorded.entry(what(entry)).or_default();
        *left -= 1;
        if *left < 0 {
            bail!("{} {} reached the platform and is not on record", entry["method"], entry["path"]);
        }
    }
    Ok(of_session.len())
}

fn what(entry: &serde_json::Value) -> (String, String) {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    (text("method"), text("path"))
}
