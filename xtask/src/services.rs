//! Meridian and the server as processes, in a fresh folder.

use std::{
    fs::{self, File},
    io::Write as _,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::{
    command::{Background, cargo, program, step},
    target,
};

pub const PASSWORD: &str = "understudy-demo";
/// Address, name and roles of the demo's staff.
pub const STAFF: &[(&str, &str, &str)] = &[
    ("ada@example.com", "Ada Winter", "support"),
    ("sami@example.com", "Sami Okafor", "admin"),
    ("lea@example.com", "Léa Fontaine", "lead"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    pub meridian: u16,
    pub api: u16,
    pub gateway: u16,
}

impl Ports {
    /// Those of the embedded default.
    pub const DEFAULT: Self = Self { meridian: 7100, api: 7200, gateway: 7300 };

    pub fn free() -> anyhow::Result<Self> {
        // All at once, so that they differ.
        let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0"));
        let mut ports = Vec::new();
        for listener in listeners {
            ports.push(listener?.local_addr()?.port());
        }
        let [meridian, api, gateway] = ports[..] else { bail!("three ports") };
        Ok(Self { meridian, api, gateway })
    }

    pub fn api_origin(self) -> String {
        format!("http://127.0.0.1:{}", self.api)
    }

    pub fn gateway_origin(self) -> String {
        format!("http://localhost:{}", self.gateway)
    }

    pub fn meridian_origin(self) -> String {
        format!("http://127.0.0.1:{}", self.meridian)
    }
}

/// The profile of a released server.
const RELEASED: &str = "server";

/// The binaries of one profile.
pub struct Binaries(PathBuf);

impl Binaries {
    /// Of everything in the workspace, so that nothing is compiled twice for different selections.
    pub fn build(release: bool) -> anyhow::Result<Self> {
        let mut build = cargo();
        build.args(["build", "--workspace", "--bins"]);
        if release {
            build = cargo();
            build.args(["build", "--profile", RELEASED, "-p", "understudy-server", "-p", "demo-platform"]);
        }
        step("build", &mut build)?;
        Ok(Self(target().join(if release { RELEASED } else { "debug" })))
    }

    pub fn command(&self, name: &str) -> Command {
        program(self.0.join(name))
    }
}

pub struct Services {
    pub ports: Ports,
    binaries: Binaries,
    folder: TempDir,
    meridian: Option<Background>,
    server: Option<Background>,
}

impl Services {
    pub fn start(binaries: Binaries, ports: Ports) -> anyhow::Result<Self> {
        for port in [ports.meridian, ports.api, ports.gateway] {
            TcpListener::bind(("127.0.0.1", port))
                .with_context(|| format!("port {port} of this computer is taken: end what listens there"))?;
        }
        let folder = tempfile::Builder::new().prefix("understudy-demo-").tempdir()?;
        fs::write(folder.path().join("understudy.toml"), config(folder.path(), ports))?;
        let mut services = Self { ports, binaries, folder, meridian: None, server: None };
        for (email, name, role) in STAFF {
            services.add_staff(email, name, role)?;
        }
        services.start_meridian()?;
        services.start_server()?;
        Ok(services)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `understudy-server` with this installation's configuration.
    pub fn server_command(&self) -> Command {
        let mut command = self.binaries.command("understudy-server");
        command.arg("--config").arg(self.folder.path().join("understudy.toml"));
        command
    }

    pub fn add_staff(&self, email: &str, name: &str, role: &str) -> anyhow::Result<()> {
        let mut adding = self
            .server_command()
            .args(["staff", "add", email, "--name", name, "--role", role])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .env("UNDERSTUDY_LOG", "error")
            .spawn()?;
        if let Some(mut input) = adding.stdin.take() {
            writeln!(input, "{PASSWORD}")?;
        }
        if !adding.wait()?.success() {
            bail!("the staff account {email} could not be added");
        }
        Ok(())
    }

    fn start_meridian(&mut self) -> anyhow::Result<()> {
        let (issuer, origin) = (self.ports.api_origin(), self.ports.meridian_origin());
        let mut command = self.binaries.command("demo-platform");
        command
            .args(["--listen", &format!("127.0.0.1:{}", self.ports.meridian), "--public-origin", &origin])
            .args(["--identity-issuer", &issuer])
            .args(["--identity-jwks-url", &format!("{issuer}/.well-known/jwks.json")])
            .arg("--data-dir")
            .arg(self.folder.path().join("meridian"));
        self.meridian = Some(self.background(&mut command, "meridian.log")?);
        wait_for("Meridian", self.ports.meridian)
    }

    pub fn start_server(&mut self) -> anyhow::Result<()> {
        let mut command = self.server_command();
        command.arg("serve");
        self.server = Some(self.background(&mut command, "server.log")?);
        wait_for("the server", self.ports.api)?;
        wait_for("the gateway", self.ports.gateway)
    }

    /// As a crash would.
    pub fn kill_server(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
    }

    fn background(&self, command: &mut Command, log: &str) -> anyhow::Result<Background> {
        let log = File::options().create(true).append(true).open(self.folder.path().join(log))?;
        Background::start(command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log))
    }

    /// What Meridian has answered in impersonation sessions: method, path and session of each request.
    pub fn access_log(&self) -> anyhow::Result<Vec<serde_json::Value>> {
        let text = fs::read_to_string(self.folder.path().join("meridian/access.jsonl"))?;
        let entries =
            text.lines().map(serde_json::from_str).collect::<Result<Vec<serde_json::Value>, _>>()?;
        Ok(entries.into_iter().filter(|entry| entry["session"].is_string()).collect())
    }
}

/// The platform of the embedded default, on these ports.
const PLATFORM: &str = include_str!("../../crates/server/demo.toml");

fn config(folder: &Path, ports: Ports) -> String {
    let data = folder.join("server");
    let platform = PLATFORM
        .replace(&Ports::DEFAULT.meridian_origin(), &ports.meridian_origin())
        .replace(&Ports::DEFAULT.gateway_origin(), &ports.gateway_origin());
    format!(
        "data_dir = {data:?}\n\
         [api]\nlisten = \"127.0.0.1:{}\"\norigin = \"{}\"\n\
         [gateway]\nlisten = \"127.0.0.1:{}\"\n\
         [exception]\ncategories = [\"Suspected fraud\", \"Person cannot be reached\"]\n{}{platform}",
        ports.api,
        ports.api_origin(),
        ports.gateway,
        // Nobody works as fast as a machine, so the demo keeps the limits of a real installation.
        if ports == Ports::DEFAULT { "" } else { "[code]\nburst = 100\nper_hour = 1000\n" },
    )
}

fn wait_for(what: &str, port: u16) -> anyhow::Result<()> {
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(50));
    }
    bail!("{what} does not listen on port {port}")
}
