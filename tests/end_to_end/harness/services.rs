//! Meridian and the server, in this process, and what they have on record.

use std::{collections::HashMap, path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use demo_platform::{AccessEntry, Identity};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use understudy_protocol::Role;
use understudy_server::{
    clock::Clock,
    config::{Config, Origin, PersonConfig, Smtp, SmtpTls},
    ledger_check,
    serve::{self, Running},
    staff,
    store::entities::{impersonation, ledger_entry},
};
use url::Url;
use uuid::Uuid;

use super::{Tap, bare, until};

pub const PASSWORD: &str = "correct horse battery staple";

/// What an authenticator app with this secret shows now (RFC 6238).
pub fn authenticator(secret: &str) -> anyhow::Result<String> {
    let secret = totp_rs::Secret::try_from_base32(secret)?;
    Ok(totp_rs::Builder::new().with_secret(secret).build()?.generate_current().to_string())
}

/// Whom the stories are about.
pub const PERSON: &str = "INV-000137";
pub const PERSON_NAME: &str = "Élise Marchand";
pub const REASON: &str = "Her phone number is out of date and her contract does not upload";

pub struct Staff {
    pub email: &'static str,
    pub name: &'static str,
}

/// Support: sees her own sessions.
pub const ADA: Staff = Staff { email: "ada@example.com", name: "Ada Winter" };
/// Lead: sees them all.
pub const LEA: Staff = Staff { email: "lea@example.com", name: "Léa Fontaine" };

pub struct Services {
    pub meridian: demo_platform::Running,
    pub server: Running,
    /// Between the app and the API.
    pub tap: Tap,
    /// Between the stage and the gateway.
    pub gateway_tap: Tap,
    pub api: Url,
    pub gateway: Url,
    /// Where people reach the platform themselves.
    pub platform: Url,
}

/// One action as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub name: String,
    pub method: String,
    pub path: String,
    pub status: Option<u16>,
}

impl Services {
    pub async fn start(
        folder: &Path,
        mail_port: u16,
        clock: Clock,
        tls: Option<TlsAcceptor>,
        adjust: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Self> {
        let bind = || TcpListener::bind("127.0.0.1:0");
        let (platform, api, gateway, tap) = (bind().await?, bind().await?, bind().await?, bind().await?);
        // The second name of this computer has a second address too: where that one is refused, what is wrong with
        // the first one's certificate is not always what is reported.
        let (gateway_tap, scheme, gateway_host) = match tls {
            None => (bind().await?, "http", "localhost"),
            Some(_) => (TcpListener::bind("127.0.0.2:0").await?, "https", "127.0.0.2"),
        };
        let url = |scheme: &str, host: &str, listener: &TcpListener| -> anyhow::Result<Url> {
            Ok(Url::parse(&format!("{scheme}://{host}:{}", listener.local_addr()?.port()))?)
        };
        let platform_url = url("http", "127.0.0.1", &platform)?;
        let api_url = url("http", "127.0.0.1", &tap)?;
        let gateway_url = url(scheme, gateway_host, &gateway_tap)?;

        let mut config = Config { data_dir: folder.join("server"), ..Config::default() };
        config.api.origin = api_url.clone();
        config.platform.origin =
            vec![Origin { platform: platform_url.clone(), gateway: gateway_url.clone() }];
        config.platform.directory.url = platform_url.join("scim/v2")?;
        config.platform.person = Some(PersonConfig::Platform {
            page: platform_url.join("support-access")?,
            jwks: platform_url.join(".well-known/jwks.json")?,
        });
        config.mail.smtp = Some(Smtp {
            host: "127.0.0.1".to_owned(),
            port: Some(mail_port),
            tls: SmtpTls::None,
            user: None,
            password: None,
            ca_file: None,
        });
        config.exception.categories =
            ["Suspected fraud", "Person cannot be reached"].map(str::to_owned).to_vec();
        // Nobody works as fast as a test.
        config.code.burst = 100;
        config.code.per_hour = 1_000;
        adjust(&mut config);
        config.check()?;
        let meridian = demo_platform::start(
            platform,
            demo_platform::Config {
                public_origin: platform_url.clone(),
                data_dir: Some(folder.join("meridian")),
                identity: Some(Identity {
                    issuer: config.issuer(),
                    audience: platform_url.origin().ascii_serialization(),
                    jwks_url: api_url.join(".well-known/jwks.json")?,
                    person_page: api_url.join("person")?,
                }),
                test_routes: true,
                beside: bare::router(),
                ..demo_platform::Config::default()
            },
        )
        .await?;
        let tap = Tap::start(tap, api.local_addr()?, None);
        let gateway_tap = Tap::start(gateway_tap, gateway.local_addr()?, tls);
        let core = serve::open(config, clock).await?;
        for (who, role) in [(&ADA, Role::Support), (&LEA, Role::Lead)] {
            staff::add(&core.store, who.email, who.name, &[role], PASSWORD.to_owned().into()).await?;
        }
        let server = serve::start(core, api, gateway).await?;
        let (api, gateway, platform) = (api_url, gateway_url, platform_url);
        Ok(Self { meridian, server, tap, gateway_tap, api, gateway, platform })
    }

    /// Another computer asks the server for something.
    pub async fn ask_elsewhere(&self, path: &str, token: &str, body: Value) -> anyhow::Result<Value> {
        let asked = reqwest::Client::new().post(self.api.join(path)?).bearer_auth(token).json(&body);
        let answer = asked.send().await?.error_for_status()?.bytes().await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    /// Answers with the access token.
    pub async fn sign_in_elsewhere(&self, staff: &Staff) -> anyhow::Result<String> {
        let asked = json!({ "email": staff.email, "password": PASSWORD });
        let answer = self.ask_elsewhere("api/sign-in", "", asked).await?;
        Ok(answer["access_token"].as_str().context("nobody is signed in")?.to_owned())
    }

    /// The impersonation that was requested last.
    pub async fn newest(&self) -> anyhow::Result<impersonation::Model> {
        impersonation::Entity::find()
            .order_by_desc(impersonation::Column::CreatedAt)
            .one(&self.server.core.store.db)
            .await?
            .context("nothing was requested")
    }

    /// Waits until this session has ended, for this cause.
    pub async fn ended(&self, session: Uuid, cause: &str, time: Duration) -> anyhow::Result<()> {
        until(&format!("the session ends: {cause}"), time, async || {
            let row = impersonation::Entity::find_by_id(session).one(&self.server.core.store.db).await?;
            let row = row.context("no such session")?;
            if row.state == "ended" {
                ensure!(row.cause.as_deref() == Some(cause), "it ended with {:?}", row.cause);
                return Ok(Some(()));
            }
            Ok(None)
        })
        .await
    }

    async fn entries(&self, session: Uuid) -> anyhow::Result<Vec<(ledger_entry::Model, Value)>> {
        let rows = ledger_entry::Entity::find()
            .filter(ledger_entry::Column::SessionId.eq(session))
            .order_by_asc(ledger_entry::Column::Idx)
            .all(&self.server.core.store.db)
            .await?;
        let read = |row: ledger_entry::Model| {
            let details = serde_json::from_str(row.details.as_deref().unwrap_or("null"))?;
            Ok((row, details))
        };
        rows.into_iter().map(read).collect()
    }

    /// The kinds of a session's entries in the ledger, in order.
    pub async fn kinds(&self, session: Uuid) -> anyhow::Result<Vec<String>> {
        Ok(self.entries(session).await?.into_iter().map(|(row, _)| row.kind).collect())
    }

    /// What was done in a session, as the ledger has it: each action with its answer.
    pub async fn actions(&self, session: Uuid) -> anyhow::Result<Vec<Recorded>> {
        let mut actions = vec![];
        let mut places = HashMap::new();
        for (row, details) in self.entries(session).await? {
            let text = |key: &str| details[key].as_str().unwrap_or_default().to_owned();
            match row.kind.as_str() {
                "action" => {
                    places.insert(row.idx, actions.len());
                    actions.push(Recorded {
                        name: text("name"),
                        method: text("method"),
                        path: text("path"),
                        status: None,
                    });
                }
                "action_answered" => {
                    let place = details["entry"].as_i64().and_then(|entry| places.get(&entry));
                    let place = *place.context("an answer to no action")?;
                    actions[place].status =
                        details["status"].as_u64().and_then(|status| u16::try_from(status).ok());
                }
                _ => {}
            }
        }
        Ok(actions)
    }

    /// What the platform itself says was done in a session.
    pub fn platform_log(&self, session: Uuid) -> anyhow::Result<Vec<AccessEntry>> {
        let session = session.to_string();
        let entries = self.meridian.access_log()?;
        Ok(entries.into_iter().filter(|entry| entry.session.as_deref() == Some(&session)).collect())
    }

    /// Recomputes the whole ledger.
    pub async fn verify_ledger(&self) -> anyhow::Result<()> {
        let report = ledger_check::check(&self.server.core.store.db, &self.server.core.keys, &[]).await?;
        let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
        ensure!(findings.is_empty(), "the ledger is not whole: {findings:?}");
        Ok(())
    }
}
