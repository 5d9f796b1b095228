//! Rows of comma-separated values (RFC 4180).

use axum::{
    http::header,
    response::{IntoResponse as _, Response},
};

pub(crate) const CONTENT_TYPE: &str = "text/csv; charset=utf-8";

pub(crate) fn row<const N: usize>(fields: [&str; N]) -> String {
    fields.map(field).join(",") + "\r\n"
}

fn field(text: &str) -> String {
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Cents as spreadsheets read them: `-1234.50`.
pub(crate) fn amount(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// `name` is the file's, without its ending, in ASCII.
pub(crate) fn download(name: &str, text: String) -> Response {
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    ([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CONTENT_DISPOSITION, &disposition)], text)
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_row_is_quoted() {
        assert_eq!(row(["a,b", "say \"x\"", "plain"]), "\"a,b\",\"say \"\"x\"\"\",plain\r\n");
        assert_eq!(amount(-105), "-1.05");
    }
}
