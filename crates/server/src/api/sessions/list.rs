//! History.

use axum::{Json, extract::State};
use sea_orm::{
    ColumnTrait as _, Condition, DbBackend, EntityTrait as _, IdenStatic as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, ExprTrait as _, LikeExpr},
};
use understudy_protocol::{Session, SessionsOnly, SessionsPage, SessionsQuery};
use uuid::Uuid;

use super::{note::unnoted, shown};
use crate::{
    Shared,
    api::{extract::Query, requests::list::never_started},
    auth::Caller,
    directory::MOST_WORDS,
    error::ApiResult,
    exceptions::{count, to_review, used},
    store::entities::{
        impersonation::{Column, Entity},
        note, staff,
    },
};

/// Sessions, the newest first: one's own; for leads and admins all.
#[utoipa::path(get, path = "/api/sessions", security(("bearer" = [])),
    params(
        ("person" = Option<String>, Query), ("live" = Option<bool>, Query), ("only" = Option<SessionsOnly>, Query),
        ("search" = Option<String>, Query), ("offset" = Option<u32>, Query), ("limit" = Option<u32>, Query),
    ),
    responses((status = 200, body = SessionsPage)))]
pub async fn list(
    State(core): State<Shared>,
    caller: Caller,
    Query(query): Query<SessionsQuery>,
) -> ApiResult<Json<SessionsPage>> {
    let db = &core.store.db;
    let mut find = Entity::find().filter(Column::StartedAt.is_not_null());
    if !caller.oversees() {
        find = find.filter(Column::StaffId.eq(caller.staff.id));
    }
    let (exceptions, waiting) = (used(find.clone()), to_review(find.clone()));
    if let Some(person) = &query.person {
        find = find.filter(Column::PersonId.eq(person));
    }
    if let Some(live) = query.live {
        find = find.filter(if live { Column::State.eq("live") } else { Column::State.ne("live") });
    }
    find = match query.only {
        None => find,
        Some(SessionsOnly::Unnoted) => {
            let unnoted = unnoted(caller.staff.id).select_only().column(Column::Id).into_query();
            find.filter(Column::Id.in_subquery(unnoted)).filter(Column::State.eq("ended"))
        }
        Some(SessionsOnly::Exceptions) => used(find),
        Some(SessionsOnly::ToReview) => to_review(find),
    };
    if let Some(search) = &query.search {
        find = find.filter(stands_in(search, db.get_database_backend()));
    }
    let total = count(&core, find.clone()).await?;
    let rows = find
        .order_by_desc(Column::StartedAt)
        .order_by_desc(Column::Id)
        .offset(u64::from(query.offset))
        .limit(u64::from(query.limit.unwrap_or(50).clamp(1, 200)))
        .all(db)
        .await?;
    let mut sessions = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut session = shown(&core, row).await?;
        if row.staff_id != caller.staff.id {
            leave_to_report(&mut session);
        }
        sessions.push(session);
    }
    Ok(Json(SessionsPage {
        sessions,
        total,
        offset: query.offset,
        exceptions: count(&core, exceptions).await?,
        to_review: count(&core, waiting).await?,
        never_started: count(&core, never_started(&caller)).await?,
    }))
}

/// What was written about a colleague's session is for who opens its report.
fn leave_to_report(session: &mut Session) {
    if let Some(note) = &mut session.note {
        (note.what, note.why) = Default::default();
    }
    if let Some(review) = &mut session.review {
        review.text = String::new();
    }
}

/// Every word, in whatever order, case and with or without accents.
pub fn stands_in(search: &str, backend: DbBackend) -> Condition {
    let columns = [Column::PersonName, Column::PersonId, Column::Ticket, Column::Reason];
    let mut all = Condition::all();
    for word in search.split_whitespace().take(MOST_WORDS) {
        let id = word.parse::<Uuid>().ok();
        let like = |table: &str, column: &str| {
            let word = unmarked(word).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            Expr::cust(plain(backend, table, column)).like(LikeExpr::new(format!("%{word}%")).escape('\\'))
        };
        let staff = staff::Entity::find()
            .select_only()
            .column(staff::Column::Id)
            .filter(like("staff", "name"))
            .into_query();
        let noted = note::Entity::find()
            .select_only()
            .column(note::Column::SessionId)
            .filter(like("note", "what").or(like("note", "why")))
            .into_query();
        let found = columns
            .into_iter()
            .fold(Condition::any(), |any, column| any.add(like("impersonation", column.as_str())))
            .add(Column::StaffId.in_subquery(staff))
            .add(Column::Id.in_subquery(noted))
            .add_option(id.map(|id| Column::Id.eq(id)));
        all = all.add(found);
    }
    all
}

/// Letters with a mark, and each of them without it.
const MARKED: &str = "àáâãäåāăąçćčďđèéêëēėęěğìíîïīįłñńňòóôõöøōőřśšşťùúûüūůűýÿźżž";
const BARE: &str = "aaaaaaaaacccddeeeeeeeegiiiiiilnnnoooooooorssstuuuuuuuyyzzz";

fn unmarked(text: &str) -> String {
    let bare = |letter| MARKED.chars().zip(BARE.chars()).find(|(marked, _)| *marked == letter);
    text.to_lowercase().chars().map(|letter| bare(letter).map_or(letter, |(_, bare)| bare)).collect()
}

/// A column in lower case and without marks. What the database takes for a capital depends on its locale, and
/// SQLite has no `translate`.
fn plain(backend: DbBackend, table: &str, column: &str) -> String {
    let column = format!("lower(\"{table}\".\"{column}\")");
    if backend == DbBackend::Postgres {
        let capitals = MARKED.to_uppercase();
        return format!("translate({column}, '{MARKED}{capitals}', '{BARE}{BARE}')");
    }
    MARKED.chars().zip(BARE.chars()).fold(column, |column, (marked, bare)| {
        let capital = marked.to_uppercase();
        format!("replace(replace({column}, '{marked}', '{bare}'), '{capital}', '{bare}')")
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_marked_letter_has_its_bare_one() {
        for marked in [super::MARKED.to_owned(), super::MARKED.to_uppercase()] {
            assert_eq!(marked.chars().count(), super::BARE.chars().count());
        }
        assert_eq!(super::unmarked("Élise Łuczak-Ñandú"), "elise luczak-nandu");
    }
}
