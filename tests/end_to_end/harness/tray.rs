//! A panel that shows trays, as far as the bus is concerned (freedesktop.org's StatusNotifierItem, and the menu
//! protocol `com.canonical.dbusmenu`).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context as _, ensure};
use zbus::{
    Connection, Proxy, connection, interface,
    message::Header,
    zvariant::{OwnedValue, Value},
};

use super::{SOON, until};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// Bus name and path of each icon.
type Items = Arc<Mutex<Vec<(String, String)>>>;

struct Watcher(Items);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: &str, #[zbus(header)] header: Header<'_>) {
        let sender = header.sender().map(ToString::to_string).unwrap_or_default();
        // Some give the path of their icon, some a bus name.
        let item = if service.starts_with('/') {
            (sender, service.to_owned())
        } else {
            (service.to_owned(), "/StatusNotifierItem".to_owned())
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(item);
    }

    fn register_status_notifier_host(&self, _service: &str) {}

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        let items = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        items.iter().map(|(name, path)| format!("{name}{path}")).collect()
    }
}

pub struct Panel {
    bus: Connection,
    items: Items,
}

type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl Panel {
    pub async fn start(address: &str) -> anyhow::Result<Self> {
        let items = Items::default();
        let bus = connection::Builder::address(address)?
            .serve_at("/StatusNotifierWatcher", Watcher(Arc::clone(&items)))?
            .name(WATCHER)?
            .build()
            .await?;
        Ok(Self { bus, items })
    }

    async fn icon(&self) -> anyhow::Result<Proxy<'_>> {
        let item = self.items.lock().unwrap_or_else(PoisonError::into_inner).last().cloned();
        let (name, path) = item.context("there is no icon")?;
        Ok(Proxy::new(&self.bus, name, path, "org.kde.StatusNotifierItem").await?)
    }

    /// Waits until the icon is this one of the app's pictures (`icons/tray`).
    pub async fn looks(&self, face: &str) -> anyhow::Result<()> {
        let wanted = format!("{}/icons/tray/{face}.png", env!("CARGO_MANIFEST_DIR"));
        let wanted = image::open(wanted)?.into_rgba8();
        until(&format!("the tray's icon is {face}"), SOON, async || {
            let icon = self.icon().await?;
            // What is passive is not shown.
            let status: String = icon.get_property("Status").await?;
            ensure!(status == "Active", "it is {status}");
            let picture: String = icon.get_property("IconName").await?;
            Ok((image::open(&picture)?.into_rgba8() == wanted).then_some(()))
        })
        .await
    }

    /// The lines of the icon's menu, with their numbers.
    async fn menu(&self) -> anyhow::Result<(Proxy<'_>, Vec<(i32, String)>)> {
        let icon = self.icon().await?;
        let menu: zbus::zvariant::OwnedObjectPath = icon.get_property("Menu").await?;
        let menu =
            Proxy::new(&self.bus, icon.destination().to_owned(), menu, "com.canonical.dbusmenu").await?;
        let (_, (_, _, lines)): (u32, Layout) =
            menu.call("GetLayout", &(0_i32, -1_i32, Vec::<&str>::new())).await?;
        let mut known = vec![];
        for line in lines {
            let (id, properties, _) = Layout::try_from(line)?;
            if let Some(label) = properties.get("label") {
                // An underscore marks the letter of a shortcut.
                known.push((id, String::try_from(label.try_clone()?)?.replace('_', "")));
            }
        }
        Ok((menu, known))
    }

    /// Waits until a line of the menu reads like this.
    pub async fn says(&self, part: &str) -> anyhow::Result<i32> {
        until(&format!("{part:?} in the tray"), SOON, async || {
            let (_, lines) = self.menu().await?;
            let line = lines.iter().find(|(_, label)| label.contains(part));
            Ok(Some(line.with_context(|| format!("the tray says {lines:?}"))?.0))
        })
        .await
    }

    /// Whether a line of the menu reads like this now.
    pub async fn shows(&self, part: &str) -> anyhow::Result<bool> {
        Ok(self.menu().await?.1.iter().any(|(_, label)| label.contains(part)))
    }

    pub async fn choose(&self, part: &str) -> anyhow::Result<()> {
        let id = self.says(part).await?;
        let (menu, _) = self.menu().await?;
        menu.call::<_, _, ()>("Event", &(id, "clicked", Value::from(0_i32), 0_u32)).await?;
        Ok(())
    }
}
