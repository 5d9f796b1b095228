//! A PostgreSQL cluster of our own, gone when it is dropped.

use std::{fs, net::TcpListener, path::PathBuf, process::Stdio, thread::sleep, time::Duration};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::command::{Background, is_there, program, run};

pub struct Postgres {
    pub url: String,
    // Before the folder: it must have ended when that goes.
    _server: Background,
    _folder: TempDir,
}

pub fn start() -> anyhow::Result<Postgres> {
    let tools = tools()?;
    let folder = tempfile::Builder::new().prefix("understudy-postgres-").tempdir()?;
    let data = folder.path().join("data");
    let root = rustix::process::geteuid().is_root();
    if root {
        if !is_there("runuser") {
            bail!("PostgreSQL does not run as root, and there is no runuser to be somebody else");
        }
        run(program("chown").arg("postgres").arg(folder.path()))?;
    }
    // It refuses to run as root.
    let tool = |name: &str| {
        let mut command;
        if root {
            command = program("runuser");
            command.args(["-u", "postgres", "--"]).arg(tools.join(name));
        } else {
            command = program(tools.join(name));
        }
        command.current_dir("/");
        command
    };
    run(tool("initdb")
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
        .arg(&data)
        .stdout(Stdio::null()))?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let server = Background::start(
        tool("postgres")
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-p", &port.to_string(), "-h", "127.0.0.1"])
            // What is in it may be lost: it is for tests.
            .args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"])
            .args(["-c", "max_connections=300", "-c", "log_min_messages=fatal"]),
    )?;
    let mut postgres = Postgres {
        url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        _server: server,
        _folder: folder,
    };
    for _ in 0..300 {
        if let Some(status) = postgres._server.child.try_wait()? {
            bail!("PostgreSQL ended with {status}");
        }
        let mut ready = tool("pg_isready");
        ready.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        if ready.status().is_ok_and(|status| status.success()) {
            return Ok(postgres);
        }
        sleep(Duration::from_millis(100));
    }
    bail!("PostgreSQL did not answer within 30 s")
}

/// The newest that is installed; Debian does not put them in the PATH.
fn tools() -> anyhow::Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder): &(u32, PathBuf)| folder.join("initdb").exists())
        .collect();
    folders.sort();
    let in_path = || {
        let paths = std::env::var_os("PATH")?;
        std::env::split_paths(&paths).find(|folder| folder.join("initdb").is_file())
    };
    folders.pop().map(|(_, folder)| folder).or_else(in_path).context("PostgreSQL is not installed")
}
