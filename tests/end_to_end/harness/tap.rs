//! A wire between the app and the API that can be listened to, held up, cut and mended.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use anyhow::Context as _;
use chrono::{NaiveDateTime, TimeDelta};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

pub struct Tap {
    heard: Arc<Mutex<Vec<u8>>>,
    asked: Arc<Mutex<Vec<u8>>>,
    cut: watch::Sender<bool>,
    held: watch::Sender<bool>,
    to: watch::Sender<SocketAddr>,
    shift: Arc<AtomicI64>,
    task: JoinHandle<()>,
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
        self.cut.send_replace(true);
    }
}

impl Tap {
    /// From a listener to an address; where `tls` is given, as the encrypted end before a server that has none.
    pub fn start(listener: TcpListener, to: SocketAddr, tls: Option<TlsAcceptor>) -> Self {
        let (heard, asked) = <(Arc<Mutex<_>>, Arc<Mutex<_>>)>::default();
        let shift = Arc::new(AtomicI64::new(0));
        let shifting = Arc::clone(&shift);
        let asking = Arc::clone(&asked);
        let (cut, held, to) = (watch::Sender::new(false), watch::Sender::new(false), watch::Sender::new(to));
        let (hearing, cuts, holds, ends) =
            (Arc::clone(&heard), cut.subscribe(), held.subscribe(), to.subscribe());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (hearing, mut cut, held) = (Arc::clone(&hearing), cuts.clone(), holds.clone());
                let asking = Arc::clone(&asking);
                let (mut ends, shift) = (ends.clone(), Arc::clone(&shifting));
                let to = *ends.borrow_and_update();
                let tls = tls.clone();
                let passing = async move {
                    stream.set_nodelay(true)?;
                    match tls {
                        Some(tls) => {
                            pass(tls.accept(stream).await?, to, &asking, &hearing, held, &shift).await
                        }
                        None => pass(stream, to, &asking, &hearing, held, &shift).await,
                    }
                };
                tokio::spawn(async move {
                    // A connection that breaks is the app's business.
                    tokio::select! {
                        _ = cut.wait_for(|cut| *cut) => {}
                        _ = ends.changed() => {}
                        _ = passing => {}
                    }
                });
            }
        });
        Self { heard, asked, cut, held, to, shift, task }
    }

    /// The network is gone: what is open breaks, and nothing new gets through.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// The network is back.
    pub fn mend(&self) {
        self.cut.send_replace(false);
    }

    /// Another server answers in place of the one before, as after an upgrade: what is open breaks. Answers with
    /// where the one before is.
    pub fn lead_to(&self, to: SocketAddr) -> SocketAddr {
        self.to.send_replace(to)
    }

    /// The server's answers say that it is so many seconds later where it is.
    pub fn shift_dates(&self, seconds: i64) {
        self.shift.store(seconds, Ordering::SeqCst);
    }

    /// What the server answers is held back, as by a server that is slow; questions get through.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    pub fn let_go(&self) {
        self.held.send_replace(false);
    }

    /// The lines with this in them that went to the server, heads and bodies alike.
    pub fn asked(&self, part: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&asked);
        text.lines().filter(|line| line.contains(part)).map(str::to_owned).collect()
    }

    /// How often the server has said this.
    pub fn answered(&self, part: &str) -> usize {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&heard).matches(part).count()
    }

    /// The last value of this key in the JSON that the server has answered.
    pub fn last(&self, key: &str) -> anyhow::Result<String> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&heard);
        let (_, rest) =
            text.rsplit_once(&format!("\"{key}\":\"")).with_context(|| format!("no {key} was heard"))?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }
}

async fn pass(
    app: impl AsyncRead + AsyncWrite,
    to: SocketAddr,
    asked: &Mutex<Vec<u8>>,
    heard: &Mutex<Vec<u8>>,
    held: watch::Receiver<bool>,
    shift: &AtomicI64,
) -> anyhow::Result<()> {
    let api = TcpStream::connect(to).await?;
    api.set_nodelay(true)?;
    let ((mut from_app, mut to_app), (mut from_api, mut to_api)) = (split(app), api.into_split());
    tokio::try_join!(
        pass_on(&mut from_app, &mut to_api, asked),
        listen(&mut from_api, &mut to_app, heard, held, shift),
    )?;
    Ok(())
}

async fn pass_on(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut tcp::OwnedWriteHalf,
    asked: &Mutex<Vec<u8>>,
) -> anyhow::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(to.shutdown().await?);
        }
        asked.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..length]);
        to.write_all(&buffer[..length]).await?;
    }
}

async fn listen(
    from: &mut tcp::OwnedReadHalf,
    to: &mut (impl AsyncWrite + Unpin),
    heard: &Mutex<Vec<u8>>,
    mut held: watch::Receiver<bool>,
    shift: &AtomicI64,
) -> anyhow::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(to.shutdown().await?);
        }
        shift_date(&mut buffer[..length], shift.load(Ordering::SeqCst))?;
        heard.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..length]);
        held.wait_for(|held| !*held).await?;
        to.write_all(&buffer[..length]).await?;
    }
}

/// Its date in the head of an answer (RFC 9110), which is always as long.
fn shift_date(answer: &mut [u8], seconds: i64) -> anyhow::Result<()> {
    const HEAD: &[u8] = b"\r\ndate: ";
    const FORM: &str = "%a, %d %b %Y %H:%M:%S GMT";
    let Some(head) = answer.windows(HEAD.len()).position(|part| part == HEAD) else { return Ok(()) };
    let rest = &mut answer[head + HEAD.len()..];
    let Some(end) = rest.windows(2).position(|part| part == b"\r\n") else { return Ok(()) };
    let date = NaiveDateTime::parse_from_str(std::str::from_utf8(&rest[..end])?, FORM)?;
    rest[..end].copy_from_slice((date + TimeDelta::seconds(seconds)).format(FORM).to_string().as_bytes());
    Ok(())
}
