//! Takes codes to their recipients, and letters to people: tries, tries again, and records what came of it.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, ExprTrait as _, PaginatorTrait as _,
    QueryFilter as _, Statement, sea_query::Expr,
};
use serde_json::json;
use tokio::task::JoinSet;
use understudy_protocol::{Channel, Event as Told, Mode};
use understudy_rules::{
    Millis, SECOND,
    impersonation::{Event, State},
};

use crate::{
    Core, Shared, consent,
    error::{ApiError, ApiResult},
    impersonations::{self, entry, name_of, named, person, state, step},
    letters,
    mail::{CodeMail, code_mail, person_mail},
    staff,
    store::{
        Job, NewEvent, WriteError,
        entities::{
            delivery::{ActiveModel, Column, Entity, Model},
            impersonation, staff as staff_row,
        },
        statement,
    },
};
use uuid::Uuid;

/// Waits between tries.
pub const PAUSES: [Millis; 5] = [2 * SECOND, 5 * SECOND, 15 * SECOND, 45 * SECOND, 120 * SECOND];
/// How long a mail server has for one mail; less than the turn.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long whoever took a delivery has for it, before another server takes it.
pub const TURN: Millis = 30 * SECOND;

/// Runs until it is dropped. Each delivery is a task of its own: a mail server that hangs holds up nobody
/// else's code.
pub async fn run(core: &Shared) {
    let mut newest = core.hub.newest();
    let mut under_way = JoinSet::new();
    loop {
        match take_due(core).await {
            Ok(due) => {
                for row in due {
                    let core = Arc::clone(core);
                    under_way.spawn(async move { deliver(&core, row).await });
                }
            }
            Err(error) => tracing::warn!(code = ?error.code(), "codes could not be delivered; trying again"),
        }
        match letters::take_due(core).await {
            Ok(due) => {
                for row in due {
                    let core = Arc::clone(core);
                    under_way.spawn(async move { letters::send(&core, row).await });
                }
            }
            Err(error) => tracing::warn!(code = ?error.code(), "letters could not be sent; trying again"),
        }
        while under_way.try_join_next().is_some() {}
        // A new request raises an event, which wakes this; so do starts, ends and questions.
        let _ = tokio::time::timeout(Duration::from_secs(1), newest.changed()).await;
    }
}

/// The deliveries of a request whose code goes out now: to the staff member who asked, by every configured channel.
pub async fn to_requester(core: &Core, request: Uuid, staff_id: Uuid) -> ApiResult<Vec<Statement>> {
    let (db, now) = (&core.store.db, core.store.now().await?);
    let asker = staff_row::Entity::find_by_id(staff_id).one(db).await?;
    let email = asker.ok_or_else(|| ApiError::internal(&"whoever asked is gone"))?.email;
    let address = |channel: &Channel| (*channel == Channel::Email).then(|| email.clone());
    let channels = core.config.code.channels.iter();
    Ok(channels.map(|channel| outgoing(core, request, *channel, address(channel), now)).collect())
}

/// The delivery of a code that the person reads out.
pub async fn to_person(core: &Core, request: Uuid, email: &str) -> ApiResult<Vec<Statement>> {
    let now = core.store.now().await?;
    Ok(vec![outgoing(core, request, Channel::Email, Some(email.to_owned()), now)])
}

fn outgoing(core: &Core, request: Uuid, channel: Channel, address: Option<String>, now: Millis) -> Statement {
    let row = ActiveModel {
        request_id: Set(request),
        channel: Set(name_of(channel)),
        address: Set(address),
        state: Set("sending".to_owned()),
        tries: Set(0),
        next_at: Set(now),
        ..Default::default()
    };
    statement(&Entity::insert(row), &core.store.db)
}

/// Takes every delivery whose time has come, unless another server has.
async fn take_due(core: &Core) -> ApiResult<Vec<Model>> {
    let now = core.store.now().await?;
    let due = Column::State.eq("sending").and(Column::NextAt.lte(now));
    let mut taken = Vec::new();
    for mut row in Entity::find().filter(due).all(&core.store.db).await? {
        // Whoever moves the time on has the turn.
        let take = Entity::update_many()
            .col_expr(Column::NextAt, Expr::val(now + TURN))
            .filter(Column::Id.eq(row.id))
            .filter(Column::NextAt.eq(row.next_at));
        if take.exec(&core.store.db).await?.rows_affected == 1 {
            row.next_at = now + TURN;
            taken.push(row);
        }
    }
    Ok(taken)
}

/// Tries every delivery whose time has come, and waits for what comes of it.
pub async fn deliver_due(core: &Core) -> ApiResult<()> {
    for row in take_due(core).await? {
        deliver(core, row).await?;
    }
    Ok(())
}

async fn deliver(core: &Core, row: Model) -> ApiResult<()> {
    let (db, now) = (&core.store.db, core.store.now().await?);
    let Some(request) = impersonation::Entity::find_by_id(row.request_id).one(db).await? else {
        return Ok(());
    };
    let wanted = matches!(state(&request).settled(now), State::Waiting { .. } | State::CodeSent { .. });
    let outcome =
        if wanted { send(core, &row, &request).await } else { Err("the request is over".to_owned()) };
    let tries = row.tries + 1;
    let again = wanted.then(|| PAUSES.get(row.tries.unsigned_abs() as usize)).flatten();
    let (to, next_at) = match (&outcome, again) {
        (Ok(()), _) => ("sent", now),
        (Err(_), Some(pause)) => ("sending", now + pause),
        (Err(_), None) => ("failed", now),
    };
    let update = Entity::update_many()
        .set(ActiveModel {
            state: Set(to.to_owned()),
            tries: Set(tries),
            next_at: Set(next_at),
            ..Default::default()
        })
        .filter(Column::Id.eq(row.id))
        .filter(Column::State.eq("sending"))
        // Whoever was so slow that the turn went to another server has nothing to say any more.
        .filter(Column::NextAt.eq(row.next_at));
    let told = |event| NewEvent { staff_id: request.staff_id, overseers: false, sign_in_id: None, event };
    let mut events = vec![told(Told::RequestChanged { request_id: request.id })];
    let channel: Option<Channel> = named(&row.channel);
    if outcome.is_ok() && channel == Some(Channel::App) {
        let mode = named(&request.mode).unwrap_or(Mode::View);
        let arrived = Told::CodeArrived { request_id: request.id, person: person(&request), mode };
        events.push(NewEvent { sign_in_id: Some(request.sign_in_id), ..told(arrived) });
    }
    if let Err(error) = &outcome {
        tracing::warn!(request = %request.id, channel = row.channel, tries, error, "a code could not be delivered");
    }
    // The request first: by the time an app hears that its code has arrived, the code works.
    if outcome.is_ok() {
        step(core, request.id, |_| Ok(Event::Delivered), Default::default).await?;
    }
    let written = core
        .store
        .write(Job {
            guards: vec![statement(&update, db)],
            effects: vec![],
            entries: vec![entry(
                &request,
                if outcome.is_ok() { "code_delivered" } else { "code_not_delivered" },
                json!({ "channel": row.channel, "try": tries, "error": outcome.as_ref().err() }),
            )],
            events,
        })
        .await;
    match written {
        Ok(_) | Err(WriteError::Conflict) => {}
        Err(error) => return Err(error.into()),
    }
    let hopeful = Column::RequestId.eq(request.id).and(Column::State.ne("failed"));
    if to == "failed" && Entity::find().filter(hopeful).count(db).await? == 0 {
        step(core, request.id, |_| Ok(Event::DeliveryFailed), Default::default).await?;
    }
    Ok(())
}

async fn send(core: &Core, row: &Model, request: &impersonation::Model) -> Result<(), String> {
    let Some(address) = &row.address else { return Ok(()) };
    let sealed = request.code_sealed.as_deref().ok_or("the code has been erased")?;
    let code = core.keys.open(&format!("code/{}", request.id), sealed).map_err(|error| error.to_string())?;
    let asker = staff::reference(core, request.staff_id).await.map_err(|error| error.to_string())?;
    let kind =
        core.config.kind(&request.person_kind).map_or(request.person_kind.as_str(), |kind| &kind.singular);
    let to_person = request.recipient.as_deref() == Some("person");
    let language = if to_person { letters::language_of(core, request) } else { core.config.mail.language };
    let wanted = if to_person {
        let wanted = consent::wanted(core, request).await.map_err(|error| format!("{:?}", error.code()))?;
        Some(language.read(wanted))
    } else {
        None
    };
    let consent = impersonations::consent(request).map_err(|error| format!("{:?}", error.code()))?;
    let write = if to_person { person_mail } else { code_mail };
    let mail = write(&CodeMail {
        installation: &core.config.name,
        code: &code,
        staff: &asker.name,
        person: &request.person_name,
        person_id: &request.person_id,
        kind,
        reason: &request.reason,
        ticket: request.ticket.as_deref(),
        consent: &consent,
        view_only: request.mode == "view",
        code_minutes: core.config.code.minutes,
        session_minutes: core.config.session.minutes,
        wanted: wanted.as_deref(),
        longest_minutes: core.config.session.longest(),
        raises: request.raises.is_some(),
        language,
    });
    let sent = tokio::time::timeout(PATIENCE, core.mailer.send(address, mail)).await;
    sent.unwrap_or_else(|_| Err("the mail server did not answer in time".to_owned()))
}
