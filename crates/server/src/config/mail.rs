//! How mails leave.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use understudy_protocol::Said;

use super::{ConfigError, not_allowed};

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    pub from: String,
    /// Of mails to staff, and to people whose language the directory does not tell.
    pub language: Language,
    /// Without it, mails are written as `.eml` files into the data folder.
    pub smtp: Option<Smtp>,
}

impl Mail {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let from = self.from.parse::<lettre::message::Mailbox>();
        if from.is_err() {
            return not_allowed("mail.from", &self.from, "an address such as Support <support@example.com>");
        }
        if let Some(smtp) = &self.smtp {
            if smtp.user.is_some() != smtp.password.is_some() {
                let (key, value) = match &smtp.user {
                    Some(user) => ("mail.smtp.user", user.as_str()),
                    None => ("mail.smtp.password", "…"),
                };
                return not_allowed(key, value, "`user` and `password` together, or neither");
            }
            if smtp.user.is_some() && smtp.tls == SmtpTls::None {
                return not_allowed(
                    "mail.smtp.tls",
                    "none",
                    "\"tls\" or \"starttls\": the password must not travel in the clear",
                );
            }
        }
        Ok(())
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self { from: "Understudy <understudy@localhost>".to_owned(), language: Language::English, smtp: None }
    }
}

/// What mails are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "fr")]
    French,
}

impl Language {
    /// The one that is meant by a tag (BCP 47), such as `fr-CH`, or by the first of several, where it is one of ours.
    pub fn tagged(tag: &str) -> Option<Self> {
        match tag.split(['-', '_', ',', ';']).next()?.to_lowercase().as_str() {
            "en" => Some(Self::English),
            "fr" => Some(Self::French),
            _ => None,
        }
    }

    /// What is said in it.
    pub fn say<T>(self, en: T, fr: T) -> T {
        match self {
            Self::English => en,
            Self::French => fr,
        }
    }

    pub fn read(self, Said { en, fr }: Said) -> String {
        self.say(en, fr)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    pub host: String,
    pub port: Option<u16>,
    #[serde(default)]
    pub tls: SmtpTls,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    /// Certificates (PEM) of an authority of one's own, trusted for mail beside those of the system.
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// From the first byte on (port 465).
    #[default]
    Tls,
    /// Begun in the clear, and given up if the server offers no TLS (port 587).
    Starttls,
    /// None at all: for a relay on this machine.
    None,
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn a_language_is_known_by_the_tags_that_directories_have() {
        for tag in ["fr", "FR", "fr-CH", "fr_CA", "fr,en;q=0.8"] {
            assert_eq!(Language::tagged(tag), Some(Language::French), "{tag}");
        }
        assert_eq!(Language::tagged("en-GB"), Some(Language::English));
        for tag in ["", "de", "fro", "-fr"] {
            assert_eq!(Language::tagged(tag), None, "{tag}");
        }
    }
}
