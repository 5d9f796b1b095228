//! Waiting for something, with a deadline.

use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::{Instant, sleep};

/// What should come at once may take this long on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(50);

/// Asks until the answer is there. An error counts as "not yet"; the last one is told at the deadline.
pub async fn until<T>(
    what: &str,
    time: Duration,
    mut ask: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + time;
    loop {
        let last = match ask().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        if Instant::now() >= deadline {
            return match last {
                Some(error) => Err(error).with_context(|| format!("{what}: not within {time:?}")),
                None => bail!("{what}: not within {time:?}"),
            };
        }
        sleep(PAUSE).await;
    }
}
