//! The access log: one JSON line per request, written when its answer starts.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::App;

/// One request, as the platform saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessEntry {
    /// When the answer started.
    pub time: DateTime<Utc>,
    /// The method, as sent.
    pub method: String,
    /// The path, as sent and without the query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// Whose account the request acted in; `null` for strangers, static files and the directory.
    pub person: Option<String>,
    /// The staff member behind it, if it came from an impersonation.
    pub actor: Option<String>,
    /// The impersonation session (`sid`) it belongs to.
    pub session: Option<String>,
}

/// Who made a request; sign-in leaves it on the answer for the log.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) person: String,
    pub(crate) actor: Option<String>,
    pub(crate) session: Option<String>,
}

pub(crate) struct AccessLog {
    path: PathBuf,
    file: Mutex<File>,
}

impl AccessLog {
    pub(crate) fn open(path: PathBuf) -> anyhow::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(|| format!("cannot open the access log {}", path.display()))?;
        Ok(Self { path, file: Mutex::new(file) })
    }

    pub(crate) fn entries(&self) -> anyhow::Result<Vec<AccessEntry>> {
        let lines = BufReader::new(File::open(&self.path)?).lines();
        lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
    }

    fn append(&self, entry: &AccessEntry) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        // One write of a whole line, unbuffered: a reader never sees half an entry.
        Ok(self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)?)
    }
}

/// Middleware: logs the request with whoever was found to have made it.
pub(crate) async fn record(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let who = response.extensions_mut().remove::<Who>();
    let (person, actor, session) =
        who.map_or((None, None, None), |who| (Some(who.person), who.actor, who.session));
    let status = response.status().as_u16();
    let entry = AccessEntry { time: Utc::now(), method, path, status, person, actor, session };
    if let Err(error) = app.access_log.append(&entry) {
        tracing::error!(%error, "the access log cannot be written");
    }
    response
}
