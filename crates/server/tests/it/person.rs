//! The person's side: mails, their page, consent to one change, and what no one else can do in their name.

use std::{fs, time::Duration};

use reqwest::{Client, Method, StatusCode, header};
use serde_json::{Value, json};
use understudy_protocol::{
    ConsentState, EndCause, ErrorCode, Mode, PersonPage, Problem, Question, Request, SessionDetail, Started,
};
use understudy_server::{config::PersonConfig, language::Language};
use uuid::Uuid;

use crate::world::{App, ELISE, Stage, World, answer, client, eventually};

const IBAN: &str = "DE89370400440532013000";

/// The texts of all mails to Élise whose subject has this in it, oldest first.
pub fn mails(world: &World, subject: &str) -> Vec<String> {
    mails_to(world, "elise.marchand@example.com", subject)
}

/// The texts of all mails to somebody that have this in them, oldest first.
fn mails_to(world: &World, address: &str, part: &str) -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(world.data_dir.join("mail"))
        .into_iter()
        .flatten()
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .collect();
    files.sort_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).expect("a time"));
    let texts = files.iter().map(|path| plain(&fs::read_to_string(path).expect("a mail")));
    texts.filter(|text| text.contains(address) && text.contains(part)).collect()
}

/// Without the line breaks of quoted-printable.
fn plain(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("=3D", "=").replace("=E2=80=9C", "“").replace("=E2=80=9D", "”")
}

pub async fn mail(world: &World, subject: &str) -> String {
    eventually(subject, async || mails(world, subject).pop()).await
}

/// The secret of the link in a mail.
pub fn link(mail: &str) -> String {
    let (_, rest) = mail.split_once("/person#").expect("a link");
    rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next().expect("text").to_owned()
}

/// Somebody's browser, with neither a sign-in of ours nor a cookie.
pub struct Browser<'a> {
    world: &'a World,
    http: Client,
    cookies: String,
}

impl<'a> Browser<'a> {
    pub fn new(world: &'a World) -> Self {
        Self { world, http: client(), cookies: String::new() }
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<PersonPage, Problem> {
        answer(self.http.post(self.world.api.join(path).expect("a URL")).json(&body)).await
    }

    pub async fn open(&self, link: &str) -> Result<PersonPage, Problem> {
        self.post("/api/person", json!({ "key": { "link": link } })).await
    }

    pub async fn answer(&self, link: &str, question: impl Asked, allow: bool) -> Result<PersonPage, Problem> {
        let page = self.open(link).await.ok();
        let read = page.and_then(|page| page.questions.into_iter().find(|it| it.id == question.id()));
        let text = read.map(|read| read.text.en).unwrap_or_default();
        let body = json!({
            "link": link, "question": question.id(), "allow": allow, "language": "en", "text": text,
        });
        self.post("/api/person/answer", body).await
    }

    /// Signs in at the platform as the person themselves.
    pub async fn sign_in(mut self) -> Self {
        let form = self.at_platform("/sign-in").send().await.expect("a page");
        self.cookies = cookies(&form);
        let token = csrf(&form.text().await.expect("a page"));
        let fields = [
            ("csrf_token", token.as_str()),
            ("email", "elise.marchand@example.com"),
            ("password", demo_platform::DEMO_PASSWORD),
            ("next", "/"),
        ];
        let to = self.world.platform.join("/sign-in").expect("a URL");
        let done = self.http.post(to).header(header::COOKIE, &self.cookies).form(&fields).send().await;
        self.cookies = cookies(&done.expect("an answer"));
        self
    }

    fn at_platform(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(self.world.platform.join(path).expect("a URL")).header(header::COOKIE, &self.cookies)
    }

    /// The platform's word for who is signed in there.
    async fn assertion(&self) -> String {
        let html =
            self.at_platform("/support-access").send().await.expect("a page").text().await.expect("a page");
        let found = html.split("#assertion=").nth(1).and_then(|rest| rest.split('"').next());
        found.unwrap_or_else(|| panic!("{html}")).to_owned()
    }

    pub async fn vouched(&self) -> Result<PersonPage, Problem> {
        let assertion = self.assertion().await;
        self.post("/api/person", json!({ "key": { "assertion": assertion } })).await
    }
}

/// What somebody answers: one change, or a request.
pub trait Asked {
    fn id(&self) -> Uuid;
}

impl Asked for &Question {
    fn id(&self) -> Uuid {
        self.id
    }
}

impl Asked for &Request {
    fn id(&self) -> Uuid {
        self.id
    }
}

/// Of the first form of a page.
fn csrf(html: &str) -> String {
    let token = html.split("name=\"csrf_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    token.expect("a token").to_owned()
}

fn cookies(answer: &reqwest::Response) -> String {
    let set = answer.headers().get_all(header::SET_COOKIE).iter();
    set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned))
        .collect::<Vec<_>>()
        .join("; ")
}

async fn ask(app: &App<'_>, started: &Started, scope: &str) -> Result<Question, Problem> {
    let body = json!({ "token": started.token, "scope": scope });
    app.post(&format!("/api/sessions/{}/ask", started.session.id), &body).await
}

async fn change_bank(stage: &mut Stage<'_>) -> StatusCode {
    change(stage, Method::POST, "/settings/bank").await
}

pub async fn change(stage: &mut Stage<'_>, method: Method, path: &str) -> StatusCode {
    let token = stage.csrf().await;
    let form = [("csrf_token", token.as_str()), ("iban", IBAN)];
    stage.request(method, path).form(&form).send().await.expect("an answer").status()
}

async fn cause(app: &App<'_>, started: &Started) -> Option<EndCause> {
    let detail: SessionDetail =
        app.get(&format!("/api/sessions/{}", started.session.id)).await.expect("the session");
    detail.session.end_cause
}

#[tokio::test]
async fn the_person_hears_of_the_start_and_gets_an_account_of_everything_done() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::View).await;
    let told = mail(&world, "is in your account now").await;
    assert!(told.contains("Ada of ") && told.contains("The payment is stuck"), "{told}");
    // What staff say that she agreed to, she is told.
    assert!(told.contains("Your consent, as support states it: given by"), "{told}");
    for path in ["/transactions", "/transactions", "/profile"] {
        assert_eq!(stage.status(path).await, StatusCode::OK);
    }
    assert_eq!(change(&mut stage, Method::POST, "/profile").await, StatusCode::FORBIDDEN);
    app.end(&started).await.expect("ended");
    let account = mail(&world, "What was done in your account").await;
    assert!(account.contains("Viewed the transactions (2 times)"), "{account}");
    assert!(account.contains("Changed: nothing") && account.contains("Refused, so not done:"), "{account}");
    let page = Browser::new(&world).open(&link(&account)).await.expect("the page");
    assert_eq!(page.sessions.len(), 1);
    assert_eq!(page.sessions[0].end_cause, Some(EndCause::Exit));
    assert_eq!(page.sessions[0].statements.len(), 1);
    assert!(!page.may_answer && page.questions.is_empty());
    // A letter is on record after it was sent.
    eventually("both letters are on record", async || {
        let sent = world.kinds().await.into_iter().filter(|kind| kind == "letter_sent").count();
        assert!(sent <= 2, "{sent}");
        (sent == 2).then_some(())
    })
    .await;
    world.stop().await;
}

#[tokio::test]
async fn mails_are_written_in_the_language_of_the_one_who_reads_them() {
    const AGNES: &str = "INV-000041";
    let agnes = "agnes.benard@example.org";
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(AGNES, Mode::View).await;
    let told = eventually("a mail", async || mails_to(&world, agnes, "mettre fin").pop()).await;
    assert!(told.contains("lecture seule") && !told.contains("look only"), "{told}");
    stage.status("/documents").await;
    app.end(&started).await.expect("ended");
    let account =
        eventually("a mail", async || mails_to(&world, agnes, "Voir toutes les visites").pop()).await;
    assert!(account.contains("Consultation des documents") && !account.contains("Looked at"), "{account}");
    // Whoever works there reads what the installation is written in.
    let code = "Votre code de prise en main";
    assert!(mails_to(&world, "impersonation code for", "Asked by").len() == 1);
    world.stop().await;

    let world = World::with(|config| config.mail.language = Language::French, false).await;
    let app = world.agent().await;
    let (request, _) = app.code(ELISE, Mode::View).await;
    let mail = eventually("a mail", async || mails_to(&world, "INV-000137", code).pop()).await;
    assert!(mail.contains("Accord") && !mail.contains("Consent"), "{mail}");
    // Her own language goes before it.
    app.verify(&request, &app.code_of(request.id).await).await.expect("verified");
    app.start(&request).await.expect("started");
    eventually("a mail", async || mails(&world, "is in your account now").pop()).await;
    world.stop().await;
}

#[tokio::test]
async fn what_the_platform_refused_is_not_told_as_done() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    let token = stage.csrf().await;
    let nameless = [("csrf_token", token.as_str()), ("display_name", ""), ("phone", ""), ("address", "")];
    let answer = stage.request(Method::POST, "/profile").form(&nameless).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    // What took the platform too long, or failed there, may be done all the same.
    for status in [408, 500] {
        let answer = stage.request(Method::POST, &format!("/echo?status={status}")).send().await;
        assert_eq!(answer.expect("an answer").status(), status);
    }
    app.end(&started).await.expect("ended");
    let account = mail(&world, "What was done in your account").await;
    assert!(
        !account.contains("Changed: nothing")
            && account.contains("Refused, so not done: Changed the profile"),
        "{account}"
    );
    let detail: SessionDetail =
        app.get(&format!("/api/sessions/{}", started.session.id)).await.expect("the session");
    let tried = detail.actions.iter().find(|action| action.method == "POST").expect("an action");
    assert_eq!((tried.refused.as_deref(), tried.status), (Some("platform"), Some(422)));
    assert!(!tried.changes && tried.name == "Changed the profile", "{tried:?}");
    assert_eq!(tried.names["fr"], "Modification du profil");
    let perhaps = detail.actions.iter().filter(|action| action.changes && action.refused.is_none());
    assert_eq!(perhaps.map(|action| action.status).collect::<Vec<_>>(), [Some(408), Some(500)]);
    world.stop().await;
}

#[tokio::test]
async fn an_account_comes_later_only_by_configuration_and_the_delay_is_on_record() {
    let world = World::with(|config| config.account.delay_minutes = 60, true).await;
    let app = world.agent().await;
    let started = app.session(ELISE, Mode::View).await;
    app.end(&started).await.expect("ended");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(mails(&world, "What was done").len(), 0);
    let (_, ended) =
        world.ledger().await.into_iter().rfind(|(kind, _)| kind == "session_ended").expect("one");
    assert_eq!(ended["account_delayed_ms"], 3_600_000);
    world.pass(Duration::from_secs(3_601));
    mail(&world, "What was done").await;
    world.stop().await;
}

/// Élise signs in, and some time later Ada steps into her account.
pub async fn both(world: &World) -> (Browser<'_>, App<'_>) {
    let browser = Browser::new(world).sign_in().await;
    // The platform's clock goes on meanwhile.
    world.pass(Duration::from_secs(30));
    (browser, world.agent().await)
}

#[tokio::test]
async fn invariant_9_bank_details_change_once_by_one_consent() {
    let world = World::at_rest().await;
    let (browser, app) = both(&world).await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    assert_eq!(change_bank(&mut stage).await, StatusCode::FORBIDDEN);
    let question = ask(&app, &started, "bank_details").await.expect("asked");
    assert_eq!(question.state, ConsentState::Asked);
    assert_eq!(ask(&app, &started, "bank_details").await.expect("the same").id, question.id);
    let asked = mail(&world, "asks for your permission").await;
    assert!(asked.contains("asks to change your bank details"), "{asked}");
    // The link shows, and alone it allows nothing.
    let page = browser.open(&link(&asked)).await.expect("the page");
    assert_eq!(page.questions[0].id, question.id);
    assert!(!page.may_answer && page.answer_at.is_some());
    assert_eq!(browser.answer(&page.link, &question, true).await.unwrap_err().code, ErrorCode::Forbidden);
    assert_eq!(change_bank(&mut stage).await, StatusCode::FORBIDDEN);

    let page = browser.vouched().await.expect("the page");
    assert!(page.may_answer);
    let page = browser.answer(&page.link, &question, true).await.expect("allowed");
    assert_eq!(page.questions[0].state, ConsentState::Allowed);
    // Allowed is once, for this and nothing else.
    assert_eq!(
        browser.answer(&page.link, &question, true).await.unwrap_err().code,
        ErrorCode::ConsentUnavailable
    );
    assert_eq!(change(&mut stage, Method::POST, "/settings/password").await, StatusCode::FORBIDDEN);
    assert_eq!(change_bank(&mut stage).await, StatusCode::SEE_OTHER);
    assert_eq!(change_bank(&mut stage).await, StatusCode::FORBIDDEN);
    let ledger = world.ledger().await;
    let (_, given) = ledger.iter().find(|(kind, _)| kind == "consent_given").expect("on record");
    assert!(given["text"].as_str().is_some_and(|text| text.contains("asks to change your bank details")));
    let used =
        |(kind, details): &&(String, Value)| kind == "action" && details["consent"] == given["consent"];
    assert_eq!(ledger.iter().filter(used).count(), 1);
    app.end(&started).await.expect("ended");
    let account = mail(&world, "What was done in your account").await;
    assert!(account.contains("Changed: Changed the bank details"), "{account}");
    world.stop().await;
}

#[tokio::test]
async fn invariant_9_of_many_changes_at_once_one_consent_lets_one_through() {
    let world = World::at_rest().await;
    let (browser, app) = both(&world).await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    let question = ask(&app, &started, "bank_details").await.expect("asked");
    let page = browser.vouched().await.expect("the page");
    browser.answer(&page.link, &question, true).await.expect("allowed");
    let token = stage.csrf().await;
    let form = [("csrf_token", token.as_str()), ("iban", IBAN)];
    let tries = (0..20).map(|_| stage.request(Method::POST, "/settings/bank").form(&form).send());
    let answers = futures_util::future::join_all(tries).await;
    let passed =
        answers.into_iter().filter(|it| it.as_ref().expect("an answer").status() != StatusCode::FORBIDDEN);
    assert_eq!(passed.count(), 1);
    world.stop().await;
}

#[tokio::test]
async fn invariant_9_consent_that_is_declined_or_late_opens_nothing_and_view_never_does() {
    let world = World::at_rest().await;
    let (browser, mut app) = both(&world).await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    let question = ask(&app, &started, "bank_details").await.expect("asked");
    let page = browser.vouched().await.expect("the page");
    browser.answer(&page.link, &question, false).await.expect("declined");
    assert_eq!(change_bank(&mut stage).await, StatusCode::FORBIDDEN);
    // Allowed, and taken back.
    let question = ask(&app, &started, "bank_details").await.expect("asked anew");
    browser.answer(&page.link, &question, true).await.expect("allowed");
    browser.answer(&page.link, &question, false).await.expect("taken back");
    assert_eq!(change_bank(&mut stage).await, StatusCode::FORBIDDEN);
    // Allowed, and too late.
    let question = ask(&app, &started, "bank_details").await.expect("asked anew");
    browser.answer(&page.link, &question, true).await.expect("allowed");
    for _ in 0..30 {
        world.pass(Duration::from_secs(20));
        let refresh = app.signed_in.as_ref().expect("signed in").refresh_token.clone();
        let pair = app.post("/api/sign-in/refresh", &json!({ "refresh_token": refresh })).await;
        app.signed_in = Some(pair.expect("refreshed"));
        app.renew(&started).await.expect("the session goes on");
    }
    assert_eq!(change_bank(&mut stage).await, StatusCode::FORBIDDEN);
    app.end(&started).await.expect("ended");
    app.write_note(&started).await;
    let (started, mut stage) = app.stage(ELISE, Mode::View).await;
    assert_eq!(ask(&app, &started, "bank_details").await.unwrap_err().code, ErrorCode::ConsentUnavailable);
    assert_eq!(change_bank(&mut stage).await, StatusCode::FORBIDDEN);
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_a_sign_in_that_began_while_somebody_was_in_the_account_consents_to_nothing() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::Act).await;
    let question = ask(&app, &started, "password").await.expect("asked");
    // Whoever knows the password signs in now: it may be the one who is in the account.
    let browser = Browser::new(&world).sign_in().await;
    let late = browser.vouched().await.expect("a page");
    assert!(late.signed_in_late && !late.may_answer && late.answer_at.is_none(), "{late:?}");
    assert!(world.kinds().await.contains(&"signed_in_late".to_owned()), "not on record");
    let refused = browser.answer(&late.link, &question, true).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Forbidden);
    // The stage gets no assertion, neither at the page nor by asking for it otherwise.
    for path in ["/support-access", "/Support-Access/", "/support-access?x=1"] {
        assert_eq!(stage.status(path).await, StatusCode::FORBIDDEN, "{path}");
    }
    // What the mail holds is no answer either, whoever reads it.
    let mailed = link(&mail(&world, "asks for your permission").await);
    assert_eq!(browser.answer(&mailed, &question, true).await.unwrap_err().code, ErrorCode::Forbidden);
    // A page that was open before is no way around: the sign-in counts, not the page.
    app.end(&started).await.expect("ended");
    let page = browser.open(&late.link).await.expect("a page");
    assert!(page.signed_in_late && !page.may_answer, "{page:?}");
    let page = browser.vouched().await.expect("a page");
    assert!(page.signed_in_late && !page.may_answer, "{page:?}");
    world.stop().await;
}

#[tokio::test]
async fn whoever_signs_in_while_somebody_is_in_the_account_declines_and_ends() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, _stage) = app.stage(ELISE, Mode::Act).await;
    let question = ask(&app, &started, "password").await.expect("asked");
    let browser = Browser::new(&world).sign_in().await;
    let late = browser.vouched().await.expect("a page");
    let page = browser.answer(&late.link, &question, false).await.expect("declined");
    assert!(page.questions.is_empty(), "{page:?}");
    let end = json!({ "link": late.link, "session": started.session.id });
    browser.post("/api/person/end", end).await.expect("ended");
    assert_eq!(cause(&app, &started).await, Some(EndCause::ConsentWithdrawn));
    // In the next session it is the same sign-in still, and whoever waits there is told as well.
    app.write_note(&started).await;
    let (started, _stage) = app.stage(ELISE, Mode::Act).await;
    let question = ask(&app, &started, "password").await.expect("asked");
    let late = browser.vouched().await.expect("a page");
    assert!(late.signed_in_late, "{late:?}");
    assert!(browser.answer(&late.link, &question, true).await.is_err());
    let told = world.kinds().await.iter().filter(|kind| *kind == "signed_in_late").count();
    assert_eq!(told, 2);
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_forged_and_replayed_answers_count_for_nothing() {
    let world = World::at_rest().await;
    let (browser, app) = both(&world).await;
    let (started, _stage) = app.stage(ELISE, Mode::Act).await;
    let question = ask(&app, &started, "bank_details").await.expect("asked");
    // Links that nobody was given.
    for forged in ["", "x", &"A".repeat(43)] {
        assert_eq!(browser.open(forged).await.unwrap_err().code, ErrorCode::NotFound, "{forged:?}");
        assert_eq!(browser.answer(forged, &question, true).await.unwrap_err().code, ErrorCode::NotFound);
    }
    // Assertions that the platform did not make, or made for something else.
    let good = browser.assertion().await;
    let (head, rest) = good.split_once('.').expect("a JWT");
    let (claims, signature) = rest.split_once('.').expect("a JWT");
    let other = data_encoding::BASE64URL_NOPAD.encode(br#"{"alg":"none","kid":"meridian-1"}"#);
    let identity = {
        let stage = app.stage_of(&started).await;
        let echoed: Value = stage.get("/echo").await.json().await.expect("JSON");
        let headers = echoed["headers"].to_string();
        let token =
            headers.split("eyJ").nth(1).map(|rest| format!("eyJ{}", rest.split('"').next().unwrap_or("")));
        token.expect("an identity token")
    };
    for forged in [
        format!("{other}.{claims}."),
        format!("{head}.{claims}.{}", "A".repeat(signature.len())),
        format!("{head}.{}x.{signature}", &claims[..claims.len() - 1]),
        identity,
        String::new(),
    ] {
        let answer = browser.post("/api/person", json!({ "key": { "assertion": forged } })).await;
        assert_eq!(answer.unwrap_err().code, ErrorCode::Forbidden, "{forged}");
    }
    // A good one that is old.
    world.pass(Duration::from_secs(90));
    app.renew(&started).await.ok();
    let answer = browser.post("/api/person", json!({ "key": { "assertion": good } })).await;
    assert_eq!(answer.unwrap_err().code, ErrorCode::Forbidden);
    assert!(world.kinds().await.iter().all(|kind| kind != "consent_given"));
    world.stop().await;
}

#[tokio::test]
async fn somebody_elses_link_opens_and_answers_nothing_of_this_account() {
    let world = World::at_rest().await;
    let (_, app) = both(&world).await;
    let bob = world.app("Bob", &[understudy_protocol::Role::Support]).await;
    let other = bob.session("INV-000042", Mode::View).await;
    bob.end(&other).await.expect("ended");
    let foreign = eventually("a mail to somebody else", async || {
        let files = fs::read_dir(world.data_dir.join("mail")).expect("a folder");
        let texts = files.map(|file| fs::read_to_string(file.expect("a file").path()).expect("a mail"));
        let mails = texts.map(|text| plain(&text)).filter(|text| text.contains("What was done"));
        mails.filter(|text| !text.contains("elise.marchand@example.com")).last()
    })
    .await;
    let (started, _) = app.stage(ELISE, Mode::Act).await;
    let question = ask(&app, &started, "password").await.expect("asked");
    let browser = Browser::new(&world);
    let foreign = link(&foreign);
    assert!(browser.open(&foreign).await.expect("their page").questions.is_empty());
    assert_eq!(browser.answer(&foreign, &question, false).await.unwrap_err().code, ErrorCode::NotFound);
    let body = json!({ "link": foreign, "session": started.session.id });
    assert_eq!(browser.post("/api/person/end", body).await.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(cause(&app, &started).await, None);
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_whoever_takes_the_consent_back_is_alone_within_a_second() {
    let world = World::new().await;
    let app = world.agent().await;
    let (started, stage) = app.stage(ELISE, Mode::Act).await;
    let told = mail(&world, "is in your account now").await;
    let mut prices = Box::pin(stage.get("/live/prices?interval_ms=50").await.bytes_stream());
    futures_util::StreamExt::next(&mut prices).await.expect("a chunk").expect("bytes");
    let begun = std::time::Instant::now();
    let body = json!({ "link": link(&told), "session": started.session.id });
    let page = Browser::new(&world).post("/api/person/end", body).await.expect("ended");
    while let Some(Ok(_)) = futures_util::StreamExt::next(&mut prices).await {}
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(page.sessions[0].end_cause, Some(EndCause::ConsentWithdrawn));
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);
    assert_eq!(cause(&app, &started).await, Some(EndCause::ConsentWithdrawn));
    world.stop().await;
}

#[tokio::test]
async fn invariant_6_a_change_that_races_the_withdrawal_is_before_it_or_not_at_all() {
    let world = World::with(|config| config.code.burst = 10, false).await;
    let app = world.agent().await;
    for _ in 0..5 {
        let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
        let told =
            eventually("the mail of this session", async || mails(&world, "is in your account now").pop())
                .await;
        let token = stage.csrf().await;
        let form = [
            ("csrf_token", token.as_str()),
            ("display_name", "Élise Marchand"),
            ("phone", "1"),
            ("address", "x"),
        ];
        let body = json!({ "link": link(&told), "session": started.session.id });
        let browser = Browser::new(&world);
        let changes = (0..5).map(|_| stage.request(Method::POST, "/profile").form(&form).send());
        let (ended, _) =
            tokio::join!(browser.post("/api/person/end", body), futures_util::future::join_all(changes));
        ended.expect("ended");
        let mut over = false;
        for (kind, details) in world.ledger().await {
            match kind.as_str() {
                "session_started" => over = false,
                "session_ended" => over = true,
                "action" => assert!(!over, "recorded as done after the end: {details}"),
                _ => {}
            }
        }
        app.write_note(&started).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn where_the_mailbox_counts_the_link_answers_and_without_any_proof_nobody_is_asked() {
    let world = World::with(|config| config.platform.person = Some(PersonConfig::Mailbox), false).await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    let question = ask(&app, &started, "bank_details").await.expect("asked");
    let mailed = link(&mail(&world, "asks for your permission").await);
    Browser::new(&world).answer(&mailed, &question, true).await.expect("allowed");
    assert_eq!(change_bank(&mut stage).await, StatusCode::SEE_OTHER);
    world.stop().await;

    let world = World::with(|config| config.platform.person = None, false).await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    assert_eq!(ask(&app, &started, "password").await.unwrap_err().code, ErrorCode::ConsentUnavailable);
    assert_eq!(change_bank(&mut stage).await, StatusCode::FORBIDDEN);
    world.stop().await;
}

#[tokio::test]
async fn the_page_is_ours_alone_and_only_platforms_may_embed_it() {
    let world = World::new().await;
    for path in ["/person", "/person.js", "/person.css"] {
        let page = client().get(world.api.join(path).expect("a URL")).send().await.expect("a page");
        assert_eq!(page.status(), StatusCode::OK);
        let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
        let platform = world.platform.origin().ascii_serialization();
        assert!(policy.ends_with(&format!("frame-ancestors {platform}")), "{policy}");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers()[header::REFERRER_POLICY], "no-referrer");
    }
    world.stop().await;
}

/// A platform's key that this test has itself, so that it can say things with it that no platform would.
struct Platform {
    key: jsonwebtoken::EncodingKey,
    issuer: String,
    audience: String,
    now: i64,
}

impl Platform {
    fn says(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = json!({
            "iss": self.issuer, "aud": self.audience, "sub": ELISE,
            "auth_time": self.now - 60, "iat": self.now, "exp": self.now + 60,
        });
        change(&mut claims);
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
        header.kid = Some("k".to_owned());
        jsonwebtoken::encode(&header, &claims, &self.key).expect("a JWT")
    }
}

#[tokio::test]
async fn invariant_8_the_platforms_word_counts_for_us_for_now_and_for_nobody_who_acts_as_somebody() {
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let x = data_encoding::BASE64URL_NOPAD.encode(key.verifying_key().as_bytes());
    let jwks = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k", "x": x }] });
    let keys = axum::Router::new().route("/keys", axum::routing::get(async move || axum::Json(jwks.clone())));
    let keys = crate::gateway::served(keys).await.join("/keys").expect("a URL");
    let change = |config: &mut understudy_server::config::Config| {
        let page = config.platform.origin[0].platform.join("/support-access").expect("a URL");
        config.platform.person = Some(PersonConfig::Platform { page, jwks: keys });
    };
    let world = World::with(change, false).await;
    let platform = Platform {
        key: jsonwebtoken::EncodingKey::from_ed_der(
            ed25519_dalek::pkcs8::EncodePrivateKey::to_pkcs8_der(&key).expect("a key").as_bytes(),
        ),
        issuer: world.platform.origin().ascii_serialization(),
        audience: world.api.origin().ascii_serialization(),
        now: world.core.store.now().await.expect("the time") / 1_000,
    };
    let browser = Browser::new(&world);
    let open = async |assertion: String| {
        browser.post("/api/person", json!({ "key": { "assertion": assertion } })).await.map_err(|it| it.code)
    };
    open(platform.says(|_| {})).await.expect("the test of the test");
    let now = platform.now;
    let wrong: [(&str, Value); 10] = [
        ("act", json!({ "sub": "ada" })),
        ("act", json!("ada")),
        ("aud", json!("https://another.example")),
        ("iss", json!("https://another.example")),
        ("exp", json!(now + 3_600)),
        ("exp", json!(now - 60)),
        ("iat", json!(now + 60)),
        ("auth_time", json!(now + 60)),
        ("auth_time", Value::Null),
        ("sub", Value::Null),
    ];
    for (claim, value) in wrong {
        let assertion = platform.says(|claims| claims[claim] = value.clone());
        assert_eq!(open(assertion).await.unwrap_err(), ErrorCode::Forbidden, "{claim}: {value}");
    }
    // Good for whom it names, and for nobody else.
    let app = world.agent().await;
    let (started, _stage) = app.stage(ELISE, Mode::Act).await;
    let question = ask(&app, &started, "password").await.expect("asked");
    let other = open(platform.says(|claims| claims["sub"] = json!("INV-000001"))).await.expect("theirs");
    assert!(other.questions.is_empty() && other.sessions.is_empty());
    assert_eq!(browser.answer(&other.link, &question, true).await.unwrap_err().code, ErrorCode::NotFound);
    let body = json!({ "link": other.link, "session": started.session.id });
    assert_eq!(browser.post("/api/person/end", body).await.unwrap_err().code, ErrorCode::NotFound);
    world.stop().await;
}
