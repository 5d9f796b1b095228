//! `understudy-server ledger verify`: reads the record with SQL of its own and hands it to the verifier,
//! which shares nothing with the writer but the format.

use anyhow::Context as _;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use understudy_ledger::{
    Details, Head,
    verify::{Found, FoundBy, Report, verify},
};

use uuid::Uuid;

use crate::keys::{Keys, Pseudonyms};

/// Checks the record in a database against its own head and those that were `noted` elsewhere.
pub async fn check(db: &impl ConnectionTrait, keys: &Keys, noted: &[Head]) -> anyhow::Result<Report> {
    let query = |sql: &str| Statement::from_string(db.get_database_backend(), sql);
    let head = db.query_one_raw(query("SELECT size, root FROM ledger_head WHERE id = 1")).await?;
    let head = head.context("the head of the ledger is missing")?;
    let root: Vec<u8> = head.try_get("", "root")?;
    let size: i64 = head.try_get("", "size")?;
    let mut heads = noted.to_vec();
    heads.push(Head {
        size: size.cast_unsigned(),
        root: root.try_into().ok().context("the head is no SHA-256 hash")?,
    });
    let rows = db
        .query_all_raw(query(
            "SELECT idx, leaf, salt, details, at, kind, session_id FROM ledger_entry ORDER BY idx",
        ))
        .await?;
    let pseudonyms = keys.pseudonyms();
    let found = rows.iter().map(|row| found(row, &pseudonyms)).collect::<Result<Vec<_>, _>>()?;
    Ok(verify(found, &heads))
}

fn found(row: &QueryResult, pseudonyms: &Pseudonyms) -> Result<Found, DbErr> {
    let salt: Vec<u8> = row.try_get("", "salt")?;
    let text: Option<String> = row.try_get("", "details")?;
    let index: i64 = row.try_get("", "idx")?;
    let details = text.map(|text| Details { salt: salt.try_into().unwrap_or([0; 32]), text });
    let session: Option<Uuid> = row.try_get("", "session_id")?;
    let found_by = FoundBy {
        time: row.try_get("", "at")?,
        kind: row.try_get("", "kind")?,
        session: session.map(|id| pseudonyms.of("session", &id.to_string())),
    };
    Ok(Found { index: index.cast_unsigned(), leaf: row.try_get("", "leaf")?, found_by, details })
}

/// Reads a head as it is printed: `<size>:<root in hex>`.
pub fn parse_head(text: &str) -> Result<Head, String> {
    let bad = || format!("{text:?} is no head; it looks like 42:9f86d0…");
    let (size, root) = text.split_once(':').ok_or_else(bad)?;
    let root = data_encoding::HEXLOWER_PERMISSIVE.decode(root.as_bytes()).map_err(|_| bad())?;
    Ok(Head { size: size.parse().map_err(|_| bad())?, root: root.try_into().map_err(|_| bad())? })
}

/// Prints what [`parse_head`] reads.
pub fn show_head(head: &Head) -> String {
    format!("{}:{}", head.size, data_encoding::HEXLOWER.encode(&head.root))
}
