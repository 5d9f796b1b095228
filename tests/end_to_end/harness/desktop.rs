//! A desktop without a screen: display, window manager, session bus, keyring, notifications.

use std::{
    fs::{self, File, Permissions},
    io::{BufRead as _, BufReader, Read, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::{Group, until};

/// How long a desktop takes at the most, on a machine that builds beside it.
const COMES_UP: Duration = Duration::from_secs(20);

pub const KEYRING_PASSWORD: &str = "sesame";

/// What one looks at.
#[derive(Debug, Clone, Copy)]
pub enum Screen {
    /// Width and height.
    One(u32, u32),
    /// Two monitors of this width and height, the second one to the right of the first.
    Two(u32, u32),
}

/// A screen that most people have.
pub const SCREEN: Screen = Screen::One(1280, 900);

/// Monitors that are in memory only. No keyboard or mouse of this computer is listened to.
const MONITORS: &str = "Section \"ServerFlags\"
  Option \"AutoAddDevices\" \"false\"
  Option \"AutoAddGPU\" \"false\"
EndSection
Section \"Device\"
  Identifier \"memory\"
  Driver \"dummy\"
  VideoRam 65536
EndSection
Section \"Screen\"
  Identifier \"screen\"
  Device \"memory\"
  DefaultDepth 24
EndSection
";

/// The monitors of [`Screen::Two`].
const LEFT_MONITOR: &str = "DUMMY0";
pub const RIGHT_MONITOR: &str = "DUMMY1";

/// A bus that starts nothing but what a test offers: what runs ends with the test.
const BUS: &str = "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<servicedir>SERVICES</servicedir><policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>
<allow own=\"*\"/></policy></busconfig>";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

impl Theme {
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A window that is listened to.
pub struct Watched {
    gone: mpsc::Receiver<Instant>,
    _group: Group,
}

impl Watched {
    /// When it went.
    pub fn gone(&self, time: Duration) -> anyhow::Result<Instant> {
        self.gone.recv_timeout(time).with_context(|| format!("the window has stayed for {time:?}"))
    }
}

pub struct Desktop {
    /// The last that was started is ended first.
    groups: Vec<Group>,
    environment: Vec<(&'static str, String)>,
    /// What a program finds mounted when it starts, as lines of a script.
    mounts: Vec<String>,
    /// What the bus may start.
    services: PathBuf,
    log: PathBuf,
}

impl Drop for Desktop {
    fn drop(&mut self) {
        while self.groups.pop().is_some() {}
    }
}

impl Desktop {
    /// Its parts are other people's programs and come up in their own order; where one of them does not, all
    /// of them are started anew.
    pub async fn start(folder: &Path, theme: Theme, screen: Screen) -> anyhow::Result<Self> {
        for _ in 0..2 {
            if let Ok(desktop) = Self::try_start(folder, theme, screen).await {
                return Ok(desktop);
            }
        }
        Self::try_start(folder, theme, screen).await
    }

    async fn try_start(folder: &Path, theme: Theme, screen: Screen) -> anyhow::Result<Self> {
        let mut desktop = Self {
            groups: vec![],
            environment: environment(folder, theme)?,
            mounts: vec![],
            services: folder.join("services"),
            log: folder.join("desktop.log"),
        };
        desktop.start_screen(folder, screen)?;
        let bus = folder.join("bus.conf");
        fs::create_dir_all(&desktop.services)?;
        fs::write(
            &bus,
            BUS.replace("SERVICES", desktop.services.to_str().context("a path that is no text")?),
        )?;
        let bus = format!("--config-file={}", bus.display());
        let bus = desktop.command("dbus-daemon", &[&bus, "--nofork", "--nopidfile", "--print-address=1"]);
        let address = desktop.start_and_read_line(bus)?;
        desktop.environment.push(("DBUS_SESSION_BUS_ADDRESS", address));
        desktop.start_keyring()?;
        let manager = desktop.command("openbox", &["--sm-disable"]);
        desktop.start_quietly(manager)?;
        let notifications = desktop.command("dunst", &[]);
        desktop.start_quietly(notifications)?;
        until("window manager, keyring and notifications", COMES_UP, async || {
            let names = desktop.run(
                "dbus-send",
                &[
                    "--session",
                    "--print-reply",
                    "--dest=org.freedesktop.DBus",
                    "/org/freedesktop/DBus",
                    "org.freedesktop.DBus.ListNames",
                ],
            )?;
            let there = |name: &str| names.contains(name);
            let managed = desktop.run("xdotool", &["get_num_desktops"]).is_ok();
            Ok((there("org.freedesktop.Notifications") && there("org.freedesktop.secrets") && managed)
                .then_some(()))
        })
        .await?;
        Ok(desktop)
    }

    fn start_screen(&mut self, folder: &Path, screen: Screen) -> anyhow::Result<()> {
        let server = match screen {
            Screen::One(width, height) => {
                let size = format!("{width}x{height}x24");
                self.command("Xvfb", &["-displayfd", "1", "-screen", "0", &size, "-nolisten", "tcp"])
            }
            Screen::Two(..) => {
                let (monitors, log) = (folder.join("xorg.conf"), folder.join("xorg.log"));
                fs::write(&monitors, MONITORS)?;
                let mut server = self.command("Xorg", &["-displayfd", "1", "-noreset", "-nolisten", "tcp"]);
                server.args(["-novtswitch", "-sharevts"]);
                server.arg("-config").arg(monitors).arg("-logfile").arg(log);
                server
            }
        };
        let display = self.start_and_read_line(server)?;
        self.environment.push(("DISPLAY", format!(":{display}")));
        let Screen::Two(width, height) = screen else { return Ok(()) };
        let (mode, right) = (format!("{width}x{height}"), format!("{width}x0"));
        let timing = |size: u32| [size, size + 10, size + 20, size + 40].map(|each| each.to_string());
        let (across, down) = (timing(width), timing(height));
        let new_mode = [["--newmode", &mode, "100"].map(str::to_owned).to_vec(), across.into(), down.into()];
        self.run("xrandr", &new_mode.concat().iter().map(String::as_str).collect::<Vec<_>>())?;
        for (monitor, place) in [(LEFT_MONITOR, "0x0"), (RIGHT_MONITOR, &right)] {
            self.run("xrandr", &["--addmode", monitor, &mode])?;
            self.run("xrandr", &["--output", monitor, "--mode", &mode, "--pos", place])?;
        }
        // An output counts as connected as soon as somebody asked.
        self.run("xrandr", &["--query"]).map(drop)
    }

    /// An empty password would leave it locked.
    fn start_keyring(&mut self) -> anyhow::Result<()> {
        let mut keyring =
            self.command("gnome-keyring-daemon", &["--foreground", "--unlock", "--components=secrets"]);
        let mut group = Group::start(keyring.stdin(Stdio::piped()).stdout(Stdio::null()))?;
        group.child.stdin.take().context("no input")?.write_all(KEYRING_PASSWORD.as_bytes())?;
        self.groups.push(group);
        Ok(())
    }

    /// The bus starts this program as soon as somebody calls it by this name.
    pub fn offer(&self, name: &str, program: &str) -> anyhow::Result<()> {
        let service = format!("[D-BUS Service]\nName={name}\nExec={program}\n");
        fs::write(self.services.join(format!("{name}.service")), service)?;
        let bus = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
        self.run("dbus-send", &[bus.as_slice(), &["org.freedesktop.DBus.ReloadConfig"]].concat()).map(drop)
    }

    /// A program on this desktop, with its own home and nothing of the caller's session.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = if self.mounts.is_empty() {
            Command::new(program)
        } else {
            // In a namespace of its own this takes no privilege, and ends with it.
            let script = format!("{}\nexec \"$0\" \"$@\"", self.mounts.join("\n"));
            let mut command = Command::new("unshare");
            command.args(["--map-current-user", "--keep-caps", "--mount", "sh", "-euc", &script, program]);
            command
        };
        command.args(arguments).stdin(Stdio::null());
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Ok(log) = File::options().create(true).append(true).open(&self.log) {
            command.stderr(log);
        }
        command
    }

    /// A variable for what is started from now on.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.environment.push((name, value.to_owned()));
    }

    /// These authorities are the only ones that what is started from now on finds on this system: WebKit reads no
    /// other list.
    pub fn trust(&mut self, authorities: &Path) {
        let list = "/etc/ssl/certs/ca-certificates.crt";
        self.mounts.push(format!("mount --bind '{}' {list}", authorities.display()));
    }

    /// What is started from now on has an empty home, on a disk of its own of so many megabytes.
    pub fn shrink_disk(&mut self, megabytes: u32) {
        // The software that draws maps a cache of its own into memory, which ends badly on a disk without room.
        self.mounts.push(format!(
            "mount -t tmpfs -o size={megabytes}m,mode=700 none \"$HOME\"
            mkdir -pm 700 \"$XDG_CACHE_HOME\" \"$XDG_CONFIG_HOME\" \"$XDG_DATA_HOME\" \"$XDG_STATE_HOME\" \
                \"$XDG_RUNTIME_DIR\" \"$XDG_DOWNLOAD_DIR\"
            export MESA_SHADER_CACHE_DISABLE=true"
        ));
    }

    /// Ends one of the desktop's own programs, as after a crash.
    pub fn end(&mut self, program: &str) -> anyhow::Result<()> {
        let before = self.groups.len();
        // One that cannot be asked about is kept.
        self.groups.retain(|group| {
            group.members(|exe| Path::new(exe).ends_with(program)).is_ok_and(|found| found.is_empty())
        });
        ensure!(self.groups.len() < before, "{program} does not run");
        Ok(())
    }

    /// What a program on this desktop prints.
    pub fn run(&self, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(program, arguments).stderr(Stdio::piped()).output();
        let output = output.with_context(|| format!("{program} cannot be run"))?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {arguments:?} ended with {}: {error}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn start_quietly(&mut self, mut command: Command) -> anyhow::Result<()> {
        self.groups.push(Group::start(command.stdout(Stdio::null()))?);
        Ok(())
    }

    fn start_and_read_line(&mut self, mut command: Command) -> anyhow::Result<String> {
        let mut group = Group::start(command.stdout(Stdio::piped()))?;
        let output = group.child.stdout.take().context("no output")?;
        self.groups.push(group);
        let mut line = String::new();
        BufReader::new(output.take(4096)).read_line(&mut line)?;
        ensure!(
            !line.trim().is_empty(),
            "{:?} did not start; see {}",
            command.get_program(),
            self.log.display()
        );
        Ok(line.trim().to_owned())
    }

    /// Presses keys, one after the other, wherever the keyboard is: `Tab`, `ctrl+k`.
    pub fn press(&self, keys: &[&str]) -> anyhow::Result<()> {
        self.run("xdotool", &[&["key", "--clearmodifiers", "--delay", "40"], keys].concat()).map(drop)
    }

    /// Types wherever the keyboard is.
    pub fn type_text(&self, text: &str) -> anyhow::Result<()> {
        self.run("xdotool", &["type", "--clearmodifiers", "--delay", "25", text]).map(drop)
    }

    /// Makes a window this wide and high, in the top left corner, as soon as it is there.
    pub async fn resize(&self, title: &str, size: (u32, u32)) -> anyhow::Result<()> {
        let window =
            until(&format!("the window {title:?}"), COMES_UP, async || Ok(self.window(title))).await?;
        let (width, height) = (size.0.to_string(), size.1.to_string());
        self.run("xdotool", &["windowmove", &window, "10", "30"])?;
        self.run("xdotool", &["windowsize", &window, &width, &height]).map(drop)
    }

    /// Left, top, width and height of a window's inside, on the screen.
    pub fn place(&self, window: &str) -> anyhow::Result<[i32; 4]> {
        let told = self.run("xwininfo", &["-id", window])?;
        let value = |key: &str| -> anyhow::Result<i32> {
            let line = told.lines().find_map(|line| line.trim().strip_prefix(key));
            Ok(line.with_context(|| format!("no {key} in {told}"))?.trim().parse()?)
        };
        Ok([
            value("Absolute upper-left X:")?,
            value("Absolute upper-left Y:")?,
            value("Width:")?,
            value("Height:")?,
        ])
    }

    /// All notifications so far, as title and text, from the daemon's own history.
    pub fn notifications(&self) -> anyhow::Result<Vec<(String, String)>> {
        // What is still on the screen is not in the history yet.
        self.run("dunstctl", &["close-all"])?;
        let history: Value = serde_json::from_str(&self.run("dunstctl", &["history"])?)?;
        let shown = history["data"][0].as_array().cloned().unwrap_or_default();
        let text = |entry: &Value, key: &str| entry[key]["data"].as_str().unwrap_or_default().to_owned();
        Ok(shown.iter().map(|entry| (text(entry, "summary"), text(entry, "body"))).collect())
    }

    /// How many notifications are on the screen.
    pub fn notified(&self) -> anyhow::Result<usize> {
        Ok(self.run("dunstctl", &["count", "displayed"])?.parse()?)
    }

    /// Clicks the notification that is on the screen, if one is.
    pub fn click_notification(&self) -> anyhow::Result<bool> {
        if self.notified()? == 0 {
            return Ok(false);
        }
        self.run("dunstctl", &["action", "0"])?;
        Ok(true)
    }

    /// The window whose title has this in it, if it is there.
    pub fn window(&self, title: &str) -> Option<String> {
        let found = self.run("xdotool", &["search", "--onlyvisible", "--name", title]).ok()?;
        found.lines().next().map(str::to_owned)
    }

    /// To the front.
    pub fn bring_up(&self, title: &str) -> anyhow::Result<()> {
        let window = self.window(title).with_context(|| format!("there is no window {title:?}"))?;
        self.run("xdotool", &["windowactivate", "--sync", &window]).map(drop)
    }

    /// Listens for the moment at which this window goes off the screen, by the display's own word.
    pub fn watch(&self, window: &str) -> anyhow::Result<Watched> {
        let mut xev = self.command("stdbuf", &["-oL", "xev", "-id", window, "-event", "structure"]);
        let mut group = Group::start(xev.stdout(Stdio::piped()))?;
        let output = group.child.stdout.take().context("no output")?;
        let (tell, gone) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            if lines.any(|line| line.contains("UnmapNotify") || line.contains("DestroyNotify")) {
                let _ = tell.send(Instant::now());
            }
        });
        // It says nothing when it begins to listen.
        std::thread::sleep(Duration::from_millis(300));
        Ok(Watched { gone, _group: group })
    }

    /// How many windows there are, whatever they are called: only the app has any. Asked of the window manager.
    pub fn windows(&self) -> anyhow::Result<usize> {
        Ok(self.run("xprop", &["-root", "_NET_CLIENT_LIST"])?.matches("0x").count())
    }

    /// A fingerprint of what is seen here on the screen: left, top, width and height.
    pub fn look(&self, [left, top, width, height]: [i32; 4]) -> anyhow::Result<String> {
        let part = format!("{width}x{height}+{left}+{top}");
        self.run("import", &["-window", "root", "-crop", &part, "-format", "%#", "info:-"])
    }

    /// Alt+F4 on it, which asks it to close.
    pub fn ask_to_close(&self, window: &str) -> anyhow::Result<()> {
        self.run("xdotool", &["windowactivate", "--sync", window, "key", "--clearmodifiers", "alt+F4"])
            .map(drop)
    }

    /// Alt+F4 until the window is out of sight.
    pub async fn close_window(&self, title: &str) -> anyhow::Result<()> {
        until(&format!("the window {title:?} goes out of sight"), COMES_UP, async || {
            let Some(window) = self.window(title) else { return Ok(Some(())) };
            self.ask_to_close(&window)?;
            // It may be on its way already.
            let gone = async || Ok(self.window(title).is_none().then_some(()));
            Ok(until("it goes", Duration::from_millis(500), gone).await.ok())
        })
        .await
    }

    /// A panel with a tray.
    #[cfg(feature = "automation")]
    pub async fn panel(&self) -> anyhow::Result<super::Panel> {
        super::Panel::start(self.bus()?).await
    }

    /// A screen reader, to which what is started from now on is open.
    #[cfg(feature = "automation")]
    pub async fn reader(&mut self) -> anyhow::Result<super::Reader> {
        let bus = ["--launch-immediately", "--a11y=1", "--screen-reader=1"];
        let bus = self.command("/usr/libexec/at-spi-bus-launcher", &bus);
        self.start_quietly(bus)?;
        self.set("NO_AT_BRIDGE", "0");
        super::Reader::start(self.bus()?).await
    }

    /// The address of the session's bus.
    #[cfg(feature = "automation")]
    fn bus(&self) -> anyhow::Result<&str> {
        let bus = self.environment.iter().find(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS");
        Ok(&bus.context("there is no bus")?.1)
    }

    /// Where the app saves what is downloaded.
    pub fn downloads(&self) -> PathBuf {
        let home = self.environment.iter().find(|(name, _)| *name == "HOME");
        home.map(|(_, home)| Path::new(home).join("Downloads")).unwrap_or_default()
    }

    pub fn clipboards(&self) -> Vec<String> {
        // It fails when there is nothing in it.
        ["clipboard", "primary"]
            .map(|which| self.run("xclip", &["-o", "-selection", which]).unwrap_or_default())
            .into()
    }

    pub fn picture(&self, path: &Path) -> anyhow::Result<()> {
        let path = path.to_str().context("a path that is no text")?;
        self.run("import", &["-window", "root", path]).map(drop)
    }
}

fn environment(folder: &Path, theme: Theme) -> anyhow::Result<Vec<(&'static str, String)>> {
    let home = folder.join("home");
    let make = |name: &str| -> anyhow::Result<String> {
        let path = home.join(name);
        fs::create_dir_all(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o700))?;
        Ok(path.to_str().context("a path that is no text")?.to_owned())
    };
    Ok(vec![
        ("HOME", make("")?.trim_end_matches('/').to_owned()),
        ("XDG_CACHE_HOME", make(".cache")?),
        ("XDG_CONFIG_HOME", make(".config")?),
        ("XDG_DATA_HOME", make(".local/share")?),
        ("XDG_STATE_HOME", make(".local/state")?),
        ("XDG_RUNTIME_DIR", make("run")?),
        ("XDG_DOWNLOAD_DIR", make("Downloads")?),
        ("GTK_THEME", if theme == Theme::Dark { "Adwaita:dark" } else { "Adwaita" }.to_owned()),
        ("GDK_BACKEND", "x11".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        // No bus for assistive technology: nobody listens.
        ("NO_AT_BRIDGE", "1".to_owned()),
        ("GTK_A11Y", "none".to_owned()),
    ])
}
