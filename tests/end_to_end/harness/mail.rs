//! A mail server that keeps what it gets (RFC 5321, as little of it as a client needs).

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{SOON, until};

#[derive(Debug, Clone)]
pub struct Message {
    pub to: Vec<String>,
    /// Header and body as they came.
    pub text: String,
}

pub struct Mail {
    port: u16,
    kept: Arc<Mutex<Vec<Message>>>,
    task: JoinHandle<()>,
}

impl Drop for Mail {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Mail {
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let kept = Arc::new(Mutex::new(vec![]));
        let keep = Arc::clone(&kept);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let keep = Arc::clone(&keep);
                // A client that goes away ends its own conversation only.
                tokio::spawn(async move { drop(talk(stream, &keep).await) });
            }
        });
        Ok(Self { port, kept, task })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn to(&self, address: &str) -> Vec<Message> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|message| message.to.iter().any(|to| to == address)).cloned().collect()
    }

    /// The newest mail to this address, once there are `count`.
    pub async fn newest(&self, address: &str, count: usize) -> anyhow::Result<Message> {
        until("a mail", SOON, async || {
            let mut mails = self.to(address);
            Ok(if mails.len() >= count { mails.pop() } else { None })
        })
        .await
    }
}

impl Message {
    /// The code that the mail carries, as a person would read it.
    pub fn code(&self) -> anyhow::Result<String> {
        let (_, rest) = self.text.split_once("impersonation code: ").context("no code in the mail")?;
        Ok(rest.chars().take(9).collect())
    }
}

async fn talk(stream: TcpStream, kept: &Mutex<Vec<Message>>) -> anyhow::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 mail.test ESMTP\r\n").await?;
    let mut to = vec![];
    while let Some(line) = lines.next_line().await? {
        let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.test\r\n250 8BITMIME\r\n",
            "HELO" | "NOOP" | "MAIL" => "250 OK\r\n",
            "RSET" => {
                to.clear();
                "250 OK\r\n"
            }
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).context("no address")?;
                to.push(address.to_owned());
                "250 OK\r\n"
            }
            "DATA" => {
                writer.write_all(b"354 Go on\r\n").await?;
                let mut text = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    text.push('\n');
                }
                let message = Message { to: std::mem::take(&mut to), text };
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                "250 Kept\r\n"
            }
            "QUIT" => {
                writer.write_all(b"221 Bye\r\n").await?;
                return Ok(());
            }
            _ => "502 Not known here\r\n",
        };
        writer.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}
