//! When a lease must be renewed and when it is lost. Times are on the boot clock and passed in.

use std::time::Duration;

use understudy_protocol::Lease;

/// The app gives up after this time without a renewal, whatever the server would still allow.
const LONGEST: Duration = Duration::from_secs(30);
/// The app renews at least this often.
const SELDOMEST: Duration = Duration::from_secs(10);
/// Pause after a renewal that failed.
const RETRY: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LeaseClock {
    lost_at: Duration,
    due_at: Duration,
    limit_at: Duration,
}

impl LeaseClock {
    /// `asked_at` is when the request was sent: the server's time started later, so the app is never late.
    pub(super) fn new(lease: &Lease, asked_at: Duration) -> Self {
        let ends = Duration::from_millis(lease.ends_in_ms).min(LONGEST);
        let renew = Duration::from_millis(lease.renew_in_ms).min(SELDOMEST).min(ends / 2);
        Self {
            lost_at: asked_at + ends,
            due_at: asked_at + renew,
            limit_at: asked_at.saturating_add(Duration::from_millis(lease.limit_in_ms)),
        }
    }

    pub(super) fn failed(&mut self, now: Duration) {
        self.due_at = now + RETRY;
    }

    pub(super) fn renew_now(&mut self, now: Duration) {
        self.due_at = now;
    }

    pub(super) fn is_lost(&self, now: Duration) -> bool {
        now >= self.lost_at
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        now >= self.due_at
    }

    /// What is left until the lease is lost.
    pub(super) fn left(&self, now: Duration) -> Duration {
        self.lost_at.saturating_sub(now)
    }

    /// What is left until the session's limit.
    pub(super) fn until_limit(&self, now: Duration) -> Duration {
        self.limit_at.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn clock(asked_at: u64) -> LeaseClock {
        let lease =
            Lease { ends_in_ms: 30_000, renew_in_ms: 10_000, limit_in_ms: 1_800_000, idle_after_ms: 300_000 };
        LeaseClock::new(&lease, seconds(asked_at))
    }

    #[test]
    fn it_is_renewed_after_ten_seconds_and_lost_after_thirty() {
        let clock = clock(100);
        assert!(!clock.is_due(seconds(109)));
        assert!(clock.is_due(seconds(110)));
        assert!(!clock.is_lost(seconds(129)));
        assert!(clock.is_lost(seconds(130)));
        assert_eq!(clock.left(seconds(121)), seconds(9));
    }

    #[test]
    fn a_computer_that_slept_through_it_has_lost_it() {
        assert!(clock(100).is_lost(seconds(100 + 8 * 3600)));
    }

    #[test]
    fn a_failed_renewal_is_tried_again_soon_and_moves_the_end_by_nothing() {
        let mut clock = clock(100);
        clock.failed(seconds(118));
        assert!(!clock.is_due(seconds(119)));
        assert!(clock.is_due(seconds(120)));
        assert!(clock.is_lost(seconds(130)));
    }

    #[test]
    fn a_generous_server_does_not_make_the_app_wait_longer() {
        let lease = Lease {
            ends_in_ms: 600_000,
            renew_in_ms: 300_000,
            limit_in_ms: 1_800_000,
            idle_after_ms: 300_000,
        };
        let clock = LeaseClock::new(&lease, seconds(0));
        assert!(clock.is_due(seconds(10)));
        assert!(clock.is_lost(seconds(30)));
    }

    #[test]
    fn the_limit_counts_down_and_stops_at_nothing() {
        assert_eq!(clock(100).until_limit(seconds(160)), seconds(1740));
        assert_eq!(clock(100).until_limit(seconds(9999)), Duration::ZERO);
    }
}
