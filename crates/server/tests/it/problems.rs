//! Whatever is wrong with a request, the answer is a problem (RFC 9457) with a code that does not change.

use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::Value;
use understudy_protocol::{ErrorCode, Mode, Problem};
use uuid::Uuid;

use crate::world::{ELISE, World, client};

async fn problem(what: &str, answer: Response) -> (StatusCode, Problem) {
    let status = answer.status();
    assert_eq!(answer.headers().get(header::CONTENT_TYPE).expect(what), "application/problem+json", "{what}");
    assert_eq!(answer.headers().get(header::CACHE_CONTROL).expect(what), "no-store", "{what}");
    let text = answer.text().await.expect("a body");
    let problem: Problem = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{what}: {e}: {text}"));
    assert_eq!(problem.status, status.as_u16(), "{what}");
    assert_eq!(
        problem.kind.strip_prefix("urn:understudy:problem:"),
        serde_json::to_value(problem.code).expect("a name").as_str(),
        "{what}"
    );
    assert!(!problem.title.is_empty() && !problem.detail.is_empty(), "{what}");
    (status, problem)
}

#[tokio::test]
async fn every_wrong_request_to_the_api_is_answered_with_a_problem() {
    use ErrorCode as C;
    let world = World::new().await;
    let app = world.agent().await;
    let at = |method: Method, path: &str| app.request(method, path);
    let json = |path: &str, body: &str| {
        at(Method::POST, path).header(header::CONTENT_TYPE, "application/json").body(body.to_owned())
    };
    let typed = |content_type: &str| {
        at(Method::POST, "/api/sign-in").header(header::CONTENT_TYPE, content_type).body("{\"email\": \"a\"}")
    };
    let chunks = || {
        let chunks = futures_util::stream::iter((0..70).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1_000])));
        at(Method::POST, "/api/requests").body(reqwest::Body::wrap_stream(chunks))
    };
    let session = Uuid::nil();
    let end = format!("/api/sessions/{session}/end");
    let cases: Vec<(&str, RequestBuilder, u16, ErrorCode)> = vec![
        ("no such address", at(Method::GET, "/"), 404, C::NotFound),
        ("no such address of the API", at(Method::GET, "/api/nothing/here"), 404, C::NotFound),
        ("a change at no address", at(Method::DELETE, "/api/nothing"), 404, C::NotFound),
        ("a slash too many", at(Method::GET, "/api/info/"), 404, C::NotFound),
        ("no such session", at(Method::GET, &format!("/api/sessions/{session}")), 404, C::NotFound),
        ("no UUID", at(Method::GET, "/api/requests/not-a-uuid"), 404, C::NotFound),
        ("no text", at(Method::GET, "/api/requests/%ff"), 404, C::NotFound),
        ("another method", at(Method::PUT, "/api/sign-in"), 405, C::MethodNotAllowed),
        ("another method at a page", at(Method::DELETE, "/api/people"), 405, C::MethodNotAllowed),
        ("another method at a session", at(Method::PATCH, &end), 405, C::MethodNotAllowed),
        ("another method where nobody asks who", at(Method::POST, "/healthz"), 405, C::MethodNotAllowed),
        ("another method at the document", at(Method::POST, "/api/openapi.json"), 405, C::MethodNotAllowed),
        ("a method nobody knows", at(Method::TRACE, "/api/info"), 405, C::MethodNotAllowed),
        ("half of JSON", json("/api/requests", "{"), 400, C::BadRequest),
        ("no JSON", json("/api/requests", "reason=x"), 400, C::BadRequest),
        ("no body", json("/api/requests", ""), 400, C::BadRequest),
        ("JSON of another shape", json("/api/requests", "{\"reason\": 7}"), 400, C::BadRequest),
        ("a NUL", json("/api/sign-in", "{\"email\": \"\\u0000\"}"), 400, C::BadRequest),
        ("a form", typed("application/x-www-form-urlencoded"), 415, C::UnsupportedMediaType),
        ("text", typed("text/plain; charset=utf-8"), 415, C::UnsupportedMediaType),
        ("a content type that is none", typed("json"), 415, C::UnsupportedMediaType),
        ("too large", json("/api/requests", &" ".repeat(70_000)), 413, C::TooLarge),
        ("too large, of no known length", chunks(), 413, C::TooLarge),
        ("a query of another type", at(Method::GET, "/api/people?offset=many"), 400, C::BadRequest),
        ("a query twice", at(Method::GET, "/api/people?offset=1&offset=2"), 400, C::BadRequest),
        ("a cursor of another type", at(Method::GET, "/api/events?cursor=x"), 400, C::BadRequest),
        ("no query where one is needed", at(Method::GET, "/api/people/find"), 400, C::BadRequest),
        ("a value that is not allowed", at(Method::GET, "/api/people?kind=Admin"), 422, C::Invalid),
        ("nobody", client().get(world.api.join("/api/me").expect("a URL")), 401, C::SignedOut),
        (
            "another host",
            at(Method::GET, "/api/info").header(header::HOST, "evil.example"),
            421,
            C::Misdirected,
        ),
        (
            "another host, nowhere",
            at(Method::PUT, "/x").header(header::HOST, "evil.example"),
            421,
            C::Misdirected,
        ),
    ];
    for (what, request, status, code) in cases {
        let answer = request.send().await.expect("an answer");
        let allow = answer.headers().get(header::ALLOW).cloned();
        let (got, said) = problem(what, answer).await;
        assert_eq!((got.as_u16(), said.code), (status, code), "{what}: {}", said.detail);
        assert_eq!(allow.is_some(), status == 405, "{what} (RFC 9110, 15.5.6)");
    }
    for content_type in
        ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"]
    {
        let answer = typed(content_type).send().await.expect("an answer");
        assert_eq!(problem(content_type, answer).await.1.code, C::BadRequest, "it is read: {content_type}");
    }
    world.stop().await;
}

#[tokio::test]
async fn what_the_gateway_refuses_is_a_page_for_people_and_a_problem_for_scripts() {
    let world = World::new().await;
    let app = world.agent().await;
    let (_, stage) = app.stage(ELISE, Mode::View).await;
    let other = |method: Method, path: &str| {
        stage.request(method, path).header(header::HOST, world.api.authority().to_owned())
    };
    let enter = "/.understudy/enter";
    let cases: Vec<(RequestBuilder, u16, &str, &str)> = vec![
        (other(Method::GET, "/"), 421, "misdirected", "not served here"),
        (other(Method::POST, enter), 421, "misdirected", "not served here"),
        (stage.request(Method::POST, "/profile"), 403, "view_only", "view only"),
        (stage.request(Method::POST, enter), 405, "method_not_allowed", "door"),
    ];
    for (request, status, code, title) in cases {
        let page = request.try_clone().expect("a request").header(header::ACCEPT, "text/html,*/*");
        let page = page.send().await.expect("an answer");
        assert_eq!(page.status().as_u16(), status);
        assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8", "{code}");
        let text = page.text().await.expect("a page");
        assert!(text.contains(title), "{code}: {text}");
        let answer = request.header(header::ACCEPT, "application/json").send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json", "{code}");
        let problem: Value = answer.json().await.expect("JSON");
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(status.into())));
        assert_eq!(problem["type"], format!("urn:understudy:problem:{code}"));
    }
    for (wanted, title) in [
        ("fr-FR,fr;q=0.9,en;q=0.8", "Cette session est en lecture seule"),
        ("de-DE,fr;q=0.9,en;q=0.8", "Cette session est en lecture seule"),
        ("en-GB,fr;q=0.9", "This session is view only"),
    ] {
        let asked = stage.request(Method::POST, "/profile").header(header::ACCEPT_LANGUAGE, wanted);
        let page = asked.header(header::ACCEPT, "text/html").send().await.expect("an answer");
        assert!(page.text().await.expect("a page").contains(title), "{wanted}");
    }
    // At the door somebody stands; a pass that cannot be read is a wrong one.
    for query in ["", "?pass=a&pass=b", "?pass=%ff"] {
        let answer = world.stage().get(&format!("{enter}{query}")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{query}");
        assert!(answer.text().await.expect("a page").contains("This door does not open"), "{query}");
    }
    world.stop().await;
}
