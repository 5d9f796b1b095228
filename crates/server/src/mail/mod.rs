//! Mail: over SMTP, or as `.eml` files where no server is configured.

mod code;
mod letter;

use std::path::Path;

use anyhow::Context as _;
use lettre::{
    AsyncFileTransport, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use secrecy::ExposeSecret as _;

use crate::{
    config::{Mail, Smtp, SmtpTls},
    keys::create_private_dir,
};
pub use code::{CodeMail, code_mail, person_mail};
pub use letter::{LetterMail, letter_mail};

/// A mail in its two forms.
pub struct Text {
    pub subject: String,
    pub plain: String,
    pub html: String,
}

pub struct Mailer {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Files(AsyncFileTransport<Tokio1Executor>),
}

impl Mailer {
    pub fn new(config: &Mail, data_dir: &Path) -> anyhow::Result<Self> {
        let way = match &config.smtp {
            Some(smtp) => Way::Smtp(transport(smtp)?),
            None => {
                let folder = data_dir.join("mail");
                create_private_dir(&folder)
                    .with_context(|| format!("{} cannot be made", folder.display()))?;
                Way::Files(AsyncFileTransport::new(folder))
            }
        };
        Ok(Self { from: config.from.parse()?, way })
    }

    /// Sends, or says in one line why not.
    pub async fn send(&self, to: &str, text: Text) -> Result<(), String> {
        let message = Message::builder()
            .from(self.from.clone())
            .to(to.parse().map_err(|error| format!("{to} is no address: {error}"))?)
            .subject(text.subject)
            .multipart(MultiPart::alternative_plain_html(text.plain, text.html))
            .map_err(|error| error.to_string())?;
        match &self.way {
            Way::Smtp(smtp) => smtp.send(message).await.map(drop).map_err(|error| error.to_string()),
            Way::Files(files) => files.send(message).await.map(drop).map_err(|error| error.to_string()),
        }
    }
}

fn transport(smtp: &Smtp) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    type Builder = AsyncSmtpTransport<Tokio1Executor>;
    let mut tls = TlsParameters::builder(smtp.host.clone());
    if let Some(path) = &smtp.ca_file {
        let read = || anyhow::Ok(Certificate::from_pem(&std::fs::read(path)?)?);
        tls = tls.add_root_certificate(
            read().with_context(|| format!("mail.smtp.ca_file = {path:?} holds no certificates in PEM"))?,
        );
    }
    let mut builder = match smtp.tls {
        SmtpTls::Tls => Builder::relay(&smtp.host)?.tls(Tls::Wrapper(tls.build()?)),
        SmtpTls::Starttls => Builder::starttls_relay(&smtp.host)?.tls(Tls::Required(tls.build()?)),
        SmtpTls::None => Builder::builder_dangerous(&smtp.host),
    };
    if let Some(port) = smtp.port {
        builder = builder.port(port);
    }
    if let (Some(user), Some(password)) = (&smtp.user, &smtp.password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
    }
    Ok(builder.timeout(Some(std::time::Duration::from_secs(20))).build())
}
