//! The platform's cookies live on the gateway as they would live in a browser: replaced, deleted, run out.

use std::time::Duration;

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    response::IntoResponse as _,
};
use reqwest::Method;
use understudy_protocol::{Mode, Started};
use understudy_server::config::{Config, Origin};
use url::Url;

use crate::{
    gateway::served,
    world::{App, ELISE, Stage, World},
};

/// Sets the cookies that the query lists, and answers with those that it got.
async fn baker() -> Url {
    served(Router::new().fallback(async |request: Request| {
        let mut set = HeaderMap::new();
        for (_, line) in url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
            set.append(header::SET_COOKIE, HeaderValue::from_str(&line).expect("a line"));
        }
        let got = request.headers().get_all(header::COOKIE).iter().map(|value| value.to_str().expect("text"));
        (set, got.collect::<Vec<_>>().join(" | ")).into_response()
    }))
    .await
}

/// A world in which time stands still, before that platform.
async fn world() -> World {
    let platform = baker().await;
    let change = move |config: &mut Config| {
        let gateway = config.platform.origin[0].gateway.clone();
        config.platform.origin = vec![Origin { platform, gateway }];
        config.platform.route.clear();
    };
    World::with(change, true).await
}

/// Has the platform set cookies; what reaches the webview of them.
async fn bake(stage: &mut Stage<'_>, path: &str, lines: &[&str]) -> Vec<String> {
    let mut url = Url::parse("http://x").expect("a URL");
    url.set_path(path);
    url.query_pairs_mut().extend_pairs(lines.iter().map(|line| ("set", line)));
    let answer = stage.get(&url[url::Position::BeforePath..]).await;
    stage.keep(&answer);
    let lines = answer.headers().get_all(header::SET_COOKIE).iter();
    lines.map(|line| line.to_str().expect("text").to_owned()).collect()
}

/// What of the jar reaches the platform.
async fn sent(stage: &Stage<'_>, path: &str) -> String {
    stage.request(Method::GET, path).send().await.expect("an answer").text().await.expect("a body")
}

async fn pass(app: &App<'_>, started: &Started, mut seconds: u64) {
    while seconds > 0 {
        let step = seconds.min(20);
        app.world.pass(Duration::from_secs(step));
        app.renew(started).await.expect("renewed");
        seconds -= step;
    }
}

#[tokio::test]
async fn invariant_5_a_cookie_that_is_replaced_or_deleted_is_so_in_the_jar() {
    let world = world().await;
    let app = world.agent().await;
    let (_, mut stage) = app.stage(ELISE, Mode::Act).await;
    let own = stage.cookies.clone();
    assert_eq!(sent(&stage, "/").await, "");
    for (lines, expected) in [
        (&["id=one; HttpOnly"][..], "id=one"),
        (&["id=two; HttpOnly; SameSite=Lax"], "id=two"),
        (&["id=three", "id=four"], "id=four"),
        (&["id=\"fi ve\""], "id=\"fi ve\""),
        (&["id=a=b=c"], "id=a=b=c"),
        (&["id=; Max-Age=0"], ""),
        (&["id=six; Max-Age=60"], "id=six"),
        (&["id=gone; Max-Age=-1"], ""),
        (&["id=seven; Max-Age=99999999999999999999"], "id=seven"),
        (&["id=gone; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], ""),
        (&["id=eight; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60"], "id=eight"),
        (&["id=gone; Expires=Thu, 01-Jan-1970 00:00:01 GMT"], ""),
        (&["id=nine; Max-Age=soon"], "id=nine"),
        (&["other=1", "id=; Max-Age=0"], "other=1"),
    ] {
        assert_eq!(
            bake(&mut stage, "/", lines).await,
            Vec::<String>::new(),
            "{lines:?} stays on the gateway"
        );
        assert_eq!(sent(&stage, "/").await, expected, "{lines:?}");
    }
    assert_eq!(stage.cookies, own);
    world.stop().await;
}

#[tokio::test]
async fn a_cookie_runs_out_when_the_platform_said() {
    let world = world().await;
    let app = world.agent().await;
    let (started, mut stage) = app.stage(ELISE, Mode::Act).await;
    let now = understudy_server::clock::time(world.core.store.now().await.expect("the time"));
    let in_90 = (now + Duration::from_secs(90)).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    bake(&mut stage, "/", &["age=1; Max-Age=60", &format!("date=1; Expires={in_90}"), "session=1"]).await;
    let now = async || {
        let got = sent(&stage, "/").await;
        ["age", "date", "session"].map(|name| got.contains(name))
    };
    assert_eq!(now().await, [true, true, true]);
    pass(&app, &started, 59).await;
    assert_eq!(now().await, [true, true, true]);
    pass(&app, &started, 1).await;
    assert_eq!(now().await, [false, true, true]);
    pass(&app, &started, 31).await;
    assert_eq!(now().await, [false, false, true]);
    world.stop().await;
}

#[tokio::test]
async fn cookies_of_one_name_at_two_paths_are_two() {
    let world = world().await;
    let app = world.agent().await;
    let (_, mut stage) = app.stage(ELISE, Mode::Act).await;
    bake(&mut stage, "/deep/page", &["id=root; Path=/", "id=deep"]).await;
    assert_eq!(sent(&stage, "/").await, "id=root");
    assert_eq!(sent(&stage, "/deep/other").await, "id=deep; id=root");
    bake(&mut stage, "/", &["id=; Path=/deep; Max-Age=0"]).await;
    assert_eq!(sent(&stage, "/deep/other").await, "id=root");
    world.stop().await;
}

#[tokio::test]
async fn a_cookie_that_scripts_must_read_is_the_browsers_to_keep_and_to_forget() {
    let world = world().await;
    let app = world.agent().await;
    let (_, mut stage) = app.stage(ELISE, Mode::Act).await;
    for value in ["one", "two"] {
        let lines =
            [format!("csrf_token={value}; Path=/; SameSite=Strict; Domain=127.0.0.1"), "id=1".to_owned()];
        let through = bake(&mut stage, "/", &[&lines[0], &lines[1]]).await;
        assert_eq!(through, [format!("csrf_token={value}; SameSite=Strict; Path=/")]);
        assert_eq!(sent(&stage, "/").await, format!("id=1; csrf_token={value}"));
    }
    let through = bake(&mut stage, "/", &["csrf_token=; Path=/; Max-Age=0"]).await;
    assert_eq!(through, ["csrf_token=; Path=/; Max-Age=0"]);
    world.stop().await;
}
