//! A clock that goes on while the computer sleeps: what a lease is measured with.

use std::time::Duration;

/// Time since some fixed moment of this boot, sleep included.
#[cfg(target_os = "linux")]
pub(crate) fn boot_time() -> Duration {
    since_boot(rustix::time::ClockId::Boottime)
}

/// Apple's monotonic clock counts sleep, unlike the one behind `std::time::Instant`.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn boot_time() -> Duration {
    since_boot(rustix::time::ClockId::Monotonic)
}

/// The performance counter behind `Instant` counts sleep on Windows.
#[cfg(not(unix))]
pub(crate) fn boot_time() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

#[cfg(unix)]
fn since_boot(clock: rustix::time::ClockId) -> Duration {
    let now = rustix::time::clock_gettime(clock);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_never_goes_back() {
        let first = super::boot_time();
        assert!(super::boot_time() >= first);
    }
}
