//! Everything set up, and the main job done: by whoever sits before the screen, or, without one, by itself.

use std::{
    env, fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::Duration,
};

use crate::{
    command::{Background, step},
    packages, root,
    services::{Binaries, PASSWORD, Ports, STAFF, Services},
    test::end_to_end,
    ui,
};

pub fn run() -> anyhow::Result<()> {
    let screen =
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|v| !v.is_empty()));
    if screen {
        packages::install(&[packages::BUILD])?;
        ui::build()?;
        on_screen()
    } else {
        packages::install(&[packages::BUILD, packages::DESKTOP])?;
        ui::build()?;
        by_itself()
    }
}

fn on_screen() -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    ctrlc::set_handler(move || stopped.store(true, Ordering::Relaxed))?;
    let binaries = Binaries::build(false)?;
    let mut app = binaries.command("understudy");
    let services = Services::start(binaries, Ports::DEFAULT)?;
    let mails = services.folder().join("server/mail");
    println!("\nMeridian, the platform:  {}", services.ports.meridian_origin());
    println!("The server's API:        {}", services.ports.api_origin());
    println!("Mails are written to:    {}", mails.display());
    println!("\nSign in to the app as one of them, with the password {PASSWORD}:");
    for (email, name, role) in STAFF {
        println!("  {email:<18} {name} ({role})");
    }
    println!("\nFind Élise Marchand (INV-000137) in People, open \"Impersonation\" and request a code.");
    println!("The code arrives in the inbox of the app and as a mail.");
    println!(
        "Before the first session the app asks you to set up an authenticator app. If you have none at hand:"
    );
    println!("  cargo xtask authenticator <the secret beside the QR code>\n");
    println!("Quit the app, or press Ctrl+C here, to end all.\n");
    let mut app = Background::start(app.env("UNDERSTUDY_SERVER", services.ports.api_origin()))?;
    while !stop.load(Ordering::Relaxed) && app.child.try_wait()?.is_none() {
        sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn by_itself() -> anyhow::Result<()> {
    let pictures = root().join("target/pictures");
    if pictures.exists() {
        fs::remove_dir_all(&pictures)?;
    }
    fs::create_dir_all(&pictures)?;
    println!("There is no display, so the app gets one of its own and is driven through the whole story.");
    let mut story = end_to_end();
    story.args(["--", "story::", "--nocapture", "--test-threads=1"]).env("UNDERSTUDY_PICTURES", &pictures);
    step("the whole story", &mut story)?;
    println!("\nPictures of each screen are in {}", pictures.display());
    Ok(())
}
