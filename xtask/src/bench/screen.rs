//! A screen without a monitor, which can be looked at while an app paints on it.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::command::{Background, program};

/// Pictures are compared by squares of so many pixels a side, because the engine smooths letters now this way, now
/// that.
const SQUARE: usize = 8;
/// By so much, of 255, the brightness of a square must differ.
const BRIGHTNESS: u32 = 16;
/// So many squares may differ: a blinking caret is no change.
const CARET: usize = 8;
/// A window without text has fewer.
const SHADES: usize = 8;
/// For so long nothing changes on a screen on which everything is shown.
const STILL: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(8);
const PATIENCE: Duration = Duration::from_secs(60);

/// An X server that keeps its picture in a file, and a D-Bus session for whoever draws on it.
pub struct Screen {
    _xvfb: Background,
    _bus: Background,
    folder: TempDir,
    display: String,
    address: String,
    empty: Picture,
}

impl Screen {
    pub fn open() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("understudy-screen-").tempdir()?;
        let mut xvfb = program("Xvfb");
        xvfb.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
            "-noreset",
            "-fbdir",
        ]);
        let (xvfb, number) = answering(xvfb.arg(folder.path()))?;
        let mut bus = program("dbus-daemon");
        let (bus, address) = answering(bus.args(["--session", "--nofork", "--print-address=1"]))?;
        let empty = Picture::read(&framebuffer(folder.path()))?;
        fs::create_dir(folder.path().join("run"))?;
        fs::set_permissions(folder.path().join("run"), fs::Permissions::from_mode(0o700))?;
        Ok(Self { _xvfb: xvfb, _bus: bus, folder, display: format!(":{number}"), address, empty })
    }

    /// Starts an app here that knows no home but this one.
    pub fn start(&self, app: &Path, home: &Path) -> anyhow::Result<Background> {
        let mut command = Command::new(app);
        for variable in
            ["WAYLAND_DISPLAY", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "GDK_BACKEND"]
        {
            command.env_remove(variable);
        }
        command
            .env("HOME", home)
            .env("XDG_RUNTIME_DIR", self.folder.path().join("run"))
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Background::start(&mut command)
    }

    /// Starts an app, and ends it when it has long stopped painting. What it then showed.
    pub fn settled(&self, app: &Path, home: &Path) -> anyhow::Result<Picture> {
        let mut app = self.start(app, home)?;
        let start = Instant::now();
        let (mut last, mut since) = (self.look()?, Instant::now());
        let settled = loop {
            sleep(Duration::from_millis(100));
            if let Some(status) = app.child.try_wait()? {
                bail!("the app did not stay: it ended with {status}");
            }
            let now = self.look()?;
            if now.differs(&last) || now.is_blank() {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() > STILL {
                break last;
            }
            if start.elapsed() > PATIENCE {
                bail!("no window of the app has come to rest");
            }
        };
        drop(app);
        self.wait_until_empty()?;
        Ok(settled)
    }

    /// Waits until the screen shows this.
    pub fn wait_for(&self, picture: &Picture) -> anyhow::Result<()> {
        let start = Instant::now();
        while self.look()?.differs(picture) {
            if start.elapsed() > PATIENCE {
                bail!("the screen does not show what it should");
            }
            sleep(LOOK);
        }
        Ok(())
    }

    pub fn wait_until_empty(&self) -> anyhow::Result<()> {
        self.wait_for(&self.empty)
    }

    fn look(&self) -> anyhow::Result<Picture> {
        Picture::read(&framebuffer(self.folder.path()))
    }
}

fn framebuffer(folder: &Path) -> PathBuf {
    folder.join("Xvfb_screen0")
}

/// Starts a server and waits for the line it prints once it answers.
fn answering(command: &mut Command) -> anyhow::Result<(Background, String)> {
    let mut server =
        Background::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()))?;
    let said = server.child.stdout.take().context("it has no output")?;
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line)?;
    let name = command.get_program().to_string_lossy();
    anyhow::ensure!(!line.trim().is_empty(), "{name} did not start");
    Ok((server, line.trim().to_owned()))
}

/// What is on a screen, four bytes a pixel.
pub struct Picture {
    rows: Vec<u8>,
    bytes_per_row: usize,
}

impl Picture {
    /// From a file in the format of `xwd`, as Xvfb keeps it.
    fn read(path: &Path) -> anyhow::Result<Self> {
        let mut bytes = Vec::new();
        File::open(path)?.read_to_end(&mut bytes)?;
        let number = |index: usize| -> anyhow::Result<usize> {
            let bytes =
                bytes.get(4 * index..4 * index + 4).context("the picture of the screen is cut off")?;
            Ok(u32::from_be_bytes(bytes.try_into()?) as usize)
        };
        let (header, height, bytes_per_row, colours) = (number(0)?, number(5)?, number(12)?, number(19)?);
        // Each colour of the map after the header takes 12 bytes.
        let start = header + 12 * colours;
        let rows = bytes
            .get(start..start + height * bytes_per_row)
            .context("the picture of the screen is cut off")?;
        Ok(Self { rows: rows.to_vec(), bytes_per_row })
    }

    /// No more than areas of one colour: an empty screen, or a window whose page is not drawn yet. Text has many
    /// shades.
    fn is_blank(&self) -> bool {
        let mut colours: Vec<&[u8]> = Vec::new();
        let mut last: &[u8] = &[];
        for pixel in self.rows.chunks(4) {
            if pixel != last && !colours.contains(&pixel) {
                colours.push(pixel);
            }
            if colours.len() > SHADES {
                return false;
            }
            last = pixel;
        }
        true
    }

    /// By more than a caret, and more than the smoothing of letters.
    fn differs(&self, other: &Self) -> bool {
        let band = SQUARE * self.bytes_per_row;
        let bands = self.rows.chunks(band).zip(other.rows.chunks(band));
        let mut squares = 0;
        for (band, other) in bands.filter(|(band, other)| band != other) {
            for left in (0..self.bytes_per_row).step_by(4 * SQUARE) {
                let (here, there) = (self.brightness(band, left), self.brightness(other, left));
                if here.abs_diff(there) > BRIGHTNESS {
                    squares += 1;
                }
                if squares > CARET {
                    return true;
                }
            }
        }
        false
    }

    /// Of a square, from 0 to 255; green says enough.
    fn brightness(&self, band: &[u8], left: usize) -> u32 {
        let width = (4 * SQUARE).min(self.bytes_per_row - left);
        let rows = band.chunks(self.bytes_per_row).filter_map(|row| row.get(left..left + width));
        let (mut sum, mut count) = (0, 0);
        for pixel in rows.flat_map(|row| row.chunks(4)) {
            sum += pixel.get(1).copied().map_or(0, u32::from);
            count += 1;
        }
        sum / count.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 squares in a row.
    fn picture(squares: &[u8]) -> Picture {
        let row = squares.iter().flat_map(|square| [*square; 4 * SQUARE]);
        let bytes_per_row = 4 * SQUARE * squares.len();
        Picture { rows: row.cycle().take(SQUARE * bytes_per_row).collect(), bytes_per_row }
    }

    #[test]
    fn a_blinking_caret_and_the_smoothing_of_letters_are_no_change() {
        let (blank, mut caret, mut letters) = ([0; 100], [0; 100], [0; 100]);
        caret[..CARET].fill(200);
        assert!(!picture(&blank).differs(&picture(&caret)));
        caret[CARET] = 200;
        assert!(picture(&blank).differs(&picture(&caret)));
        letters[..50].fill(10);
        assert!(!picture(&blank).differs(&picture(&letters)));
        letters[..50].fill(30);
        assert!(picture(&blank).differs(&picture(&letters)));
    }

    #[test]
    fn a_window_without_text_is_blank() {
        let mut window = [0; 100];
        window[20..70].fill(9);
        assert!(picture(&window).is_blank());
        window[30..50].copy_from_slice(&std::array::from_fn::<u8, 20, _>(|shade| shade as u8));
        assert!(!picture(&window).is_blank());
    }

    #[test]
    fn a_screen_is_read_as_xvfb_keeps_it() -> anyhow::Result<()> {
        let mut file = vec![0_u8; 100 + 12];
        for (index, value) in [(0, 100_u32), (4, 2), (5, 1), (12, 8), (19, 1)] {
            file[4 * index..4 * index + 4].copy_from_slice(&value.to_be_bytes());
        }
        file.extend([1, 1, 1, 1, 2, 2, 2, 2]);
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("screen"), &file)?;
        let picture = Picture::read(&folder.path().join("screen"))?;
        assert_eq!((picture.rows, picture.bytes_per_row), (vec![1, 1, 1, 1, 2, 2, 2, 2], 8));
        fs::write(folder.path().join("screen"), &file[..110])?;
        assert!(Picture::read(&folder.path().join("screen")).is_err());
        Ok(())
    }
}
