//! Linux and macOS.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;

use tokio::signal::unix::{SignalKind, signal};

/// Set for a second try at starting.
const AGAIN: &str = "UNDERSTUDY_AGAIN";

/// What is written so can be read by nobody else on this computer.
pub(crate) fn for_me_alone(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Until the system tells the app to go.
pub(crate) async fn told_to_go() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

/// Once, in place of this process. Answers only where it fails.
pub(crate) fn start_again() {
    let Ok(program) = std::env::current_exe() else { return };
    if std::env::var_os(AGAIN).is_none() {
        std::thread::sleep(std::time::Duration::from_millis(500));
        let failed =
            std::process::Command::new(program).args(std::env::args_os().skip(1)).env(AGAIN, "1").exec();
        log::error!("the app could not be started again: {failed}");
    }
}
