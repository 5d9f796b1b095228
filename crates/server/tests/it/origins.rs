//! Which addresses the gateway translates between the platform and itself, and which it leaves alone.

use axum::{Json, Router, extract::Request, http::HeaderMap, routing::get};
use reqwest::Method;
use serde_json::{Value, json};
use understudy_protocol::Mode;
use understudy_server::config::Origin;
use url::Url;

use crate::{
    gateway::served,
    world::{ELISE, Stage, World},
};

/// Answers with the header that the query names, and says which headers reached it.
async fn talkative() -> Url {
    async fn say(request: Request) -> (HeaderMap, Json<Value>) {
        let mut said = HeaderMap::new();
        for (name, value) in url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
        {
            let name = axum::http::HeaderName::try_from(name.as_ref()).expect("a name");
            let value = value.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1"));
            said.append(
                name,
                axum::http::HeaderValue::from_bytes(&value.collect::<Vec<_>>()).expect("a value"),
            );
        }
        let text = |name| request.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        (said, Json(json!({ "origin": text("origin"), "referer": text("referer") })))
    }
    served(Router::new().route("/say", get(say))).await
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

/// The talkative platform, and two more origins that nobody has to answer at.
async fn world() -> World {
    let platform = talkative().await;
    let change = move |config: &mut understudy_server::config::Config| {
        let gateway = config.platform.origin[0].gateway.clone();
        config.platform.origin = vec![
            Origin { platform, gateway },
            Origin { platform: url("https://app.example"), gateway: url("https://app.gate.example") },
            Origin { platform: url("http://plain.example"), gateway: url("http://plain.gate.example:8080") },
        ];
        config.platform.route.clear();
    };
    World::with(change, false).await
}

/// What the gateway makes of a header of the platform's.
async fn released(stage: &Stage<'_>, name: &str, value: &str) -> String {
    let mut path = url("http://x/say");
    path.query_pairs_mut().append_pair(name, value);
    let path = &path[url::Position::BeforePath..];
    let answer = stage.request(Method::GET, path).send().await.expect("an answer");
    let value = answer.headers().get(name).unwrap_or_else(|| panic!("{name} is released"));
    value.as_bytes().iter().copied().map(char::from).collect()
}

#[tokio::test]
async fn an_address_of_the_platform_is_known_in_every_spelling_and_nobody_elses_is() {
    let world = world().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    let own = world.core.config.platform.origin[0].platform.authority().to_owned();
    let gateway = world.gateway.origin().ascii_serialization();
    for (said, expected) in [
        ("https://app.example/next?a=b#c", "https://app.gate.example/next?a=b#c"),
        ("https://app.example", "https://app.gate.example/"),
        ("https://app.example?a=b", "https://app.gate.example/?a=b"),
        ("https://app.example:443/next", "https://app.gate.example/next"),
        ("http://plain.example:80/next", "http://plain.gate.example:8080/next"),
        ("HTTPS://APP.Example/Next", "https://app.gate.example/Next"),
        (" https:\\\\app.example\\next", "https://app.gate.example/next"),
        ("https://app.example/caf\u{e9}", "https://app.gate.example/caf%E9"),
        (&format!("//{own}/next"), &format!("{gateway}/next")),
        (&format!("\\\\{own}/next"), &format!("{gateway}/next")),
        (&format!("http://{own}/next"), &format!("{gateway}/next")),
        // What has no origin of its own is the gateway's already.
        ("/next", "/next"),
        ("next?to=https://app.example/", "next?to=https://app.example/"),
        ("?a=b", "?a=b"),
        ("", ""),
        // Not the platform's.
        ("//app.example/next", "//app.example/next"),
        ("http://app.example/next", "http://app.example/next"),
        ("https://app.example:444/next", "https://app.example:444/next"),
        ("https://app.example.org/", "https://app.example.org/"),
        ("https://app.example@evil.example/", "https://app.example@evil.example/"),
        ("https://me@app.example/", "https://me@app.example/"),
        ("https://me:secret@app.example/", "https://me:secret@app.example/"),
        ("mailto:someone@app.example", "mailto:someone@app.example"),
        ("https://", "https://"),
    ] {
        for header in ["location", "content-location"] {
            assert_eq!(released(&stage, header, said).await, expected.trim(), "{header}: {said}");
        }
    }
    world.stop().await;
}

#[tokio::test]
async fn an_origin_in_a_query_stays_what_it_is() {
    let world = world().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    // The identity provider compares it with what was registered.
    let asked = "https://id.example/authorize?redirect_uri=https://app.example/done&state=1";
    assert_eq!(released(&stage, "location", asked).await, asked);
    let done = "https://app.example/done?next=https://app.example/&and=https%3A%2F%2Fapp.example";
    assert_eq!(
        released(&stage, "location", done).await,
        "https://app.gate.example/done?next=https://app.example/&and=https%3A%2F%2Fapp.example"
    );
    let gateway = world.gateway.origin().ascii_serialization();
    let own = world.core.config.platform.origin[0].platform.origin().ascii_serialization();
    let referer = format!("/done?next={gateway}/a&and=https://app.gate.example/");
    let seen: Value = stage
        .request(Method::GET, "/say")
        .header("origin", &gateway)
        .header("referer", format!("{gateway}{referer}"))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(seen["origin"], own);
    assert_eq!(seen["referer"], format!("{own}{referer}"));
    for (name, value) in [
        ("origin", "null"),
        ("origin", "https://app.gate.example.org"),
        ("referer", "https://elsewhere.example/?from=https://app.gate.example/"),
    ] {
        let asked = stage.request(Method::GET, "/say").header(name, value);
        let seen: Value = asked.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(seen[name], value);
    }
    world.stop().await;
}

#[tokio::test]
async fn addresses_inside_other_headers_are_found_where_they_stand() {
    let world = world().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::Act).await;
    for (header, said, expected) in [
        ("refresh", "5; url=https://app.example:443/", "5; url=https://app.gate.example/"),
        (
            "refresh",
            "0;URL='HTTPS://app.example/a?b=https://app.example/'",
            "0;URL='https://app.gate.example/a?b=https://app.example/'",
        ),
        ("refresh", "1.5, https://app.example/a", "1.5, https://app.gate.example/a"),
        ("refresh", "5", "5"),
        ("refresh", "5; url=/next", "5; url=/next"),
        (
            "refresh",
            "5; url=https://id.example/?u=https://app.example/",
            "5; url=https://id.example/?u=https://app.example/",
        ),
        (
            "link",
            "<https://app.example/a.css>; rel=preload; title=\"<https://app.example/>\", </b>; rel=next, <https://x.example/?u=https://app.example>",
            "<https://app.gate.example/a.css>; rel=preload; title=\"<https://app.example/>\", </b>; rel=next, <https://x.example/?u=https://app.example>",
        ),
        ("access-control-allow-origin", "https://app.example", "https://app.gate.example"),
        ("access-control-allow-origin", "*", "*"),
        ("access-control-allow-origin", "null", "null"),
        (
            "content-security-policy",
            "default-src 'self'; connect-src wss://app.example https://app.example:443/api/ app.example *.example; report-uri https://app.example/csp?x=https://app.example",
            "default-src 'self'; connect-src wss://app.gate.example https://app.gate.example/api/ app.gate.example *.example; report-uri https://app.gate.example/csp?x=https://app.example",
        ),
        (
            "content-security-policy-report-only",
            "img-src http://plain.example/ ws://plain.example plain.example, form-action https://app.example.org",
            "img-src http://plain.gate.example:8080/ ws://plain.gate.example:8080 plain.gate.example:8080, form-action https://app.example.org",
        ),
    ] {
        assert_eq!(released(&stage, header, said).await, expected, "{header}: {said}");
    }
    world.stop().await;
}
