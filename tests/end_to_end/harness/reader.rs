//! A screen reader, as far as the buses are concerned (AT-SPI 2): what it finds in the windows, and what it says by
//! itself of what changes there, by the rules of Orca 47. (Those before it say nothing by themselves in WebKitGTK.)

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use futures_util::StreamExt as _;
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::task::AbortOnDropHandle;
use zbus::{
    Connection, MatchRule, MessageStream, Proxy, connection,
    proxy::{self, CacheProperties},
    zvariant::{DynamicType, OwnedObjectPath, OwnedValue, Type},
};

use super::{SOON, until};

const REGISTRY: &str = "org.a11y.atspi.Registry";
/// For an answer: what closes may owe one for ever.
const PATIENCE: Duration = Duration::from_secs(5);
/// Stands in a text for what is inside it.
const OBJECT: char = '\u{FFFC}';

/// By their numbers in `atspi-constants.h`.
#[derive(Debug, Clone, Copy)]
pub enum Role {
    Alert = 2,
    Button = 43,
    Field = 79,
    Heading = 83,
}

/// Bus name and path of something on the screen.
type Object = (String, OwnedObjectPath);

/// A change as WebKit tells of it: which, two numbers, what it is about, and the application.
type Event = (String, i32, i32, OwnedValue, Object);

#[derive(Clone)]
struct Tree(Connection);

impl Tree {
    async fn call<T>(
        &self,
        (name, path): &Object,
        interface: &str,
        method: &str,
        body: &(impl Serialize + DynamicType),
    ) -> anyhow::Result<T>
    where
        T: DeserializeOwned + Type,
    {
        let interface = format!("org.a11y.atspi.{interface}");
        let answer = self.0.call_method(Some(name.as_str()), path, Some(interface.as_str()), method, body);
        Ok(answer.await?.body().deserialize()?)
    }

    async fn property<T>(&self, (name, path): &Object, property: &str) -> anyhow::Result<T>
    where
        T: TryFrom<OwnedValue>,
        T::Error: Into<zbus::Error>,
    {
        let object = proxy::Builder::<Proxy<'_>>::new(&self.0)
            .destination(name.as_str())?
            .path(path)?
            .interface("org.a11y.atspi.Accessible")?
            .cache_properties(CacheProperties::No);
        let object = object.build().await?;
        Ok(object.get_property(property).await?)
    }

    async fn name(&self, object: &Object) -> anyhow::Result<String> {
        self.property(object, "Name").await
    }

    async fn is(&self, object: &Object, role: Role) -> anyhow::Result<bool> {
        Ok(self.call::<u32>(object, "Accessible", "GetRole", &()).await? == role as u32)
    }

    async fn children(&self, object: &Object) -> anyhow::Result<Vec<Object>> {
        let count: i32 = self.property(object, "ChildCount").await?;
        let mut children = vec![];
        for place in 0..count {
            children.push(self.call(object, "Accessible", "GetChildAtIndex", &(place,)).await?);
        }
        Ok(children)
    }

    /// What is written on it, and in it. What has no text of its own says nothing, whatever is in it.
    async fn words(&self, object: &Object) -> anyhow::Result<String> {
        let Ok(text) = self.call::<String>(object, "Text", "GetText", &(0, -1)).await else {
            return Ok(String::new());
        };
        let mut inside = self.children(object).await?.into_iter();
        let mut words = String::new();
        for letter in text.chars() {
            if letter == OBJECT
                && let Some(child) = inside.next()
            {
                words += &Box::pin(self.words(&child)).await?;
            } else {
                words.push(letter);
            }
        }
        Ok(words)
    }

    /// What is said when this comes into that.
    async fn said_of(&self, child: &Object, parent: &Object) -> anyhow::Result<String> {
        let about: HashMap<String, String> = self.call(parent, "Accessible", "GetAttributes", &()).await?;
        let is = |key: &str, value: &str| about.get(key).is_some_and(|it| it == value);
        if is("container-live", "polite") || is("container-live", "assertive") {
            self.words(if is("container-atomic", "true") { parent } else { child }).await
        } else if self.is(child, Role::Alert).await? {
            self.words(child).await
        } else {
            Ok(String::new())
        }
    }
}

pub struct Reader {
    tree: Tree,
    said: Arc<Mutex<Vec<String>>>,
    _listening: AbortOnDropHandle<()>,
}

impl Reader {
    /// `session`: the address of the session's bus, which knows that of assistive technology.
    pub async fn start(session: &str) -> anyhow::Result<Self> {
        let session = connection::Builder::address(session)?.build().await?;
        let address = until("the bus for assistive technology", SOON, async || {
            let known = Proxy::new(&session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus").await?;
            Ok(Some(known.call::<_, _, String>("GetAddress", &()).await?))
        })
        .await?;
        let connect =
            || Ok::<_, zbus::Error>(connection::Builder::address(address.as_str())?.method_timeout(PATIENCE));
        // What is asked about a change would wait behind the changes after it.
        let (bus, changes) = (connect()?.build().await?, connect()?.build().await?);
        let rule = MatchRule::builder()
            .msg_type(zbus::message::Type::Signal)
            .interface("org.a11y.atspi.Event.Object")?
            .member("ChildrenChanged")?
            .build();
        let mut changes = MessageStream::for_match_rule(rule, &changes, None).await?;
        // What nobody asks for is not sent.
        let registry = (REGISTRY.to_owned(), OwnedObjectPath::try_from("/org/a11y/atspi/registry")?);
        let tree = Tree(bus);
        let asked = ("object:children-changed", Vec::<String>::new(), "");
        tree.call::<()>(&registry, "Registry", "RegisterEvent", &asked).await?;

        let said = Arc::<Mutex<Vec<String>>>::default();
        let (own, saying) = (tree.clone(), Arc::clone(&said));
        let listening = tokio::spawn(async move {
            while let Some(Ok(change)) = changes.next().await {
                let header = change.header();
                let (Some(name), Some(path)) = (header.sender(), header.path()) else { continue };
                let parent = (name.to_string(), path.clone().into());
                let Ok((what, _, _, child, _)) = change.body().deserialize::<Event>() else { continue };
                let Ok(child) = Object::try_from(child) else { continue };
                // It may be gone already.
                if what == "add"
                    && let Ok(words) = own.said_of(&child, &parent).await
                    && !words.is_empty()
                {
                    saying.lock().unwrap_or_else(PoisonError::into_inner).push(words);
                }
            }
        });
        Ok(Self { tree, said, _listening: AbortOnDropHandle::new(listening) })
    }

    /// Waits until it says this by itself.
    pub async fn says(&self, part: &str) -> anyhow::Result<()> {
        until(&format!("the reader says {part:?}"), SOON, async || {
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            ensure!(said.iter().any(|words| words.contains(part)), "it says {said:?}");
            Ok(Some(()))
        })
        .await
    }

    /// Waits until there is one of this role and name, in whatever window.
    async fn find(&self, role: Role, name: &str) -> anyhow::Result<Object> {
        until(&format!("the reader finds a {role:?} {name:?}"), SOON, async || {
            let mut named = vec![];
            let root = (REGISTRY.to_owned(), OwnedObjectPath::try_from("/org/a11y/atspi/accessible/root")?);
            let mut left = VecDeque::from([root]);
            while let Some(object) = left.pop_front() {
                // It may go while it is looked at.
                left.extend(self.tree.children(&object).await.unwrap_or_default());
                if self.tree.is(&object, role).await.unwrap_or(false) {
                    let known = self.tree.name(&object).await.unwrap_or_default();
                    if known == name {
                        return Ok(Some(object));
                    }
                    named.push(known);
                }
            }
            ensure!(named.is_empty(), "it finds {named:?}");
            Ok(None)
        })
        .await
    }

    pub async fn finds(&self, role: Role, name: &str) -> anyhow::Result<()> {
        self.find(role, name).await.map(drop)
    }

    pub async fn press(&self, role: Role, name: &str) -> anyhow::Result<()> {
        let object = self.find(role, name).await?;
        let pressed: bool = self.tree.call(&object, "Action", "DoAction", &(0,)).await?;
        ensure!(pressed, "{role:?} {name:?} cannot be pressed");
        Ok(())
    }

    /// Gives it the keyboard.
    pub async fn focus(&self, role: Role, name: &str) -> anyhow::Result<()> {
        let object = self.find(role, name).await?;
        let focused: bool = self.tree.call(&object, "Component", "GrabFocus", &()).await?;
        ensure!(focused, "{role:?} {name:?} does not take the keyboard");
        Ok(())
    }
}
