//! Staff accounts and their sign-ins.

use std::collections::HashSet;

use anyhow::{Context as _, bail};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use secrecy::SecretString;
use serde_json::json;
use understudy_protocol::{Event, Mode, Recipients, Role, Staff, StaffRef};
use understudy_rules::impersonation::EndCause;
use uuid::Uuid;

use crate::{
    Core,
    impersonations::{self, name_of, named, unknown_staff},
    passwords,
    store::{
        Entry, Job, NewEvent, Store, WriteError,
        entities::{impersonation, recovery_code, second_factor, sign_in, staff},
        statement,
    },
};

/// A row as its owner sees it.
pub fn shown(core: &Core, row: &staff::Model) -> Staff {
    let roles = roles(row);
    let codes = |mode| core.config.code.recipient_of(&roles, mode);
    let codes = Recipients { view: codes(Mode::View), act: codes(Mode::Act) };
    Staff { id: row.id, name: row.name.clone(), email: row.email.clone(), codes, roles }
}

/// A role that nobody knows any more gives nothing.
pub fn roles(row: &staff::Model) -> Vec<Role> {
    row.roles.split(',').filter_map(named).collect()
}

/// Whoever has one of these may impersonate.
pub fn may_impersonate(roles: &[Role]) -> bool {
    roles.iter().any(|role| matches!(role, Role::Support | Role::Admin))
}

pub async fn reference(core: &Core, id: Uuid) -> Result<StaffRef, sea_orm::DbErr> {
    let row = staff::Entity::find_by_id(id).one(&core.store.db).await?;
    Ok(row.map_or_else(|| unknown_staff(id), |row| StaffRef { id, name: row.name }))
}

/// Who has taken a request, and has handed over or denied its code if somebody has.
pub async fn approver(core: &Core, row: &impersonation::Model) -> Result<Option<StaffRef>, sea_orm::DbErr> {
    match row.taken_by {
        Some(id) => Ok(Some(reference(core, id).await?)),
        None => Ok(None),
    }
}

/// Whether these are one staff member: the same account, or accounts linked to the same person of the platform.
pub async fn is_same(core: &Core, one: Uuid, other: Uuid) -> Result<bool, sea_orm::DbErr> {
    Ok(accounts_of(core, one).await?.contains(&other))
}

/// All accounts of the staff member who has this one.
pub async fn accounts_of(core: &Core, id: Uuid) -> Result<Vec<Uuid>, sea_orm::DbErr> {
    let linked = staff::Entity::find().filter(staff::Column::PersonId.is_not_null());
    let linked = linked.all(&core.store.db).await?;
    let Some(own) = linked.iter().find(|row| row.id == id) else { return Ok(vec![id]) };
    let person = |row: &staff::Model| row.person_id.as_deref().map(str::to_ascii_lowercase);
    Ok(linked.iter().filter(|row| person(row) == person(own)).map(|row| row.id).collect())
}

/// The enabled leads, without these staff members.
pub async fn leads(core: &Core, except: &[Uuid]) -> Result<Vec<staff::Model>, sea_orm::DbErr> {
    let mut involved = vec![];
    for id in except {
        involved.extend(accounts_of(core, *id).await?);
    }
    let enabled = staff::Entity::find().filter(staff::Column::DisabledAt.is_null());
    let mut leads = enabled.order_by_asc(staff::Column::Email).all(&core.store.db).await?;
    leads.retain(|row| roles(row).contains(&Role::Lead) && !involved.contains(&row.id));
    Ok(leads)
}

/// How many administrators other than this staff member are signed in.
pub async fn admins_on_duty(core: &Core, except: Uuid) -> Result<u32, sea_orm::DbErr> {
    let (db, now) = (&core.store.db, core.store.now().await?);
    let signed_in = sign_in::Entity::find()
        .filter(sign_in::Column::EndedAt.is_null())
        .filter(sign_in::Column::RefreshExpiresAt.gt(now));
    let signed_in: HashSet<Uuid> = signed_in.all(db).await?.into_iter().map(|row| row.staff_id).collect();
    let enabled = staff::Entity::find().filter(staff::Column::DisabledAt.is_null());
    let mut count = 0;
    for row in enabled.all(db).await? {
        let may = roles(&row).contains(&Role::Admin) && signed_in.contains(&row.id);
        if may && !is_same(core, row.id, except).await? {
            count += 1;
        }
    }
    Ok(count)
}

/// Whether this sign-in still stands, and its staff member may impersonate: asked at every gateway request.
pub async fn may_go_on(store: &Store, staff_id: Uuid, sign_in_id: Uuid) -> Result<bool, sea_orm::DbErr> {
    let Some(staff) = staff::Entity::find_by_id(staff_id).one(&store.db).await? else { return Ok(false) };
    let Some(sign_in) = sign_in::Entity::find_by_id(sign_in_id).one(&store.db).await? else {
        return Ok(false);
    };
    Ok(staff.disabled_at.is_none() && may_impersonate(&roles(&staff)) && sign_in.ended_at.is_none())
}

pub async fn add(
    store: &Store,
    email: &str,
    name: &str,
    roles: &[Role],
    password: SecretString,
) -> anyhow::Result<Uuid> {
    let email = email.trim().to_lowercase();
    if email.parse::<lettre::Address>().is_err() {
        bail!("{email:?} is no e-mail address");
    }
    if name.trim().is_empty() {
        bail!("a name is missing");
    }
    if roles.is_empty() {
        bail!("at least one role is needed: support, admin or lead");
    }
    if secrecy::ExposeSecret::expose_secret(&password).chars().count() < passwords::MIN_LENGTH {
        bail!("the password must have at least {} characters", passwords::MIN_LENGTH);
    }
    let id = Uuid::now_v7();
    let password_hash = tokio::task::spawn_blocking(move || passwords::hash(&password)).await??;
    let row = staff::ActiveModel {
        id: Set(id),
        email: Set(email.clone()),
        name: Set(name.trim().to_owned()),
        password_hash: Set(password_hash),
        roles: Set(roles.iter().map(name_of).collect::<Vec<_>>().join(",")),
        created_at: Set(store.now().await?),
        disabled_at: Set(None),
        person_id: Set(None),
    };
    let job = Job {
        guards: vec![statement(&staff::Entity::insert(row), &store.db)],
        entries: vec![Entry {
            kind: "staff_added",
            staff: Some(id),
            person: None,
            session: None,
            details: json!({ "roles": roles }),
        }],
        ..Job::default()
    };
    match store.write(job).await {
        Ok(_) => Ok(id),
        Err(WriteError::Exists(_)) => bail!("there is a staff account for {email} already"),
        Err(error) => Err(error.into()),
    }
}

/// Disables an account and ends everything it has open. Works while servers run: they learn it from the
/// event table.
pub async fn disable(core: &Core, email: &str) -> anyhow::Result<()> {
    let store = &core.store;
    let row = find(store, email).await?;
    let now = store.now().await?;
    let disable = staff::Entity::update_many()
        .set(staff::ActiveModel { disabled_at: Set(Some(now)), ..Default::default() })
        .filter(staff::Column::Id.eq(row.id));
    let end_sign_ins = sign_in::Entity::update_many()
        .set(sign_in::ActiveModel { ended_at: Set(Some(now)), ..Default::default() })
        .filter(sign_in::Column::StaffId.eq(row.id))
        .filter(sign_in::Column::EndedAt.is_null());
    store
        .write(Job {
            guards: vec![statement(&disable, &store.db)],
            effects: vec![statement(&end_sign_ins, &store.db)],
            entries: vec![entry("staff_disabled", row.id)],
            events: vec![NewEvent {
                staff_id: row.id,
                overseers: false,
                sign_in_id: None,
                event: Event::SignedOut,
            }],
        })
        .await?;
    end_sessions(core, row.id, None, EndCause::StaffDisabled).await
}

/// Ends what a staff member (or one of their sign-ins) has running.
pub async fn end_sessions(
    core: &Core,
    staff_id: Uuid,
    sign_in_id: Option<Uuid>,
    cause: EndCause,
) -> anyhow::Result<()> {
    let mut live = impersonation::Entity::find()
        .filter(impersonation::Column::StaffId.eq(staff_id))
        .filter(impersonation::Column::State.eq("live"));
    if let Some(id) = sign_in_id {
        live = live.filter(impersonation::Column::SignInId.eq(id));
    }
    for row in live.all(&core.store.db).await? {
        impersonations::end(core, row.id, cause)
            .await
            .map_err(|error| anyhow::anyhow!("session {} cannot be ended: {:?}", row.id, error.code()))?;
    }
    Ok(())
}

/// Forgets the second factor of somebody who has lost it; they set up another one.
pub async fn reset_second_factor(store: &Store, email: &str) -> anyhow::Result<()> {
    let id = find(store, email).await?.id;
    let stale = sign_in::Entity::update_many()
        .set(sign_in::ActiveModel { second_factor_at: Set(None), ..Default::default() })
        .filter(sign_in::Column::StaffId.eq(id));
    let codes = recovery_code::Entity::delete_many().filter(recovery_code::Column::StaffId.eq(id));
    let job = Job {
        effects: vec![
            statement(&second_factor::Entity::delete_by_id(id), &store.db),
            statement(&codes, &store.db),
            statement(&stale, &store.db),
        ],
        entries: vec![entry("second_factor_reset", id)],
        ..Job::default()
    };
    store.write(job).await?;
    Ok(())
}

/// Changes what somebody may do, at once: where they may no longer impersonate, their sessions end.
pub async fn set_roles(core: &Core, email: &str, to: &[Role]) -> anyhow::Result<()> {
    let store = &core.store;
    if to.is_empty() {
        bail!("at least one role is needed: support, admin or lead");
    }
    let row = find(store, email).await?;
    let names = to.iter().map(name_of).collect::<Vec<_>>().join(",");
    let change = staff::Entity::update_many()
        .set(staff::ActiveModel { roles: Set(names), ..Default::default() })
        .filter(staff::Column::Id.eq(row.id))
        .filter(staff::Column::Roles.eq(&row.roles));
    let details = json!({ "from": roles(&row), "to": to });
    let job = Job {
        guards: vec![statement(&change, &store.db)],
        entries: vec![Entry { details, ..entry("staff_roles_changed", row.id) }],
        ..Job::default()
    };
    match store.write(job).await {
        Ok(_) => {}
        Err(WriteError::Conflict) => bail!("somebody else changed {email} at the same moment; try again"),
        Err(error) => return Err(error.into()),
    }
    if may_impersonate(to) {
        return Ok(());
    }
    end_sessions(core, row.id, None, EndCause::StaffDisabled).await
}

/// Says whose account on the platform is this staff member's own, or that none is. What somebody has running in it
/// ends.
pub async fn link(store: &Store, email: &str, person: Option<&str>) -> anyhow::Result<()> {
    let id = find(store, email).await?.id;
    let person = person.map(str::trim);
    if person == Some("") {
        bail!("the ID of the person is missing");
    }
    let link = staff::Entity::update_many()
        .set(staff::ActiveModel { person_id: Set(person.map(str::to_owned)), ..Default::default() })
        .filter(staff::Column::Id.eq(id));
    let kind = if person.is_some() { "staff_linked" } else { "staff_unlinked" };
    let entry = Entry { person: person.map(str::to_owned), ..entry(kind, id) };
    let job = Job { guards: vec![statement(&link, &store.db)], entries: vec![entry], ..Job::default() };
    store.write(job).await?;
    Ok(())
}

async fn find(store: &Store, email: &str) -> anyhow::Result<staff::Model> {
    let email = email.trim().to_lowercase();
    let found = staff::Entity::find().filter(staff::Column::Email.eq(&email)).one(&store.db).await?;
    found.with_context(|| format!("there is no staff account for {email}"))
}

pub async fn list(store: &Store) -> Result<Vec<staff::Model>, sea_orm::DbErr> {
    staff::Entity::find().order_by_asc(staff::Column::Email).all(&store.db).await
}

/// An entry about a staff member alone.
pub fn entry(kind: &'static str, staff: Uuid) -> Entry {
    Entry { kind, staff: Some(staff), person: None, session: None, details: json!({}) }
}
