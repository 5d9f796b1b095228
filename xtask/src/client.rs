//! A staff member without the app: just enough of the API to be in a session.

use anyhow::Context as _;
use serde_json::{Value, json};
use ureq::Agent;

use crate::services::{PASSWORD, Ports};

pub struct Client {
    agent: Agent,
    ports: Ports,
    token: String,
}

/// A live session, as the stage has it.
pub struct Stage {
    pub session: String,
    /// The gateway's cookie, ready to be sent.
    pub cookie: String,
    token: String,
}

/// A request to impersonate this person.
pub fn request(person: &str) -> Value {
    json!({
        "identifier": person, "reason": "Looking into a stuck payment", "ticket": null, "mode": "act",
        "consent": { "evidence": "statement", "given_by": "The investor", "means": "phone", "reference": "Call 4711" }
    })
}

/// What an authenticator app with this secret shows now (RFC 6238).
pub fn authenticator(secret: &str) -> anyhow::Result<String> {
    let secret = secret.replace(char::is_whitespace, "").to_ascii_uppercase();
    let secret = totp_rs::Secret::try_from_base32(secret).context("that is no secret in Base32")?;
    Ok(totp_rs::Builder::new().with_secret(secret).build()?.generate_current().to_string())
}

pub fn agent() -> Agent {
    Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into()
}

impl Client {
    pub fn sign_in(ports: Ports, email: &str) -> anyhow::Result<Self> {
        let mut client = Self { agent: agent(), ports, token: String::new() };
        let signed_in = client.post("/api/sign-in", &json!({ "email": email, "password": PASSWORD }))?;
        client.token = text(&signed_in, "access_token")?;
        client.set_up_second_factor()?;
        Ok(client)
    }

    /// Once for each account: its secret is kept by nobody.
    fn set_up_second_factor(&self) -> anyhow::Result<()> {
        let enrolment = self.post("/api/second-factor/enrol", &json!({ "password": PASSWORD }))?;
        let code = authenticator(&text(&enrolment, "secret")?)?;
        self.post("/api/second-factor/confirm", &json!({ "code": code })).map(drop)
    }

    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let (status, answer) = self.ask(path, body)?;
        anyhow::ensure!((200..300).contains(&status), "{path} answered {status}: {answer}");
        Ok(answer)
    }

    /// The status and the answer, whatever they are.
    pub fn ask(&self, path: &str, body: &Value) -> anyhow::Result<(u16, Value)> {
        let url = format!("{}{path}", self.ports.api_origin());
        let mut request = self.agent.post(&url);
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        read(request.send_json(body)?)
    }

    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.ports.api_origin());
        let request = self.agent.get(&url).header("authorization", format!("Bearer {}", self.token));
        let (status, answer) = read(request.call()?)?;
        anyhow::ensure!(status == 200, "{path} answered {status}: {answer}");
        Ok(answer)
    }

    /// From the request to the gateway's cookie.
    pub fn impersonate(&self, person: &str) -> anyhow::Result<Stage> {
        let request = self.post("/api/requests", &request(person))?;
        let id = text(&request, "id")?;
        let code = self.code(&id)?;
        self.post(&format!("/api/requests/{id}/verify"), &json!({ "code": code }))?;
        let started = self.post(&format!("/api/requests/{id}/start"), &json!({}))?;
        let token = text(&started, "token")?;
        let handoff = self.post(&format!("/api/sessions/{id}/handoff"), &json!({ "token": token }))?;
        let entered = self.agent.get(text(&handoff, "url")?).call()?;
        let cookie = entered.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).context("no gateway cookie")?;
        Ok(Stage { session: id, cookie: cookie.to_owned(), token })
    }

    pub fn renew(&self, stage: &Stage) -> anyhow::Result<Value> {
        self.post(
            &format!("/api/sessions/{}/lease", stage.session),
            &json!({ "token": stage.token, "idle_ms": 0 }),
        )
    }

    pub fn exit(&self, stage: &Stage) -> anyhow::Result<()> {
        let id = &stage.session;
        self.post(&format!("/api/sessions/{id}/end"), &json!({}))?;
        let note = json!({ "what": "Looked at the payments", "why": "One was stuck", "solved": true });
        self.post(&format!("/api/sessions/{id}/note"), &note).map(drop)
    }

    fn code(&self, request: &str) -> anyhow::Result<String> {
        for _ in 0..200 {
            let inbox = self.get("/api/inbox")?;
            let entry = inbox.as_array().into_iter().flatten().find(|entry| entry["request_id"] == request);
            if let Some(entry) = entry {
                return text(entry, "code");
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        anyhow::bail!("the code did not arrive within 10 s")
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> anyhow::Result<(u16, Value)> {
    let body = response.body_mut().read_to_string()?;
    let answer = if body.is_empty() { Value::Null } else { serde_json::from_str(&body)? };
    Ok((response.status().as_u16(), answer))
}

fn text(value: &Value, key: &str) -> anyhow::Result<String> {
    value[key].as_str().map(str::to_owned).with_context(|| format!("no {key} in the answer"))
}
