//! No climbing: nobody is signed in as staff, as a protected person, or from inside a session.

use reqwest::{Method, StatusCode, header};
use understudy_protocol::{EndCause, ErrorCode, Mode, Request, Role, SessionDetail};
use understudy_server::{staff, sweeper};

use crate::world::{App, ELISE, World, asking_for, client, eventually};

async fn refused(app: &App<'_>, identifier: &str) -> Option<ErrorCode> {
    app.post::<Request>("/api/requests", &asking_for(identifier, Mode::View)).await.err().map(|it| it.code)
}

async fn address_of(app: &App<'_>, id: &str) -> String {
    let person: understudy_protocol::Person =
        app.get(&format!("/api/people/find?identifier={id}")).await.expect("a person");
    person.email
}

#[tokio::test]
async fn invariant_8_a_protected_person_is_refused_by_id_and_by_address_and_it_is_on_record() {
    let world = World::with(|config| config.platform.protected = vec![ELISE.to_owned()], false).await;
    let ada = world.app("Ada", &[Role::Support, Role::Admin]).await;
    let address = address_of(&ada, ELISE).await;
    for identifier in
        [ELISE.to_owned(), address.to_uppercase(), address, format!("  {ELISE} "), ELISE.to_lowercase()]
    {
        assert_eq!(refused(&ada, &identifier).await, Some(ErrorCode::PersonRefused), "{identifier}");
    }
    assert_eq!(refused(&ada, "INV-000042").await, None);
    let tried = world.ledger().await.into_iter().filter(|(kind, _)| kind == "refused").count();
    assert_eq!(tried, 5);
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_nobody_is_signed_in_as_themselves_or_as_other_staff() {
    let world = World::new().await;
    let (ada, bob) = (world.agent().await, world.app("Bob", &[Role::Admin]).await);
    // Equal addresses say nothing: anybody can choose one on the platform.
    let address = address_of(&ada, ELISE).await;
    staff::add(&world.core.store, &address, "Namesake", &[Role::Support], "a long enough password".into())
        .await
        .expect("added");
    assert_eq!(refused(&bob, ELISE).await, None);
    staff::link(&world.core.store, &address, Some(ELISE)).await.expect("linked");
    for app in [&ada, &bob] {
        assert_eq!(refused(app, ELISE).await, Some(ErrorCode::PersonRefused));
    }
    // A former member of staff is still no stranger.
    staff::disable(&world.core, &address).await.expect("disabled");
    assert_eq!(refused(&ada, ELISE).await, Some(ErrorCode::PersonRefused));
    staff::link(&world.core.store, &address, None).await.expect("unlinked");
    assert_eq!(refused(&ada, ELISE).await, None);
    assert!(staff::link(&world.core.store, &address, Some(" ")).await.is_err());
    assert!(staff::link(&world.core.store, "nobody@example.com", Some(ELISE)).await.is_err());
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_whoever_becomes_staff_is_out_at_verification_at_the_start_and_in_the_session() {
    let world = World::new().await;
    let ada = world.agent().await;
    let other = world.staff("Elise", &[Role::Support]).await;
    let link =
        async |person: Option<&str>| staff::link(&world.core.store, &other, person).await.expect("linked");
    let (request, code) = ada.code(ELISE, Mode::View).await;
    link(Some(ELISE)).await;
    assert_eq!(ada.verify(&request, &code).await.err(), Some(ErrorCode::PersonRefused));
    link(None).await;
    ada.verify(&request, &code).await.expect("verified");
    link(Some(ELISE)).await;
    assert_eq!(ada.start(&request).await.err(), Some(ErrorCode::PersonRefused));
    link(None).await;
    let started = ada.start(&request).await.expect("started");
    let mut stage = world.stage();
    stage.enter(ada.handoff(&started).await.expect("a handoff")).await;
    assert_eq!(stage.status("/").await, StatusCode::OK);
    link(Some(ELISE)).await;
    assert_eq!(stage.status("/").await, StatusCode::UNAUTHORIZED);

    // Also where the page asks for nothing.
    link(None).await;
    let (started, _stage) = ada.stage(ELISE, Mode::View).await;
    link(Some(ELISE)).await;
    eventually("the session ends by itself", async || {
        sweeper::sweep(&world.core).await.expect("swept");
        let path = format!("/api/sessions/{}", started.session.id);
        let detail: SessionDetail = ada.get(&path).await.expect("the session");
        (detail.session.end_cause == Some(EndCause::StaffDisabled)).then_some(())
    })
    .await;
    world.stop().await;
}

#[tokio::test]
async fn invariant_8_nothing_is_asked_for_from_inside_a_session() {
    let world = World::new().await;
    let ada = world.agent().await;
    let (_, stage) = ada.stage(ELISE, Mode::Act).await;
    assert_eq!(refused(&ada, "INV-000042").await, Some(ErrorCode::AlreadyImpersonating));
    // The stage's cookie opens nothing of the API, and the gateway leads to the platform only.
    let asked = client().post(world.api.join("/api/requests").expect("a URL"));
    let asked = asked.header(header::COOKIE, &stage.cookies).json(&asking_for("INV-000042", Mode::View));
    assert_eq!(asked.send().await.expect("an answer").status(), StatusCode::UNAUTHORIZED);
    let asked = stage.request(Method::POST, "/api/requests").json(&asking_for("INV-000042", Mode::View));
    assert_eq!(asked.send().await.expect("an answer").status(), StatusCode::NOT_FOUND);
    world.stop().await;
}
