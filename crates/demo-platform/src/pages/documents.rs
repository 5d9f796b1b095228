//! Documents: what Meridian sent, and what the person uploaded.

use std::path::Path as FilePath;

use askama::Template;
use axum::{
    Router,
    extract::{
        DefaultBodyLimit, Multipart, Path, Query, Request, State,
        multipart::{Field, MultipartError},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use sqlx::SqlitePool;
use tokio::{fs::File, io::AsyncWriteExt as _};
use tower::ServiceExt as _;
use tower_http::services::ServeFile;
use uuid::Uuid;

use super::{Done, Frame, filters, page};
use crate::{
    App,
    auth::{
        SignedIn,
        csrf::{self, SignedForm},
    },
    error::Error,
    messages,
};

const MAX_BYTES: usize = 1 << 30;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/documents", get(list).post(upload).layer(DefaultBodyLimit::max(MAX_BYTES)))
        .route("/documents/{id}", get(download))
        .route("/documents/{id}/delete", post(delete))
        .route("/documents/{id}/rename", post(rename))
}

#[derive(sqlx::FromRow)]
struct Document {
    id: i64,
    name: String,
    size: i64,
    file: String,
    /// Uploaded by the person, who may delete it.
    own: bool,
    created_at: DateTime<Utc>,
}

#[derive(Template)]
#[template(path = "documents.html")]
struct DocumentsPage {
    frame: Frame,
    documents: Vec<Document>,
}

async fn documents_page(db: &SqlitePool, frame: Frame) -> Result<Html<String>, Error> {
    let documents =
        sqlx::query_as("SELECT * FROM documents WHERE person = ? ORDER BY created_at DESC, id DESC")
            .bind(&frame.account.person.id)
            .fetch_all(db)
            .await?;
    page(&DocumentsPage { frame, documents })
}

async fn list(
    State(app): State<App>,
    account: SignedIn,
    Query(done): Query<Done>,
) -> Result<Html<String>, Error> {
    documents_page(&app.db, Frame::new(&app, account, "/documents").await?.notice(&done)).await
}

async fn find(db: &SqlitePool, account: &SignedIn, id: i64) -> Result<Document, Error> {
    sqlx::query_as("SELECT * FROM documents WHERE id = ? AND person = ?")
        .bind(id)
        .bind(&account.person.id)
        .fetch_optional(db)
        .await?
        .ok_or(Error::NotFound)
}

/// Answers ranges and `HEAD`; always a download, never shown as a page of ours.
async fn download(
    State(app): State<App>,
    account: SignedIn,
    Path(id): Path<i64>,
    request: Request,
) -> Result<Response, Error> {
    let document = find(&app.db, &account, id).await?;
    let mime = mime_guess::from_path(&document.name).first_or_octet_stream();
    let file = ServeFile::new_with_mime(app.files.join(&document.file), &mime);
    let mut response = file.oneshot(request).await?.into_response();
    response.headers_mut().insert(header::CONTENT_DISPOSITION, attachment(&document.name)?);
    Ok(response)
}

/// The name twice, for clients old and new (RFC 6266).
fn attachment(name: &str) -> Result<HeaderValue, Error> {
    const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() && !"\"\\".contains(c) || c == ' ' { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(name, ATTR_CHAR);
    Ok(HeaderValue::try_from(format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))?)
}

/// `multipart/form-data` with `csrf_token` (or the header) before `file`.
async fn upload(
    State(app): State<App>,
    account: SignedIn,
    headers: HeaderMap,
    mut form: Multipart,
) -> Result<Response, Error> {
    let mut token = None;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("csrf_token") => token = Some(field.text().await.map_err(broken)?),
            Some("file") => {
                // Before a byte of the file is kept.
                csrf::check(&account.csrf, &headers, token.as_deref())?;
                let name = field.file_name().unwrap_or_default().to_owned();
                if let Some(problem) = refused_name(&name, "Upload failed (error 4071).") {
                    let again = documents_page(
                        &app.db,
                        Frame::new(&app, account, "/documents").await?.problem(problem),
                    )
                    .await?;
                    return Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response());
                }
                keep(&app, &account, &name, field).await?;
                let subject = format!("Your document “{name}” was checked");
                let body = "It is complete and readable. You find it among your documents at any time.";
                let checked = Utc::now() + app.document_check;
                messages::send(&app, &account.person.id, &subject, body, checked).await?;
                return Ok(Redirect::to("/documents?done=uploaded").into_response());
            }
            _ => {}
        }
    }
    Err(Error::Invalid("The form has no file in it. Go back and choose one."))
}

fn broken(_: MultipartError) -> Error {
    Error::Invalid("The upload broke off or is larger than 1 GB.")
}

/// The message for special characters is as poor as people complain about: support has to know it.
fn refused_name(name: &str, special: &'static str) -> Option<&'static str> {
    if name.is_empty() {
        Some("Choose a file first.")
    } else if name.chars().count() > 200 {
        Some("The file name is too long. Shorten it to 200 characters.")
    } else if name.contains(['#', '%', '&', '?', '*', ':', '/', '\\', '"', '<', '>', '|']) {
        Some(special)
    } else {
        None
    }
}

/// Streams the file to the disk; what breaks off leaves nothing behind.
async fn keep(app: &App, account: &SignedIn, name: &str, field: Field<'_>) -> Result<(), Error> {
    let file = Uuid::new_v4().to_string();
    let path = app.files.join(&file);
    match write(&path, field).await {
        Ok(size) => {
            sqlx::query(
                "INSERT INTO documents (person, name, size, file, own, created_at) VALUES (?, ?, ?, ?, TRUE, ?)",
            )
            .bind(&account.person.id)
            .bind(name)
            .bind(size)
            .bind(file)
            .bind(Utc::now())
            .execute(&app.db)
            .await?;
            Ok(())
        }
        Err(error) => {
            tokio::fs::remove_file(&path).await.ok();
            Err(error)
        }
    }
}

async fn write(path: &FilePath, mut field: Field<'_>) -> Result<i64, Error> {
    let mut file = File::create(path).await?;
    let mut size = 0;
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        file.write_all(&chunk).await?;
        size += chunk.len() as i64;
    }
    file.flush().await?;
    Ok(size)
}

#[derive(Deserialize)]
struct Nothing {}

async fn delete(
    State(app): State<App>,
    Path(id): Path<i64>,
    SignedForm(account, Nothing {}): SignedForm<Nothing>,
) -> Result<Redirect, Error> {
    let document = find(&app.db, &account, id).await?;
    if !document.own {
        return Err(Error::Invalid("Documents from Meridian cannot be deleted."));
    }
    sqlx::query("DELETE FROM documents WHERE id = ?").bind(id).execute(&app.db).await?;
    tokio::fs::remove_file(app.files.join(&document.file)).await.ok();
    Ok(Redirect::to("/documents?done=deleted"))
}

#[derive(Deserialize)]
struct NewName {
    name: String,
}

async fn rename(
    State(app): State<App>,
    Path(id): Path<i64>,
    SignedForm(account, NewName { name }): SignedForm<NewName>,
) -> Result<Response, Error> {
    let document = find(&app.db, &account, id).await?;
    if !document.own {
        return Err(Error::Invalid("Documents from Meridian cannot be renamed."));
    }
    let name = name.trim();
    if let Some(problem) = refused_name(name, "Renaming failed (error 4071).") {
        let frame = Frame::new(&app, account, "/documents").await?.problem(problem);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, documents_page(&app.db, frame).await?).into_response());
    }
    sqlx::query("UPDATE documents SET name = ? WHERE id = ?").bind(name).bind(id).execute(&app.db).await?;
    Ok(Redirect::to("/documents?done=renamed").into_response())
}
