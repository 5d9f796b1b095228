//! Programs that end with the test, however it ends.

use std::{
    net::TcpListener, os::unix::process::CommandExt as _, path::Path, process::Command, time::Duration,
};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A program and all that it starts, in a process group of their own.
pub struct Group {
    pub child: std::process::Child,
    id: Pid,
}

impl Group {
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.process_group(0).spawn().with_context(|| format!("{program} cannot be run"))?;
        let id = pid(child.id())?;
        Ok(Self { child, id })
    }

    /// The process of `exe` in this group, if it runs.
    pub fn find(&self, exe: &str) -> anyhow::Result<Option<Pid>> {
        let exe = std::fs::canonicalize(exe)?;
        let found = self.members(|path| Path::new(path) == exe)?;
        found.first().map(|id| pid(*id)).transpose()
    }

    /// The group's processes whose program is wanted.
    pub fn members(&self, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Vec<u32>> {
        let mut members = vec![];
        for process in std::fs::read_dir("/proc")?.flatten() {
            let Some(id) = process.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // It may end while it is looked at.
            let Ok(exe) = std::fs::read_link(process.path().join("exe")) else { continue };
            if wanted(&exe.to_string_lossy())
                && rustix::process::getpgid(Some(pid(id)?)).is_ok_and(|group| group == self.id)
            {
                members.push(id);
            }
        }
        Ok(members)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = kill_process_group(self.id, Signal::KILL);
        let _ = self.child.wait();
    }
}

pub fn pid(id: u32) -> anyhow::Result<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw).context("no process ID")
}

pub fn signal(id: Pid, signal: Signal) -> anyhow::Result<()> {
    kill_process(id, signal).context("the process cannot be signalled")
}

/// How long a process has kept a processor busy so far, as itself (proc(5): the 14th value, in ticks of 10 ms).
pub fn worked(id: u32) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name before it may have spaces in it.
    let (_, values) = stat.rsplit_once(')').context("no process")?;
    let ticks: u64 = values.split_whitespace().nth(11).context("no time")?.parse()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// What a process holds in memory, in bytes (proc_pid_status(5)).
pub fn resident(id: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no memory")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}

/// For programs that cannot be given a socket.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
