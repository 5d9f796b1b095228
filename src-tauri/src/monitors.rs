//! Monitors that are pulled out: what stood on them comes back into sight, the bar first of all.

use std::time::Duration;

use tauri::{AppHandle, Manager, PhysicalPosition, PhysicalSize, Window};

use crate::system;

/// The window manager goes first.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) fn watch(app: &AppHandle) {
    let app = app.clone();
    system::on_monitor_removed(move || {
        tauri::async_runtime::spawn(bring_back(app.clone()));
    });
}

async fn bring_back(app: AppHandle) {
    tokio::time::sleep(PAUSE).await;
    for window in app.windows().values() {
        if let Err(error) = into_sight(window) {
            log::warn!("{} may be out of sight: {error}", window.label());
        }
    }
}

/// As it is where all of it is on some monitor; in the middle of the one it is on the most otherwise.
fn into_sight(window: &Window) -> tauri::Result<()> {
    let place = (window.outer_position()?, window.outer_size()?);
    let monitors = window.available_monitors()?;
    // Some show the same, and count once.
    let mut shown: Vec<Place> = monitors.iter().map(|m| (*m.position(), *m.size())).collect();
    shown.sort_by_key(|(at, size)| (at.x, at.y, size.width, size.height));
    shown.dedup();
    let seen: i64 = shown.into_iter().map(|monitor| shared(place, monitor)).sum();
    if seen >= area(place.1) || !window.is_visible()? || window.is_minimized()? {
        return Ok(());
    }
    let Some(monitor) = window.current_monitor()? else { return Ok(()) };
    let (inner, room) = (window.inner_size()?, monitor.work_area().size);
    let around = (place.1.width.saturating_sub(inner.width), place.1.height.saturating_sub(inner.height));
    window.set_size(PhysicalSize::new(
        inner.width.min(room.width.saturating_sub(around.0)),
        inner.height.min(room.height.saturating_sub(around.1)),
    ))?;
    window.center()
}

type Place = (PhysicalPosition<i32>, PhysicalSize<u32>);

fn area(size: PhysicalSize<u32>) -> i64 {
    i64::from(size.width) * i64::from(size.height)
}

/// How many pixels two rectangles have in common.
fn shared((a, a_size): Place, (b, b_size): Place) -> i64 {
    let along = |a: i32, a_long: u32, b: i32, b_long: u32| {
        let end = (i64::from(a) + i64::from(a_long)).min(i64::from(b) + i64::from(b_long));
        (end - i64::from(a.max(b))).max(0)
    };
    along(a.x, a_size.width, b.x, b_size.width) * along(a.y, a_size.height, b.y, b_size.height)
}
