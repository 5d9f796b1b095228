//! What takes long. A flood of requests and guesses may not get more codes or tries than the limits give; and
//! the server is killed in the middle of its work, again and again: after each crash the record must be whole
//! and must know of everything that reached the platform.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use serde_json::json;

use crate::{
    client::{Client, Stage, agent, request},
    command::run as run_command,
    services::{Binaries, Ports, STAFF, Services},
};

const PEOPLE: u32 = 240;
const PERSON: &str = "INV-000137";
/// Of the configuration that [`Services`] writes.
const BURST: u64 = 100;
const PATHS: [&str; 4] = ["/", "/transactions", "/documents", "/profile"];

pub fn run(rounds: u32, flood: Duration) -> anyhow::Result<()> {
    let mut services = Services::start(Binaries::build(false)?, Ports::free()?)?;
    flood_of_codes(&services, flood)?;
    let mut answered = 0;
    for round in 1..=rounds {
        let email = format!("round-{round}@example.com");
        services.add_staff(&email, "Somebody", "support")?;
        let client = Client::sign_in(services.ports, &email)?;
        let stage = client.impersonate(&format!("INV-{:06}", 100 + round % PEOPLE))?;
        // Another moment each time, so that the crash finds the writer at another place.
        let pause = Duration::from_millis(u64::from(50 + (round * 37) % 400));
        answered += requests_until_killed(&mut services, &stage, pause);
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

/// One staff member asks for codes and guesses at them on several connections at once.
fn flood_of_codes(services: &Services, time: Duration) -> anyhow::Result<()> {
    let client = Client::sign_in(services.ports, STAFF[0].0)?;
    let begun = Instant::now();
    let outcomes = thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| ask_and_guess(&client, begun, time))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| bail!("a thread failed")))
            .collect::<anyhow::Result<Vec<_>>>()
    })?;
    let [mut granted, mut refused, mut guesses, mut counted] = [0; 4];
    for outcome in outcomes {
        granted += outcome.granted;
        refused += outcome.refused;
        guesses += outcome.guesses;
        counted += outcome.counted;
    }
    // Most are replaced before they are on their way; of those there may be ten for each code.
    let most = 10 * (BURST + begun.elapsed().as_secs() / 60 + 1);
    ensure!(granted <= most, "{granted} requests were taken, {most} are allowed");
    ensure!(counted <= 3 * granted, "{counted} guesses counted, 3 a request are allowed");
    ensure!(refused > 0 && guesses > counted, "that was no flood");
    verify(services)?;
    println!(
        "flood: {granted} requests taken and {refused} refused; of {guesses} guesses {counted} counted, none was right"
    );
    Ok(())
}

#[derive(Default)]
struct Outcome {
    granted: u64,
    refused: u64,
    guesses: u64,
    counted: u64,
}

fn ask_and_guess(client: &Client, begun: Instant, time: Duration) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut latest = None;
    while begun.elapsed() < time {
        let (status, answer) = client.ask("/api/requests", &request(PERSON))?;
        match status {
            429 => outcome.refused += 1,
            _ => {
                ensure!((200..300).contains(&status), "a request was answered with {status}: {answer}");
                outcome.granted += 1;
                latest = answer["id"].as_str().map(str::to_owned);
            }
        }
        let Some(id) = &latest else { continue };
        for _ in 0..5 {
            let (status, answer) =
                client.ask(&format!("/api/requests/{id}/verify"), &json!({ "code": "BCDF-GHJK" }))?;
            ensure!((400..500).contains(&status), "a guess was answered with {status}: {answer}");
            outcome.guesses += 1;
            outcome.counted += u64::from(answer["code"] == "wrong_code");
        }
    }
    Ok(outcome)
}

/// Requests on several connections, until the server is gone.
fn requests_until_killed(services: &mut Services, stage: &Stage, pause: Duration) -> u64 {
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
