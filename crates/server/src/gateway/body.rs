//! Bodies, both ways: streamed, cut when the session ends, and of forms the names of the fields.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use futures_util::StreamExt as _;
use http_body::Body as _;
use memchr::memmem;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

/// Names seen so far. Values are never kept.
#[derive(Clone, Default)]
pub struct Fields(Arc<Mutex<Vec<String>>>);

/// More names than this are noise.
const MOST: usize = 100;
/// Forms and JSON larger than this are passed on without being read.
const LARGEST: usize = 256 * 1024;

impl Fields {
    fn add(&self, name: &str) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() < MOST && !names.iter().any(|n| n == name) {
            names.push(name.chars().take(100).collect());
        }
    }

    pub fn names(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The names of the parameters of a query or of a form in that encoding.
pub fn parameter_names(encoded: &[u8]) -> Vec<String> {
    let fields = Fields::default();
    url::form_urlencoded::parse(encoded).for_each(|(name, _)| fields.add(&name));
    fields.names()
}

#[derive(Debug, thiserror::Error)]
#[error("the session has ended")]
struct Cut;

/// No body, of a length that is nobody's business: the answer to `HEAD` says what `GET` would bring.
pub fn none() -> Body {
    Body::from_stream(futures_util::stream::empty::<Result<Bytes, std::convert::Infallible>>())
}

/// Passes a body on until the session ends; then it breaks off, so that nobody takes a part for the whole. It
/// is read by a task of its own, so that the end also reaches a body whose reader has stalled.
pub fn until_ended(body: Body, ended: CancellationToken) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let (sender, chunks) = mpsc::channel(2);
    tokio::spawn(async move {
        let pass = async {
            let mut chunks = body.into_data_stream();
            while let Some(chunk) = chunks.next().await {
                if sender.send(chunk).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            () = ended.cancelled() => {}
            () = sender.closed() => return,
            () = pass => return,
        }
        // The source is let go by now; the reader learns it when it reads on.
        let _ = sender.send(Err(axum::Error::new(Cut))).await;
    });
    Body::from_stream(ReceiverStream::new(chunks))
}

/// Notes the names of a form's fields while it passes: all of them by the time its last byte does. Whoever
/// reads a body of known length does not ask for its end, hence `length`.
pub fn observed(body: Body, content_type: Option<&str>, length: Option<usize>) -> (Body, Fields) {
    let fields = Fields::default();
    if body.is_end_stream() {
        return (body, fields);
    }
    let Some(reader) = Reader::new(content_type.unwrap_or_default(), fields.clone()) else {
        return (body, fields);
    };
    let mut chunks = body.into_data_stream();
    let body = Body::from_stream(async_stream::stream! {
        let (mut reader, mut passed) = (Some(reader), 0);
        while let Some(chunk) = chunks.next().await {
            if let (Ok(bytes), Some(reader)) = (&chunk, &mut reader) {
                reader.read(bytes);
                passed += bytes.len();
            }
            if length == Some(passed) && let Some(reader) = reader.take() {
                reader.finish();
            }
            yield chunk;
        }
        if let Some(reader) = reader {
            reader.finish();
        }
    });
    (body, fields)
}

enum Reader {
    Whole { json: bool, seen: Vec<u8>, fields: Fields },
    Parts(Parts),
}

impl Reader {
    fn new(content_type: &str, fields: Fields) -> Option<Self> {
        let mut parameters = content_type.split(';').map(str::trim);
        let whole = |json, fields| Some(Self::Whole { json, seen: vec![], fields });
        match parameters.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => whole(false, fields),
            "multipart/form-data" => {
                let boundary = parameters.find_map(|parameter| {
                    let (name, value) = parameter.split_once('=')?;
                    name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
                })?;
                let delimiter = format!("--{boundary}").into_bytes();
                Some(Self::Parts(Parts { delimiter, window: vec![], in_headers: false, fields }))
            }
            text if text == "application/json" || text.ends_with("+json") => whole(true, fields),
            _ => None,
        }
    }

    fn read(&mut self, bytes: &Bytes) {
        match self {
            Self::Whole { seen, .. } => {
                if seen.len() <= LARGEST {
                    seen.extend_from_slice(bytes);
                }
            }
            Self::Parts(parts) => parts.read(bytes),
        }
    }

    fn finish(self) {
        match self {
            Self::Whole { json, seen, fields } if seen.len() <= LARGEST => {
                if json {
                    if let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(&seen) {
                        object.keys().for_each(|name| fields.add(name));
                    }
                } else {
                    parameter_names(&seen).iter().for_each(|name| fields.add(name));
                }
            }
            Self::Whole { .. } | Self::Parts(_) => {}
        }
    }
}

/// Finds the names in a `multipart/form-data` body (RFC 7578) as it passes, and keeps no more of it than a
/// part's headers: parts may be of any size.
struct Parts {
    delimiter: Vec<u8>,
    /// What was seen and not used yet.
    window: Vec<u8>,
    in_headers: bool,
    fields: Fields,
}

/// Headers of a part larger than this are none.
const LARGEST_HEADERS: usize = 8 * 1024;

impl Parts {
    fn read(&mut self, bytes: &[u8]) {
        self.window.extend_from_slice(bytes);
        let mut used = 0;
        loop {
            let window = &self.window[used..];
            if !self.in_headers {
                let Some(found) = memmem::find(window, &self.delimiter) else {
                    // The delimiter may be cut in two.
                    used += window.len().saturating_sub(self.delimiter.len() - 1);
                    break;
                };
                used += found + self.delimiter.len();
                self.in_headers = true;
            } else if let Some(end) = memmem::find(window, b"\r\n\r\n") {
                if let Some(name) = part_name(&String::from_utf8_lossy(&window[..end])) {
                    self.fields.add(name);
                }
                // The blank line may begin the next delimiter's line.
                used += end + 2;
                self.in_headers = false;
            } else if window.len() > LARGEST_HEADERS {
                self.in_headers = false;
            } else {
                break;
            }
        }
        self.window.drain(..used);
    }
}

/// `name` of `Content-Disposition: form-data; name="a"; filename="b"`.
fn part_name(headers: &str) -> Option<&str> {
    let line = headers.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let name = line.split(';').find_map(|parameter| parameter.trim().strip_prefix("name="))?;
    Some(name.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn names(content_type: &str, chunks: &[&'static str]) -> (Vec<String>, String) {
        let stream = futures_util::stream::iter(chunks.to_vec()).map(Ok::<_, std::io::Error>);
        let (body, fields) = observed(Body::from_stream(stream), Some(content_type), None);
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("body");
        (fields.names(), String::from_utf8(bytes.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn names_are_noted_and_values_are_not() {
        let (seen, passed) =
            names("application/x-www-form-urlencoded", &["iban=DE8", "9&b%20c=1&iban=2"]).await;
        assert_eq!((seen, passed.as_str()), (vec!["iban".into(), "b c".into()], "iban=DE89&b%20c=1&iban=2"));
        let (seen, _) = names("application/json; charset=utf-8", &["{\"a\":", "{\"b\":1},\"c\":2}"]).await;
        assert_eq!(seen, ["a", "c"]);
        let part = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"secret.pdf\"\r\n\r\nbytes\r\n--x--\r\n";
        let (seen, passed) = names("multipart/form-data; boundary=x", &[part]).await;
        assert_eq!((seen, passed.as_str()), (vec!["file".into()], part));
    }

    #[tokio::test]
    async fn a_form_that_cannot_be_read_passes_unchanged() {
        let (seen, passed) = names("multipart/form-data; boundary=x", &["no form ", "at all"]).await;
        assert_eq!((seen.len(), passed.as_str()), (0, "no form at all"));
    }

    #[tokio::test]
    async fn invariant_3_an_end_breaks_a_body_off() {
        let ended = CancellationToken::new();
        let endless = futures_util::stream::once(async { Ok::<_, std::io::Error>("first") })
            .chain(futures_util::stream::pending());
        let mut body = until_ended(Body::from_stream(endless), ended.clone()).into_data_stream();
        assert_eq!(body.next().await.expect("chunk").expect("first"), "first");
        ended.cancel();
        assert!(body.next().await.expect("an error").is_err());
    }
}
