//! A mail server in the clear, as a relay on the same machine is one.

use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    SOON,
    smtp::{Mailbox, Message, Offer, talk},
    until,
};

pub struct Mail {
    port: u16,
    mailbox: Mailbox,
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
        let mailbox = Mailbox::default();
        let kept = mailbox.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = kept.clone();
                let offer = Offer { greeting: true, starttls: false, plain: None };
                // A client that goes away ends its own conversation only.
                tokio::spawn(async move { drop(talk(stream, offer, &kept).await) });
            }
        });
        Ok(Self { port, mailbox, task })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The newest mail to this address, once there are `count`.
    pub async fn newest(&self, address: &str, count: usize) -> anyhow::Result<Message> {
        until("a mail", SOON, async || {
            let mut mails = self.mailbox.to(address);
            Ok(if mails.len() >= count { mails.pop() } else { None })
        })
        .await
    }
}
