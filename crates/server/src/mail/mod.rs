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
    language::Language,
};
pub use code::{CodeMail, code_mail, person_mail};
pub use letter::{LetterMail, letter_mail};

/// A mail in its two forms.
pub struct Text {
    pub subject: String,
    pub plain: String,
    pub html: String,
}

/// What every mail is made of, in the order in which it is read.
struct Layout<'a> {
    lead: &'a str,
    code: Option<&'a str>,
    note: Option<&'a str>,
    rows: &'a [(&'a str, String)],
    /// What is offered, the words of the link, and where it leads.
    offer: Option<(&'a str, &'a str, &'a str)>,
    warning: &'a str,
    installation: &'a str,
    language: Language,
}

impl Layout<'_> {
    fn text(&self, subject: String) -> Text {
        let Self { lead, code, note, rows, offer, warning, installation, language } = self;
        let colon = language.say(":", "\u{a0}:");
        let code_line = code.map_or_else(String::new, |code| format!(" {code}"));
        let note_line = note.map_or_else(String::new, |note| format!("{note}\n"));
        let lines: String = rows.iter().map(|(what, value)| format!("{what}{colon} {value}\n")).collect();
        let link = offer.map_or_else(String::new, |(said, _, link)| format!("\n{said}\n{link}\n"));
        let code_part = code.map_or_else(String::new, |code| {
            format!("<p style=\"font:600 26px/1 ui-monospace,monospace;letter-spacing:2px\">{code}</p>")
        });
        let note_part = note.map_or_else(String::new, |note| format!("<p>{}</p>", escaped(note)));
        let cells: String = rows
            .iter()
            .map(|(what, value)| {
                format!(
                    "<tr><td style=\"padding:4px 16px 4px 0;color:#5b5f6b;vertical-align:top\">{what}</td>\
                     <td style=\"padding:4px 0\">{}</td></tr>",
                    escaped(value)
                )
            })
            .collect();
        let link_part = offer.map_or_else(String::new, |(said, action, link)| {
            format!("<p>{said}<br><a href=\"{}\">{action}</a></p>", escaped(link))
        });
        Text {
            subject,
            plain: format!("{lead}{code_line}\n{note_line}\n{lines}{link}\n{warning}\n\n{installation}\n"),
            html: format!(
                "<!doctype html><html lang=\"{}\"><body style=\"font:15px/1.5 system-ui,sans-serif;color:#1c1e26\">\
                 <p>{}</p>{code_part}{note_part}<table style=\"border-collapse:collapse\">{cells}</table>{link_part}\
                 <p>{warning}</p><p style=\"color:#5b5f6b\">{}</p></body></html>",
                language.say("en", "fr"),
                escaped(lead),
                escaped(installation)
            ),
        }
    }
}

/// Names and reasons are somebody else's words.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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
