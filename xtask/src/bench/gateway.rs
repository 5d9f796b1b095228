//! What the gateway costs: the same page of Meridian through it and without it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    client::{Client, agent},
    services::{Binaries, Ports, STAFF, Services},
};

pub const SECONDS: u64 = 5;
const PERSON: &str = "INV-000137";
const PATH: &str = "/live/echo/none";
const CONNECTIONS: usize = 8;

pub fn run(seconds: u64) -> anyhow::Result<()> {
    let services = Services::start(Binaries::build(true)?, Ports::free()?)?;
    let client = Client::sign_in(services.ports, STAFF[0].0)?;
    let stage = client.impersonate(PERSON)?;
    let time = Duration::from_secs(seconds);
    // A page that is not there costs the platform as little as possible, so what is seen is the gateway.
    let direct = rate(&format!("{}{PATH}", services.ports.meridian_origin()), None, time)?;
    client.renew(&stage)?;
    let through = rate(&format!("{}{PATH}", services.ports.gateway_origin()), Some(&stage.cookie), time)?;
    client.exit(&stage)?;
    println!("{CONNECTIONS} connections, {seconds} s each, one recorded view a request:");
    println!("  Meridian alone       {direct:>8.0} requests/s");
    println!("  through the gateway  {through:>8.0} requests/s");
    println!("  ratio                {:>8.3}", through / direct);
    Ok(())
}

/// Answered requests a second over several connections.
fn rate(url: &str, cookie: Option<&str>, time: Duration) -> anyhow::Result<f64> {
    let over = AtomicBool::new(false);
    let start = Instant::now();
    let counts = thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| -> anyhow::Result<u64> {
                    let agent = agent();
                    let mut count = 0;
                    while !over.load(Ordering::Relaxed) {
                        let mut request = agent.get(url);
                        if let Some(cookie) = cookie {
                            request = request.header("cookie", cookie);
                        }
                        let mut response = request.call()?;
                        response.body_mut().read_to_vec()?;
                        anyhow::ensure!(response.status() == 404, "{url} answered {}", response.status());
                        count += 1;
                    }
                    Ok(count)
                })
            })
            .collect();
        thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        let counts = threads.into_iter().map(|thread| match thread.join() {
            Ok(count) => count,
            Err(_) => anyhow::bail!("a connection panicked"),
        });
        counts.sum::<anyhow::Result<u64>>()
    })?;
    Ok(counts as f64 / start.elapsed().as_secs_f64())
}
