//! Codes by mail: over each kind of connection, and again after a failure.

use std::time::Duration;

use understudy_protocol::{Channel, DeliveryState, Mode, Request, RequestState};
use understudy_server::{
    config::{Config, Smtp, SmtpTls},
    delivery::deliver_due,
};

use crate::{
    smtp::{Mailbox, Offer, talk},
    tls::House,
    world::{ELISE, World, asking_for, eventually, listener},
};

const ADA: &str = "ada@support.example";
/// `\0ada\0hunter2`
const PLAIN: &str = "AGFkYQBodW50ZXIy";

/// A mail server with a certificate of an authority that nobody knows.
struct MailServer {
    port: u16,
    mailbox: Mailbox,
    _folder: tempfile::TempDir,
    ca_file: std::path::PathBuf,
}

impl MailServer {
    async fn start(tls: SmtpTls, plain: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let House { ca_file, acceptor } = House::new(folder.path(), &["localhost"]);
        let listener = listener().await;
        let port = listener.local_addr().expect("an address").port();
        let mailbox = Mailbox::default();
        let kept = mailbox.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, kept) = (acceptor.clone(), kept.clone());
                tokio::spawn(async move {
                    let offer = Offer { greeting: true, starttls: false, plain };
                    let (stream, greeting) = match tls {
                        SmtpTls::None => return drop(talk(stream, offer, &kept).await),
                        SmtpTls::Tls => (stream, true),
                        SmtpTls::Starttls => {
                            let clear = Offer { starttls: true, ..offer };
                            let Ok(Some(stream)) = talk(stream, clear, &kept).await else { return };
                            (stream, false)
                        }
                    };
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    drop(talk(stream, Offer { greeting, ..offer }, &kept).await);
                });
            }
        });
        Self { port, mailbox, _folder: folder, ca_file }
    }

    fn smtp(&self, tls: SmtpTls) -> Smtp {
        Smtp {
            host: "localhost".into(),
            port: Some(self.port),
            tls,
            user: None,
            password: None,
            ca_file: None,
        }
    }
}

fn mail_only(smtp: Smtp) -> impl FnOnce(&mut Config) {
    |config| {
        config.code.channels = vec![Channel::Email];
        config.mail.smtp = Some(smtp);
    }
}

/// Requests a code and looks whether its mail gets through at the first try.
async fn arrives(server: &MailServer, smtp: Smtp) -> bool {
    let world = World::with(mail_only(smtp), true).await;
    let app = world.agent().await;
    let request: Request =
        app.post("/api/requests", &asking_for(ELISE, Mode::View)).await.expect("requested");
    let tried = eventually("the first try", async || {
        deliver_due(&world.core).await.expect("tried");
        let kinds = world.kinds().await;
        kinds.into_iter().find(|kind| kind == "code_delivered" || kind == "code_not_delivered")
    })
    .await;
    let mails = server.mailbox.to(ADA);
    assert_eq!(mails.len() == 1, tried == "code_delivered", "{tried}, {mails:?}");
    if let [mail] = &mails[..] {
        app.verify(&request, &mail.code()).await.expect("the code that was mailed");
    }
    world.stop().await;
    mails.len() == 1
}

#[tokio::test]
async fn tls_from_the_first_byte_with_a_password() {
    let server = MailServer::start(SmtpTls::Tls, Some(PLAIN)).await;
    let known = Smtp {
        user: Some("ada".into()),
        password: Some("hunter2".into()),
        ca_file: Some(server.ca_file.clone()),
        ..server.smtp(SmtpTls::Tls)
    };
    assert!(!arrives(&server, Smtp { ca_file: None, ..known.clone() }).await, "nobody knows the authority");
    assert!(!arrives(&server, Smtp { password: Some("hunter3".into()), ..known.clone() }).await);
    assert!(!arrives(&server, Smtp { host: "127.0.0.1".into(), ..known.clone() }).await, "another name");
    assert!(arrives(&server, known).await);
}

#[tokio::test]
async fn starttls_or_no_mail_at_all() {
    let server = MailServer::start(SmtpTls::Starttls, None).await;
    let known = Smtp { ca_file: Some(server.ca_file.clone()), ..server.smtp(SmtpTls::Starttls) };
    assert!(!arrives(&server, server.smtp(SmtpTls::Starttls)).await, "nobody knows the authority");
    assert!(arrives(&server, known.clone()).await);
    // Somebody on the way removes the offer: nothing is sent in the clear.
    let clear = MailServer::start(SmtpTls::None, None).await;
    assert!(!arrives(&clear, Smtp { port: Some(clear.port), ..known }).await);
}

#[tokio::test]
async fn a_mail_that_fails_is_sent_again_and_the_code_is_good_from_then_on() {
    let server = MailServer::start(SmtpTls::None, None).await;
    *server.mailbox.turned_away.lock().expect("a lock") = 2;
    let world = World::with(mail_only(server.smtp(SmtpTls::None)), true).await;
    let app = world.agent().await;
    let request: Request =
        app.post("/api/requests", &asking_for(ELISE, Mode::View)).await.expect("requested");
    let tries = async || world.kinds().await.iter().filter(|kind| *kind == "code_not_delivered").count();
    for (failed, pause) in [(1, 2), (2, 5)] {
        eventually("a failed try", async || {
            deliver_due(&world.core).await.expect("tried");
            (tries().await == failed).then_some(())
        })
        .await;
        let now: Request = app.get(&format!("/api/requests/{}", request.id)).await.expect("the request");
        assert_eq!(now.state, RequestState::Waiting);
        assert_eq!(now.deliveries[0].state, DeliveryState::Sending);
        assert_eq!(now.expires_in_ms, None, "its time has not begun");
        world.pass(Duration::from_secs(pause));
    }
    let sent = eventually("the mail arrives", async || {
        deliver_due(&world.core).await.expect("tried");
        server.mailbox.to(ADA).pop()
    })
    .await;
    let now = eventually("the request knows", async || {
        let now: Request = app.get(&format!("/api/requests/{}", request.id)).await.expect("the request");
        (now.deliveries[0].state == DeliveryState::Sent).then_some(now)
    })
    .await;
    assert_eq!((now.state, now.expires_in_ms), (RequestState::CodeSent, Some(600_000)));
    app.verify(&request, &sent.code()).await.expect("the code that was mailed");
    world.stop().await;
}
