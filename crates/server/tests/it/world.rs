//! A whole world for a test: Meridian, the server before it, staff, and somebody who plays the app.
//!
//! On SQLite, or on PostgreSQL where `UNDERSTUDY_TEST_DATABASE_URL` names a server that lets us make
//! databases.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use reqwest::{Client, Method, RequestBuilder, StatusCode, header, redirect};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QueryOrder as _};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use understudy_protocol::{
    Consent, ConsentMeans, ConsentStatement, Enrolment, ErrorCode, Handoff, InboxEntry, Mode, NewRequest,
    Note, Problem, RecoveryCodes, Request, Role, SecondFactor, SignedIn, Started,
};
use understudy_server::{
    Shared,
    clock::Clock,
    config::{Config, Origin, PersonConfig},
    serve, staff,
    store::entities::ledger_entry,
};
use url::Url;

pub const PASSWORD: &str = "correct horse battery";
pub const ELISE: &str = "INV-000137";

pub struct World {
    pub core: Shared,
    pub meridian: demo_platform::Running,
    pub api: Url,
    pub gateway: Url,
    pub platform: Url,
    pub data_dir: PathBuf,
    running: Option<serve::Running>,
    time: Option<Arc<AtomicI64>>,
    /// Recovery codes of staff, by address.
    recovery: Mutex<HashMap<String, Vec<String>>>,
    _folder: tempfile::TempDir,
}

pub async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

fn origin(host: &str, listener: &TcpListener) -> Url {
    let port = listener.local_addr().expect("an address").port();
    Url::parse(&format!("http://{host}:{port}")).expect("a URL")
}

/// A database of this test's own.
async fn database() -> Option<secrecy::SecretString> {
    let server = std::env::var("UNDERSTUDY_TEST_DATABASE_URL").ok()?;
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let db = sea_orm::Database::connect(&server).await.expect("PostgreSQL answers");
    db.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database is made");
    let mut url = Url::parse(&server).expect("a URL");
    url.set_path(&name);
    Some(url.to_string().into())
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}, false).await
    }

    /// Time stands still until [`World::pass`].
    pub async fn at_rest() -> Self {
        Self::with(|_| {}, true).await
    }

    pub async fn with(change: impl FnOnce(&mut Config), at_rest: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (for_meridian, for_api, for_gateway) = (listener().await, listener().await, listener().await);
        let platform = origin("127.0.0.1", &for_meridian);
        let api = origin("127.0.0.1", &for_api);
        let gateway = origin("localhost", &for_gateway);
        let mut config = Config { data_dir: folder.path().join("data"), ..Config::default() };
        config.database.url = database().await;
        config.api.origin = api.clone();
        config.platform.origin = vec![Origin { platform: platform.clone(), gateway: gateway.clone() }];
        config.platform.directory.url = platform.join("/scim/v2").expect("a URL");
        config.platform.person = Some(PersonConfig::Platform {
            page: platform.join("/support-access").expect("a URL"),
            jwks: platform.join("/.well-known/jwks.json").expect("a URL"),
        });
        change(&mut config);
        config.check().expect("the configuration is good");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        let time = at_rest.then(|| Arc::new(AtomicI64::new(i64::try_from(now).expect("before 292 million"))));
        let clock = time.clone().map_or(Clock::Database, Clock::Manual);
        let data_dir = config.data_dir.clone();
        let core = serve::open(config, clock).await.expect("the server opens");
        let meridian = demo_platform::start(
            for_meridian,
            demo_platform::Config {
                public_origin: platform.clone(),
                identity: Some(demo_platform::Identity {
                    issuer: api.origin().ascii_serialization(),
                    audience: platform.origin().ascii_serialization(),
                    jwks_url: api.join("/.well-known/jwks.json").expect("a URL"),
                    person_page: api.join("/person").expect("a URL"),
                }),
                test_routes: true,
                ..demo_platform::Config::default()
            },
        )
        .await
        .expect("Meridian starts");
        let running = serve::start(Arc::clone(&core), for_api, for_gateway).await.expect("the server starts");
        Self {
            core,
            meridian,
            api,
            gateway,
            platform,
            data_dir,
            running: Some(running),
            time,
            recovery: Mutex::default(),
            _folder: folder,
        }
    }

    /// Lets time pass, where it stands still.
    pub fn pass(&self, time: Duration) {
        let clock = self.time.as_ref().expect("a world at rest");
        clock.fetch_add(i64::try_from(time.as_millis()).expect("not that long"), Ordering::SeqCst);
    }

    /// A second server on the same database; it answers to the same hosts, at addresses of its own.
    pub async fn second(&self) -> serve::Running {
        let core = serve::open(self.core.config.clone(), Clock::Database).await.expect("a second server");
        serve::start(core, listener().await, listener().await).await.expect("it starts")
    }

    pub async fn staff(&self, name: &str, roles: &[Role]) -> String {
        let email = format!("{}@support.example", name.to_lowercase());
        staff::add(&self.core.store, &email, name, roles, PASSWORD.into()).await.expect("an account");
        email
    }

    /// Runs the program as whoever installs it does, beside the running server.
    pub async fn command(&self, arguments: &[&str]) -> std::process::Output {
        let mut file = format!("data_dir = {:?}\n", self.data_dir);
        if let Some(url) = &self.core.config.database.url {
            file.push_str(&format!("[database]\nurl = {:?}\n", secrecy::ExposeSecret::expose_secret(url)));
        }
        let path = self.data_dir.join("understudy.toml");
        std::fs::write(&path, file).expect("a file");
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_understudy-server"));
        command.arg("--config").arg(&path).args(arguments).output().await.expect("it runs")
    }

    /// A support agent who is signed in.
    pub async fn agent(&self) -> App<'_> {
        self.app("Ada", &[Role::Support]).await
    }

    pub async fn app(&self, name: &str, roles: &[Role]) -> App<'_> {
        let email = self.staff(name, roles).await;
        self.sign_in(&email).await
    }

    pub async fn sign_in(&self, email: &str) -> App<'_> {
        let app = self.sign_in_by_password(email).await;
        app.show_second_factor().await;
        app
    }

    pub async fn sign_in_by_password(&self, email: &str) -> App<'_> {
        let mut app = App { world: self, http: client(), signed_in: None };
        let body = json!({ "email": email, "password": PASSWORD });
        app.signed_in = Some(app.post("/api/sign-in", &body).await.expect("signed in"));
        app
    }

    /// What an authenticator app with this secret shows now.
    pub async fn totp(&self, secret: &str) -> String {
        let secret = totp_rs::Secret::try_from_base32(secret).expect("Base32");
        let now = self.core.store.now().await.expect("the time") / 1_000;
        let totp = totp_rs::Builder::new().with_secret(secret).build().expect("a secret");
        totp.generate(now.unsigned_abs()).to_string()
    }

    /// Ledger entries, in order, as (kind, details).
    pub async fn ledger(&self) -> Vec<(String, Value)> {
        let rows = ledger_entry::Entity::find()
            .order_by_asc(ledger_entry::Column::Idx)
            .all(&self.core.store.db)
            .await;
        rows.expect("entries")
            .into_iter()
            .map(|row| (row.kind, serde_json::from_str(&row.details.expect("details")).expect("JSON")))
            .collect()
    }

    pub async fn kinds(&self) -> Vec<String> {
        self.ledger().await.into_iter().map(|(kind, _)| kind).collect()
    }

    /// Plays the stage's webview.
    pub fn stage(&self) -> Stage<'_> {
        Stage { world: self, http: client(), cookies: String::new() }
    }

    /// Stops the server and leaves the platform be.
    pub async fn stop_server(&mut self) {
        let running = self.running.take().expect("it runs");
        running.stop().await;
    }

    pub async fn stop(self) {
        if let Some(running) = self.running {
            running.stop().await;
        }
        self.meridian.stop().await;
    }
}

pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().redirect(redirect::Policy::none()).build().expect("a client")
}

/// Tries until it holds, ten seconds at most.
pub async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(Instant::now() < deadline, "in ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Plays the app: one sign-in.
pub struct App<'a> {
    pub world: &'a World,
    pub http: Client,
    pub signed_in: Option<SignedIn>,
}

pub fn asking_for(person: &str, mode: Mode) -> NewRequest {
    NewRequest {
        identifier: person.to_owned(),
        reason: "The payment is stuck".to_owned(),
        ticket: Some("T-1".to_owned()),
        mode,
        consent: Consent::Statement(ConsentStatement {
            given_by: "Élise Marchand".to_owned(),
            means: ConsentMeans::Phone,
            reference: "call 7".to_owned(),
        }),
    }
}

impl<'a> App<'a> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.world.api.join(path).expect("a URL"));
        match &self.signed_in {
            Some(signed_in) => request.bearer_auth(&signed_in.access_token),
            None => request,
        }
    }

    /// Sets it up, or uses a recovery code where it is set up already.
    pub async fn show_second_factor(&self) {
        let email = self.signed_in.as_ref().expect("signed in").staff.email.clone();
        let known = self.world.recovery.lock().expect("a lock").get_mut(&email).and_then(Vec::pop);
        if let Some(code) = known {
            let body = json!({ "code": code });
            self.post::<SecondFactor>("/api/second-factor/verify", &body).await.expect("shown");
            return;
        }
        let body = json!({ "password": PASSWORD });
        let enrolment: Enrolment = self.post("/api/second-factor/enrol", &body).await.expect("enrolled");
        let body = json!({ "code": self.world.totp(&enrolment.secret).await });
        let codes = self.post::<RecoveryCodes>("/api/second-factor/confirm", &body).await.expect("confirmed");
        self.world.recovery.lock().expect("a lock").insert(email, codes.codes);
    }

    /// The same sign-in, with its next access token.
    pub async fn refreshed(mut self) -> Self {
        let token = self.signed_in.take().expect("signed in").refresh_token;
        let refresh = json!({ "refresh_token": token });
        self.signed_in = Some(self.post("/api/sign-in/refresh", &refresh).await.expect("refreshed"));
        self
    }

    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Problem> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        answer(self.request(Method::GET, path)).await
    }

    /// Requests a code and waits until it has been delivered.
    pub async fn code(&self, person: &str, mode: Mode) -> (Request, String) {
        let request: Request =
            self.post("/api/requests", &asking_for(person, mode)).await.expect("requested");
        let code = self.code_of(request.id).await;
        (request, code)
    }

    /// Waits for the code of a request.
    pub async fn code_of(&self, request: uuid::Uuid) -> String {
        eventually("the code arrives", async || {
            let inbox: Vec<InboxEntry> = self.get("/api/inbox").await.expect("inbox");
            inbox.into_iter().find(|entry| entry.request_id == request).map(|entry| entry.code)
        })
        .await
    }

    pub async fn verify(&self, request: &Request, code: &str) -> Result<Request, ErrorCode> {
        let path = format!("/api/requests/{}/verify", request.id);
        self.post(&path, &json!({ "code": code })).await.map_err(|problem| problem.code)
    }

    pub async fn start(&self, request: &Request) -> Result<Started, ErrorCode> {
        self.post(&format!("/api/requests/{}/start", request.id), &json!({}))
            .await
            .map_err(|problem| problem.code)
    }

    /// From the request to the live session.
    pub async fn session(&self, person: &str, mode: Mode) -> Started {
        let (request, code) = self.code(person, mode).await;
        self.verify(&request, &code).await.expect("verified");
        self.start(&request).await.expect("started")
    }

    pub async fn handoff(&self, started: &Started) -> Result<Url, ErrorCode> {
        let path = format!("/api/sessions/{}/handoff", started.session.id);
        let handoff: Handoff =
            self.post(&path, &json!({ "token": started.token })).await.map_err(|problem| problem.code)?;
        Ok(Url::parse(&handoff.url).expect("a URL"))
    }

    pub async fn renew(&self, started: &Started) -> Result<understudy_protocol::Lease, ErrorCode> {
        self.renew_idle(started, Duration::ZERO).await
    }

    /// As an app whose last input by hand was so long ago.
    pub async fn renew_idle(
        &self,
        started: &Started,
        idle: Duration,
    ) -> Result<understudy_protocol::Lease, ErrorCode> {
        let path = format!("/api/sessions/{}/lease", started.session.id);
        let body = json!({ "token": started.token, "idle_ms": idle.as_millis() as u64 });
        self.post(&path, &body).await.map_err(|problem| problem.code)
    }

    pub async fn end(&self, started: &Started) -> Result<understudy_protocol::Session, ErrorCode> {
        let path = format!("/api/sessions/{}/end", started.session.id);
        self.post(&path, &json!({})).await.map_err(|problem| problem.code)
    }

    /// A live session with its stage open.
    pub async fn stage(&self, person: &str, mode: Mode) -> (Started, Stage<'a>) {
        let started = self.session(person, mode).await;
        let stage = self.stage_of(&started).await;
        (started, stage)
    }

    /// The stage of a session that runs.
    pub async fn stage_of(&self, started: &Started) -> Stage<'a> {
        let mut stage = self.world.stage();
        stage.enter(self.handoff(started).await.expect("a handoff")).await;
        stage
    }

    pub async fn write_note(&self, started: &Started) {
        let note = json!({ "what": "Looked", "why": "She asked", "solved": true });
        let path = format!("/api/sessions/{}/note", started.session.id);
        self.post::<Note>(&path, &note).await.expect("written");
    }
}

pub async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Problem> {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    if status.is_success() {
        return Ok(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")));
    }
    let problem: Problem =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status}: {error}: {text}"));
    assert_eq!(problem.status, status.as_u16());
    Err(problem)
}

/// Plays the stage's webview: keeps the cookies it is given, and nothing else.
pub struct Stage<'a> {
    pub world: &'a World,
    pub http: Client,
    pub cookies: String,
}

impl Stage<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.world.gateway.join(path).expect("a URL"));
        if self.cookies.is_empty() { request } else { request.header(header::COOKIE, &self.cookies) }
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.request(Method::GET, path).header(header::ACCEPT, "text/html").send().await.expect("an answer")
    }

    pub async fn status(&self, path: &str) -> StatusCode {
        self.get(path).await.status()
    }

    pub async fn enter(&mut self, url: Url) {
        let answer = self.http.get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        self.keep(&answer);
    }

    pub fn keep(&mut self, answer: &reqwest::Response) {
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let pair = line.to_str().expect("text").split(';').next().expect("a pair").to_owned();
            let name = pair.split('=').next().expect("a name").to_owned();
            let mut kept: Vec<String> =
                self.cookies.split("; ").filter(|c| !c.is_empty()).map(str::to_owned).collect();
            kept.retain(|c| !c.starts_with(&format!("{name}=")));
            kept.push(pair);
            self.cookies = kept.join("; ");
        }
    }

    /// Fetches a page and its CSRF token, as Meridian's own script would.
    pub async fn csrf(&mut self) -> String {
        let answer = self.get("/profile").await;
        assert_eq!(answer.status(), StatusCode::OK);
        self.keep(&answer);
        let token = self.cookies.split("; ").find_map(|c| c.strip_prefix("csrf_token="));
        token.expect("a CSRF token that scripts can read").to_owned()
    }

    pub async fn change_profile(&mut self, name: &str) -> reqwest::Response {
        let csrf = self.csrf().await;
        let form = [
            ("csrf_token", csrf.as_str()),
            ("display_name", name),
            ("phone", "+33 1 23 45 67 89"),
            ("address", "1 rue X"),
        ];
        self.request(Method::POST, "/profile").form(&form).send().await.expect("an answer")
    }
}
