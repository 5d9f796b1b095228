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

    /// Since the boot and with all sleep, says the kernel (proc_uptime(5)).
    #[cfg(target_os = "linux")]
    #[test]
    fn it_agrees_with_the_kernels_own_uptime() -> Result<(), Box<dyn std::error::Error>> {
        let told = uptime(&std::fs::read_to_string("/proc/uptime")?)?;
        let here = super::boot_time().as_secs_f64();
        assert!((here - told).abs() < 1.0, "{here} s here, {told} s there");
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn uptime(text: &str) -> Result<f64, Box<dyn std::error::Error>> {
        Ok(text.split(' ').next().unwrap_or_default().parse()?)
    }

    /// Sleep moves the boot clock and leaves the monotonic one; so does a time namespace (time_namespaces(7)).
    #[cfg(target_os = "linux")]
    #[test]
    #[expect(clippy::print_stderr, reason = "whoever reads the result must know what was not tried")]
    fn it_counts_time_that_the_monotonic_clock_does_not() -> Result<(), Box<dyn std::error::Error>> {
        const SLEPT: &str = "100000";
        let within = |program: &std::ffi::OsStr, arguments: &[&str]| {
            let mut command = std::process::Command::new("unshare");
            command.args(["--user", "--map-root-user", "--time", "--boottime", SLEPT]);
            command.arg(program).args(arguments).output()
        };
        let told = within("cat".as_ref(), &["/proc/uptime"]);
        let Some(told) = told.ok().filter(|told| told.status.success()) else {
            eprintln!("not tried: this system refuses time namespaces");
            return Ok(());
        };
        assert!(
            uptime(&String::from_utf8(told.stdout)?)? >= SLEPT.parse()?,
            "the namespace's clock is not ahead"
        );
        let name = format!("{}::it_agrees_with_the_kernels_own_uptime", module_path!());
        // Tests are named without their crate.
        let name = name.split_once("::").map_or(name.as_str(), |(_, rest)| rest);
        let tried = within(std::env::current_exe()?.as_os_str(), &["--exact", name])?;
        let said = String::from_utf8_lossy(&tried.stdout);
        assert!(tried.status.success() && said.contains("1 passed"), "{said}");
        Ok(())
    }
}
