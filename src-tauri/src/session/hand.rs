//! Whether somebody is at the stage: input by hand, as the toolkit has it. Times are on the boot clock and passed in.

use std::time::Duration;

use understudy_protocol::Lease;

/// So long before the end the bar asks "Are you still there?".
const WARNING: Duration = Duration::from_secs(60);

pub(super) struct Hand {
    last: Duration,
    /// How long the server waits for the next.
    patience: Duration,
    /// Whether staff were told of the end that is near.
    told: bool,
}

impl Hand {
    pub(super) fn new(lease: &Lease, now: Duration) -> Self {
        Self { last: now, patience: Duration::from_millis(lease.idle_after_ms), told: false }
    }

    pub(super) fn allow(&mut self, lease: &Lease) {
        self.patience = Duration::from_millis(lease.idle_after_ms);
    }

    pub(super) fn moved(&mut self, now: Duration) {
        self.last = now;
        self.told = false;
    }

    pub(super) fn idle(&self, now: Duration) -> Duration {
        now.saturating_sub(self.last)
    }

    /// What is left until the session ends for want of input, where it is little.
    pub(super) fn warning(&self, now: Duration) -> Option<Duration> {
        let left = self.patience.saturating_sub(self.idle(now));
        // Where the whole time is short, at its half.
        (left <= WARNING.min(self.patience / 2)).then_some(left)
    }

    /// Whether staff have to be told now; once for each time that they go quiet.
    pub(super) fn tell(&mut self, now: Duration) -> bool {
        let due = !self.told && self.warning(now).is_some();
        self.told |= due;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn hand(idle_after_ms: u64) -> Hand {
        let lease = Lease { ends_in_ms: 30_000, renew_in_ms: 10_000, limit_in_ms: 1_800_000, idle_after_ms };
        Hand::new(&lease, seconds(100))
    }

    #[test]
    fn it_warns_in_the_last_minute_and_not_after_a_move() {
        let mut hand = hand(300_000);
        assert_eq!(hand.warning(seconds(100 + 239)), None);
        assert_eq!(hand.warning(seconds(100 + 240)), Some(seconds(60)));
        assert_eq!(hand.warning(seconds(100 + 999)), Some(Duration::ZERO));
        hand.moved(seconds(100 + 250));
        assert_eq!(hand.warning(seconds(100 + 251)), None);
        assert_eq!(hand.idle(seconds(100 + 251)), seconds(1));
    }

    #[test]
    fn it_tells_once_for_each_time_that_staff_go_quiet() {
        let mut hand = hand(300_000);
        assert!(!hand.tell(seconds(100)));
        assert!(hand.tell(seconds(100 + 250)) && !hand.tell(seconds(100 + 251)));
        hand.moved(seconds(400));
        assert!(!hand.tell(seconds(401)));
        assert!(hand.tell(seconds(400 + 250)));
    }

    #[test]
    fn where_the_whole_time_is_short_it_warns_at_its_half() {
        let hand = hand(60_000);
        assert_eq!(hand.warning(seconds(129)), None);
        assert_eq!(hand.warning(seconds(130)), Some(seconds(30)));
    }
}
