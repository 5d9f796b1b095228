//! How mails leave.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::{ConfigError, not_allowed};
use crate::language::Language;

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
