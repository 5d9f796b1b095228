//! A mail server that keeps what it gets (RFC 5321, as little of it as a client needs). The tests of the app
//! use this file as well.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};

#[derive(Debug, Clone)]
pub struct Message {
    pub to: Vec<String>,
    /// Header and body as they came.
    pub text: String,
}

impl Message {
    /// The code that the mail carries, as a person would read it.
    pub fn code(&self) -> String {
        // Long lines are folded on their way (quoted-printable).
        let text = self.text.replace("=\r\n", "");
        let (_, rest) = text.split_once(" code: ").unwrap_or_default();
        rest.get(..9).unwrap_or_default().to_owned()
    }
}

#[derive(Clone, Default)]
pub struct Mailbox {
    kept: Arc<Mutex<Vec<Message>>>,
    /// So many mails are turned away before one is kept.
    pub turned_away: Arc<Mutex<usize>>,
}

impl Mailbox {
    pub fn to(&self, address: &str) -> Vec<Message> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|message| message.to.iter().any(|to| to == address)).cloned().collect()
    }

    fn keep(&self, message: Message) -> &'static str {
        let mut left = self.turned_away.lock().unwrap_or_else(PoisonError::into_inner);
        if *left > 0 {
            *left -= 1;
            return "451 Try again later\r\n";
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        "250 Kept\r\n"
    }
}

/// What a conversation offers, and how it stands.
#[derive(Clone, Copy)]
pub struct Offer {
    pub greeting: bool,
    pub starttls: bool,
    /// The argument of `AUTH PLAIN` that is asked for.
    pub plain: Option<&'static str>,
}

/// Until the client has gone (`None`), or asks for TLS: then the stream is handed back.
pub async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    offer: Offer,
    mailbox: &Mailbox,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    if offer.greeting {
        stream.write_all(b"220 mail.test ESMTP\r\n").await?;
    }
    let mut let_in = offer.plain.is_none();
    let mut to = vec![];
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        let verb = line.get(..4).unwrap_or(line).to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" if offer.starttls => "250-mail.test\r\n250 STARTTLS\r\n",
            "EHLO" if offer.plain.is_some() => "250-mail.test\r\n250 AUTH PLAIN\r\n",
            "EHLO" => "250-mail.test\r\n250 8BITMIME\r\n",
            "STAR" if offer.starttls => {
                stream.write_all(b"220 Go on\r\n").await?;
                return Ok(Some(stream.into_inner()));
            }
            "AUTH" => {
                let_in = line.split(' ').nth(2) == offer.plain;
                if let_in { "235 Welcome\r\n" } else { "535 Not you\r\n" }
            }
            "MAIL" | "RCPT" | "DATA" if !let_in => "530 Who are you?\r\n",
            "HELO" | "NOOP" | "MAIL" => "250 OK\r\n",
            "RSET" => {
                to.clear();
                "250 OK\r\n"
            }
            "RCPT" => {
                to.extend(line.split(['<', '>']).nth(1).map(str::to_owned));
                "250 OK\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 Go on\r\n").await?;
                let mut text = String::new();
                loop {
                    let mut line = String::new();
                    if stream.read_line(&mut line).await? == 0 {
                        return Ok(None);
                    }
                    match line.trim_end_matches(['\r', '\n']) {
                        "." => break,
                        line => text.push_str(line.strip_prefix('.').unwrap_or(line)),
                    }
                    text.push('\n');
                }
                mailbox.keep(Message { to: std::mem::take(&mut to), text })
            }
            "QUIT" => {
                stream.write_all(b"221 Bye\r\n").await?;
                return Ok(None);
            }
            _ => "502 Not known here\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}
