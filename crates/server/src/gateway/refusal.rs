//! What the gateway says itself: a page for people, problem details for scripts.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use understudy_rules::passage::Barred;
use url::Url;

use crate::error::ApiError;

struct Words {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
    /// Whether the way back is offered: the page that stood there is gone.
    back: bool,
}

/// Whether the answer is for somebody's eyes. Decides nothing but the form of the answer.
fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

pub fn barred(headers: &HeaderMap, why: Barred) -> Response {
    say(
        Some(headers),
        &match why {
            Barred::ViewOnly => Words {
                status: StatusCode::FORBIDDEN,
                code: "view_only",
                back: true,
                title: "This session is view only",
                detail: "Nothing was changed. To change something, exit, and request a code with \"changes allowed\" \
                         and the person's consent to it.",
            },
            Barred::PathNotCanonical => Words {
                status: StatusCode::BAD_REQUEST,
                code: "path_not_canonical",
                back: true,
                title: "This address has more than one reading",
                detail: "It was not opened, because the platform might read it differently than the record would. \
                         Use the platform's own links.",
            },
            Barred::Shut => Words {
                status: StatusCode::FORBIDDEN,
                code: "shut",
                back: true,
                title: "This is closed while impersonating",
                detail: "It would change who is signed in here. To leave, use \"Exit impersonation\" in the bar.",
            },
        },
    )
}

pub fn no_session(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::UNAUTHORIZED,
        code: "session_ended",
        back: false,
        title: "No impersonation is running here",
        detail: "The session has ended, or it never began in this window. Go back to Understudy.",
    };
    say(Some(headers), &words)
}

pub fn not_entered() -> Response {
    say(
        None,
        &Words {
            status: StatusCode::FORBIDDEN,
            code: "handoff_refused",
            back: false,
            title: "This door does not open",
            detail: "The pass was used, has run out, or this window is in a session already. Start again from Understudy.",
        },
    )
}

pub fn misdirected(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::MISDIRECTED_REQUEST,
        code: "misdirected",
        back: false,
        title: "This host is not served here",
        detail: "The gateway answers to its configured addresses only. Go back to Understudy.",
    };
    say(Some(headers), &words)
}

/// The door is opened by following a link to it.
pub fn not_this_way(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: "method_not_allowed",
        back: false,
        title: "This door does not open that way",
        detail: "Start again from Understudy.",
    };
    say(Some(headers), &words)
}

pub fn given_up(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: "internal",
        back: true,
        title: "Something failed here",
        detail: "It has been logged. If you changed something, look whether it was done before you try again.",
    };
    say(Some(headers), &words)
}

pub fn no_platform(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::BAD_GATEWAY,
        code: "platform_unavailable",
        back: true,
        title: "The platform does not answer",
        detail: "Your session goes on. Wait a moment and load the page again, or exit impersonation.",
    };
    say(Some(headers), &words)
}

/// The request went out and its answer could not be recorded: it stays here.
pub fn answer_not_recorded(headers: &HeaderMap, error: &ApiError) -> Response {
    tracing::warn!(code = ?error.code(), "the gateway could not record an answer");
    say(
        Some(headers),
        &Words {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "answer_not_recorded",
            back: true,
            title: "The answer could not be recorded",
            detail: "The platform has answered, but what cannot be recorded is not shown. If you changed something, \
                     look whether it was done before you try again.",
        },
    )
}

/// Refused because it could not be recorded, or because something else failed here.
pub fn failed(headers: &HeaderMap, error: &ApiError) -> Response {
    tracing::warn!(code = ?error.code(), "the gateway could not pass a request");
    say(
        Some(headers),
        &Words {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "not_recorded",
            back: true,
            title: "This could not be recorded",
            detail: "What cannot be recorded is not done. Nothing was sent. Try again in a moment.",
        },
    )
}

/// Where the refused page was asked for; the platform's first page where that is not said.
fn way_back(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let from = text(header::REFERER).and_then(|referer| Url::parse(referer).ok());
    from.filter(|url| text(header::HOST) == Some(url.authority())).map_or_else(
        || "/".to_owned(),
        |url| url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
    )
}

/// `headers` are the request's; without them somebody looks at it.
fn say(headers: Option<&HeaderMap>, words: &Words) -> Response {
    let common = [(header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")];
    let page = headers.is_none_or(wants_page);
    if !page {
        let problem = json!({
            "type": format!("urn:understudy:problem:{}", words.code),
            "title": words.title,
            "status": words.status.as_u16(),
            "detail": words.detail,
            "code": words.code,
        });
        return (words.status, common, [(header::CONTENT_TYPE, "application/problem+json")], Json(problem))
            .into_response();
    }
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'";
    let back = headers.filter(|_| words.back).map_or_else(String::new, |headers| {
        let to = way_back(headers).replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        format!("<p><a href=\"{to}\">Back to the page</a></p>")
    });
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>\
         :root{{color-scheme:light dark}}\
         body{{margin:0;min-height:100vh;display:grid;place-items:center;font:15px/1.55 Inter,system-ui,sans-serif;\
         background:Canvas;color:CanvasText}}\
         main{{max-width:32rem;padding:32px}}h1{{font-size:20px;margin:0 0 8px}}p{{margin:0 0 12px}}a{{color:inherit}}\
         </style></head><body><main><h1>{title}</h1><p>{detail}</p>{back}</main></body></html>",
        title = words.title,
        detail = words.detail.replace('"', "&quot;"),
    );
    let html_type =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, policy)];
    (words.status, common, html_type, html).into_response()
}
