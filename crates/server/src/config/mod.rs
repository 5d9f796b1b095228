//! The configuration: one struct a section, checked at start. An error names the key, the value and what is
//! allowed.

mod code;
mod mail;
mod platform;

use std::{fmt, net::SocketAddr, path::PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use understudy_protocol::Kind;
use understudy_rules::{MINUTE, SECOND, impersonation::Limits, rate::Rate};
use url::Url;

pub use code::{Code, CodeRule};
pub use mail::{Mail, Smtp, SmtpTls};
pub use platform::{DirectoryConfig, Identity, Origin, PersonConfig, Platform, RouteConfig, UNNAMED};

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {path} cannot be read: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    /// The TOML reader names line, key and what is allowed.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    #[error("{key} = {value:?} is not allowed: {allowed}")]
    NotAllowed { key: String, value: String, allowed: String },
}

fn not_allowed<T>(key: impl Into<String>, value: impl fmt::Display, allowed: &str) -> Result<T, ConfigError> {
    Err(ConfigError::NotAllowed { key: key.into(), value: value.to_string(), allowed: allowed.to_owned() })
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What the installation calls itself.
    pub name: String,
    /// Where keys, the embedded database and unsent mail live; private to its owner.
    pub data_dir: PathBuf,
    pub database: Database,
    pub api: Listener,
    pub gateway: GatewayListener,
    pub platform: Platform,
    pub mail: Mail,
    pub code: Code,
    pub session: Session,
    pub second_factor: SecondFactor,
    pub account: Account,
    pub exception: ExceptionConfig,
}

/// With no file: SQLite in a data folder, and the demo platform on this machine.
impl Default for Config {
    fn default() -> Self {
        Self {
            name: "Meridian support".to_owned(),
            data_dir: PathBuf::from("understudy-data"),
            database: Database::default(),
            api: Listener::default(),
            gateway: GatewayListener::default(),
            platform: Platform::demo(),
            mail: Mail::default(),
            code: Code::default(),
            session: Session::default(),
            second_factor: SecondFactor::default(),
            account: Account::default(),
            exception: ExceptionConfig::default(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `postgres://user:password@host/name`; without one, SQLite in the data folder.
    pub url: Option<SecretString>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listener {
    pub listen: SocketAddr,
    /// The address that apps use; requests for any other host are answered with 421.
    pub origin: Url,
}

impl Default for Listener {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 7200).into(), origin: url("http://127.0.0.1:7200") }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayListener {
    pub listen: SocketAddr,
}

impl Default for GatewayListener {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 7300).into() }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Session {
    /// Minutes that a session lasts at most.
    pub minutes: u32,
    /// Minutes that it lasts at most, however often it is extended.
    pub longest_minutes: u32,
    /// Seconds that a session outlives its last renewal.
    pub lease_seconds: u32,
    /// Minutes that the note of a session may be missing when the next code is asked for.
    pub note_minutes: u32,
    /// Minutes that a session lasts without input by hand on the stage.
    pub idle_minutes: u32,
}

impl Session {
    /// Minutes that one lasts at most.
    pub fn longest(&self) -> u32 {
        self.longest_minutes.max(self.minutes)
    }
}

impl Default for Session {
    fn default() -> Self {
        Self { minutes: 30, longest_minutes: 120, lease_seconds: 30, note_minutes: 15, idle_minutes: 5 }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecondFactor {
    /// Minutes that it counts once it has been shown.
    pub minutes: u32,
}

impl Default for SecondFactor {
    fn default() -> Self {
        Self { minutes: 60 }
    }
}

/// What the person gets after each session.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    /// Minutes that it comes later; each delay is on record.
    pub delay_minutes: u32,
    /// Days that its link to the person's page is good.
    pub link_days: u32,
}

impl Default for Account {
    fn default() -> Self {
        Self { delay_minutes: 0, link_days: 30 }
    }
}

/// Cases in which nobody has to be asked for consent.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExceptionConfig {
    /// What such a case can be; without any there are no exceptions.
    pub categories: Vec<String>,
    /// Hours after the end of its session until whoever used it gets no further one without a review.
    pub review_hours: u32,
}

impl ExceptionConfig {
    fn check(&self) -> Result<(), ConfigError> {
        for (place, category) in self.categories.iter().enumerate() {
            let fits = !category.is_empty() && category.trim() == category && category.chars().count() <= 100;
            if !fits || self.categories[..place].contains(category) {
                let allowed = "different names of at most 100 characters, such as \"Suspected fraud\"";
                return not_allowed("exception.categories", category, allowed);
            }
        }
        Ok(())
    }
}

impl Default for ExceptionConfig {
    fn default() -> Self {
        Self { categories: vec![], review_hours: 72 }
    }
}

impl Config {
    /// Reads a file, or takes the embedded default.
    pub fn load(path: Option<&std::path::Path>) -> Result<Self, ConfigError> {
        let config = match path {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
                toml::from_str(&text)?
            }
        };
        config.check()?;
        Ok(config)
    }

    /// What no type can say.
    pub fn check(&self) -> Result<(), ConfigError> {
        check_origin("api.origin", &self.api.origin)?;
        self.platform.check(&self.api.origin)?;
        self.mail.check()?;
        self.code.check()?;
        self.exception.check()?;
        for (key, value, range) in [
            ("code.minutes", self.code.minutes, 1..=60),
            ("code.tries", self.code.tries.into(), 1..=10),
            ("code.burst", self.code.burst, 1..=100),
            ("code.per_hour", self.code.per_hour, 1..=1_000),
            ("code.pending_minutes", self.code.pending_minutes, 1..=480),
            ("session.minutes", self.session.minutes, 1..=480),
            ("session.longest_minutes", self.session.longest_minutes, 1..=960),
            ("session.note_minutes", self.session.note_minutes, 1..=240),
            ("second_factor.minutes", self.second_factor.minutes, 1..=720),
            ("session.idle_minutes", self.session.idle_minutes, 1..=60),
            ("session.lease_seconds", self.session.lease_seconds, 15..=120),
            ("account.delay_minutes", self.account.delay_minutes, 0..=10_080),
            ("account.link_days", self.account.link_days, 1..=365),
            ("exception.review_hours", self.exception.review_hours, 1..=720),
        ] {
            if !range.contains(&value) {
                return not_allowed(key, value, &format!("{} to {}", range.start(), range.end()));
            }
        }
        Ok(())
    }

    pub fn limits(&self) -> Limits {
        Limits {
            pending: i64::from(self.code.pending_minutes) * MINUTE,
            code: i64::from(self.code.minutes) * MINUTE,
            tries: self.code.tries,
            session: i64::from(self.session.minutes) * MINUTE,
            longest: i64::from(self.session.longest()) * MINUTE,
            lease: i64::from(self.session.lease_seconds) * SECOND,
            idle: i64::from(self.session.idle_minutes) * MINUTE,
            ..Limits::default()
        }
    }

    pub fn rate(&self) -> Rate {
        Rate { burst: self.code.burst, per_hour: self.code.per_hour, ..Rate::default() }
    }

    pub fn kind(&self, id: &str) -> Option<&Kind> {
        self.platform.kind.iter().find(|kind| kind.id == id)
    }

    pub fn issuer(&self) -> String {
        self.platform.issuer.clone().unwrap_or_else(|| self.api.origin.origin().ascii_serialization())
    }
}

fn check_origin(key: &str, url: &Url) -> Result<(), ConfigError> {
    let plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain { Ok(()) } else { not_allowed(key, url, "an origin such as https://support.example.com") }
}

/// For the literals of the defaults.
fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|_| unreachable!("{text} is a URL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        match toml::from_str::<Config>(text) {
            Ok(config) => config.check().expect_err(text).to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_embedded_default_is_allowed() {
        Config::default().check().expect("the default is allowed");
        toml::from_str::<Config>("").expect("empty file").check().expect("is the default");
    }

    #[test]
    fn errors_name_key_value_and_what_is_allowed() {
        assert_eq!(error("[session]\nminutes = 0"), "session.minutes = \"0\" is not allowed: 1 to 480");
        assert!(error("[session]\nminuts = 3").contains("unknown field `minuts`"));
        let same_host =
            "[[platform.origin]]\nplatform = \"http://a.example\"\ngateway = \"http://127.0.0.1:9\"";
        let platform = |rest: &str| format!("{}\n{rest}", include_str!("../../demo.toml"));
        assert!(
            error(&platform(same_host))
                .starts_with("platform.origin[1].gateway = \"http://127.0.0.1:9/\" is not allowed")
        );
        assert!(error(&platform("[[platform.route]]\npath = \"static\"")).contains("].path = \"static\""));
        let named = |names: &str| error(&platform(&format!("[[platform.route]]\npath = \"/a\"\n{names}")));
        assert!(named("name = \"Viewed\"\nnames.French = \"Vu\"").contains("].names.French = \"Vu\""));
        assert!(named("names.fr = \"Vu\"").contains("].name = \"\""));
        let unlisted =
            include_str!("../../demo.toml").replace("unlisted_fields = [\"", "unlisted_fields = [\"\", \"");
        assert!(error(&unlisted).starts_with("platform.unlisted_fields = \"\" is not allowed: names of"));
        let protected = |id: &str| {
            include_str!("../../demo.toml")
                .replace("[platform]", &format!("[platform]\nprotected = [\"{id}\"]"))
        };
        for id in ["", " INV-000001", "ada@example.com"] {
            assert!(error(&protected(id)).starts_with("platform.protected = "), "{id}");
        }
        assert!(error("[api]\norigin = \"http://a.example/path\"").contains("an origin such as"));
        assert!(error("[mail]\nfrom = \"nobody\"").contains("mail.from"));
        assert!(error("[code]\nchannels = [\"fax\"]").contains("`email`"));
        assert!(error("[code]\nrecipient = \"boss\"").contains("`requester`, `approver`, `person`"));
        assert!(
            error("[code]\nchannels = [\"app\"]\nrecipient = \"person\"").contains("\"email\" among them")
        );
        let rule = |rule: &str| error(&format!("[[code.rule]]\n{rule}"));
        assert!(rule("role = \"boss\"\nrecipient = \"approver\"").contains("`support`, `admin`, `lead`"));
        assert!(rule("mode = \"look\"\nrecipient = \"approver\"").contains("`view` or `act`"));
        assert!(rule("mode = \"act\"").contains("missing field `recipient`"));
        assert_eq!(
            error("[code]\npending_minutes = 0"),
            "code.pending_minutes = \"0\" is not allowed: 1 to 480"
        );
        assert_eq!(
            error("[exception]\nreview_hours = 0"),
            "exception.review_hours = \"0\" is not allowed: 1 to 720"
        );
        for list in
            ["[\"\"]", "[\" Fraud\"]", "[\"Fraud\", \"Fraud\"]", &format!("[\"{}\"]", "x".repeat(101))]
        {
            let error = error(&format!("[exception]\ncategories = {list}"));
            assert!(error.starts_with("exception.categories = "), "{error}");
        }
        let smtp = |rest: &str| error(&format!("[mail.smtp]\nhost = \"mail.example\"\n{rest}"));
        assert!(smtp("user = \"ada\"").starts_with("mail.smtp.user = \"ada\" is not allowed"));
        assert!(smtp("password = \"hunter2\"").starts_with("mail.smtp.password = \"…\" is not allowed"));
        assert!(smtp("tls = \"none\"\nuser = \"ada\"\npassword = \"hunter2\"").contains("in the clear"));
    }

    #[test]
    fn a_platform_of_ones_own_takes_nothing_from_the_demo() {
        let own = "[[platform.origin]]\nplatform = \"https://a.example\"\ngateway = \"https://a.gate.example\"\n\
                   [[platform.kind]]\nid = \"User\"\nsingular = \"User\"\nplural = \"Users\"\n\
                   [platform.directory]\nurl = \"https://a.example/scim\"\ntoken = \"x\"";
        // A key of the table itself has to stand before its tables.
        let config =
            toml::from_str::<Config>(&format!("[platform]\nidentity = \"jwt\"\n{own}")).expect("config");
        config.check().expect("allowed");
        assert!(config.platform.route.is_empty());
        assert!(error("[platform]\nidentity = \"jwt\"").contains("missing field"));
    }

    #[test]
    fn secrets_do_not_print() {
        let config =
            toml::from_str::<Config>("[database]\nurl = \"postgres://u:hunter2@h/d\"").expect("config");
        assert!(
            !format!("{config:?}").contains("hunter2") && !format!("{config:?}").contains("meridian-scim")
        );
    }
}
