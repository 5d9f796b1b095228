//! Growing pauses between tries.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(10);

pub(super) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }

    pub(super) async fn wait(&mut self) {
        // Apps that lost the same server must not all come back in the same moment.
        let spread = u32::from(uuid::Uuid::new_v4().as_bytes()[0]);
        let pause = self.pause();
        tokio::time::sleep(pause + pause * spread / 512).await;
    }

    fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_seconds_and_start_over() {
        let mut backoff = Backoff::default();
        let pauses: Vec<u128> = (0..7).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        backoff.reset();
        assert_eq!(backoff.pause(), FIRST);
    }
}
