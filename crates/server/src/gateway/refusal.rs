//! What the gateway says itself: a page for people, problem details for scripts.

use axum::{
    Json,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use understudy_rules::{consent::Scope, passage::Barred};
use url::Url;

use crate::{error::ApiError, language::Language};

/// In English and in French.
type Said = (&'static str, &'static str);

struct Words {
    status: StatusCode,
    code: &'static str,
    title: Said,
    detail: Said,
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

/// Whether a form was sent that takes the place of its page. Decides nothing but the form of the answer.
fn sends_form(method: &Method, headers: &HeaderMap) -> bool {
    !method.is_safe() && headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")
}

pub fn barred(method: &Method, headers: &HeaderMap, why: Barred, scope: Option<Scope>) -> Response {
    if sends_form(method, headers) {
        // The page stays, with what was typed into it; the bar says why.
        return (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response();
    }
    say(
        headers,
        &match why {
            Barred::ConsentMissing => consent_missing(scope),
            Barred::ViewOnly => Words {
                status: StatusCode::FORBIDDEN,
                code: "view_only",
                back: true,
                title: ("This session is view only", "Cette session est en lecture seule"),
                detail: (
                    "Nothing was changed. \"Ask for permission to act\" in the bar above; when you have it, do it again.",
                    "Rien n’a été modifié. Utilisez « Demander à pouvoir agir » dans la barre ; une fois l’accord obtenu, recommencez.",
                ),
            },
            Barred::PathNotCanonical => Words {
                status: StatusCode::BAD_REQUEST,
                code: "path_not_canonical",
                back: true,
                title: (
                    "This address has more than one reading",
                    "Cette adresse peut se lire de plusieurs façons",
                ),
                detail: (
                    "It was not opened, because the platform might read it differently than the record would. \
                         Use the platform's own links.",
                    "Elle n’a pas été ouverte, car la plateforme pourrait la lire autrement que le journal. \
                         Utilisez les liens de la plateforme.",
                ),
            },
            Barred::Shut => Words {
                status: StatusCode::FORBIDDEN,
                code: "shut",
                back: true,
                title: ("This is closed while impersonating", "Ceci est fermé pendant une prise en main"),
                detail: (
                    "It would change who is signed in here. To leave, use \"Exit impersonation\" in the bar.",
                    "Cela changerait l’identité connectée ici. Pour partir, utilisez « Quitter la prise en main » dans la barre.",
                ),
            },
        },
    )
}

fn consent_missing(scope: Option<Scope>) -> Words {
    let detail = match scope {
        Some(Scope::Password) => (
            "A password is changed only when the person has agreed to this one change. Nothing was changed. \
             Ask them in the bar above; when they have agreed, do it again.",
            "Un mot de passe n’est modifié que si la personne a accepté cette unique modification. Rien n’a été modifié. \
             Demandez-lui depuis la barre ; quand elle aura accepté, recommencez.",
        ),
        Some(Scope::BankDetails) => (
            "Bank details are changed only when the person has agreed to this one change. Nothing was changed. \
             Ask them in the bar above; when they have agreed, do it again.",
            "Les coordonnées bancaires ne sont modifiées que si la personne a accepté cette unique modification. Rien \
             n’a été modifié. Demandez-lui depuis la barre ; quand elle aura accepté, recommencez.",
        ),
        _ => (
            "How somebody signs in is changed only when they have agreed to this one change. Nothing was changed. \
             Ask them in the bar above; when they have agreed, do it again.",
            "La façon de se connecter n’est modifiée que si la personne a accepté cette unique modification. Rien n’a \
             été modifié. Demandez-lui depuis la barre ; quand elle aura accepté, recommencez.",
        ),
    };
    Words {
        status: StatusCode::FORBIDDEN,
        code: "consent_missing",
        back: true,
        title: ("This needs the person’s consent", "Ceci demande l’accord de la personne"),
        detail,
    }
}

pub fn no_session(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::UNAUTHORIZED,
        code: "session_ended",
        back: false,
        title: ("No impersonation is running here", "Aucune prise en main n’est en cours ici"),
        detail: (
            "The session has ended, or it never began in this window. Go back to Understudy.",
            "La session est terminée, ou elle n’a jamais commencé dans cette fenêtre. Revenez à Understudy.",
        ),
    };
    say(headers, &words)
}

pub fn switched_off(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::FORBIDDEN,
        code: "switched_off",
        back: false,
        title: ("Impersonation is switched off", "La prise en main est désactivée"),
        detail: (
            "An administrator has switched it off, for everybody. Nothing was sent. Go back to Understudy.",
            "Un administrateur l’a désactivée pour tout le monde. Rien n’a été envoyé. Revenez à Understudy.",
        ),
    };
    say(headers, &words)
}

pub fn not_entered(headers: &HeaderMap) -> Response {
    say(
        headers,
        &Words {
            status: StatusCode::FORBIDDEN,
            code: "handoff_refused",
            back: false,
            title: ("This door does not open", "Cette porte ne s’ouvre pas"),
            detail: (
                "The pass was used, has run out, or this window is in a session already. Start again from Understudy.",
                "Le laissez-passer a servi, a expiré, ou cette fenêtre est déjà dans une session. Recommencez depuis Understudy.",
            ),
        },
    )
}

pub fn misdirected(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::MISDIRECTED_REQUEST,
        code: "misdirected",
        back: false,
        title: ("This host is not served here", "Cet hôte n’est pas servi ici"),
        detail: (
            "The gateway answers to its configured addresses only. Go back to Understudy.",
            "La passerelle ne répond qu’aux adresses configurées. Revenez à Understudy.",
        ),
    };
    say(headers, &words)
}

/// The door is opened by following a link to it.
pub fn not_this_way(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: "method_not_allowed",
        back: false,
        title: ("This door does not open that way", "Cette porte ne s’ouvre pas ainsi"),
        detail: ("Start again from Understudy.", "Recommencez depuis Understudy."),
    };
    say(headers, &words)
}

pub fn given_up(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        code: "internal",
        back: true,
        title: ("Something failed here", "Quelque chose a échoué ici"),
        detail: (
            "It has been logged. If you changed something, look whether it was done before you try again.",
            "L’incident est consigné. Si vous modifiiez quelque chose, vérifiez si c’est fait avant de réessayer.",
        ),
    };
    say(headers, &words)
}

pub fn no_platform(headers: &HeaderMap) -> Response {
    let words = Words {
        status: StatusCode::BAD_GATEWAY,
        code: "platform_unavailable",
        back: true,
        title: ("The platform does not answer", "La plateforme ne répond pas"),
        detail: (
            "Your session goes on. Wait a moment and load the page again, or exit impersonation.",
            "Votre session continue. Attendez un instant et rechargez la page, ou quittez la prise en main.",
        ),
    };
    say(headers, &words)
}

/// The request went out and its answer could not be recorded: it stays here.
pub fn answer_not_recorded(headers: &HeaderMap, error: &ApiError) -> Response {
    tracing::warn!(code = ?error.code(), "the gateway could not record an answer");
    say(
        headers,
        &Words {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "answer_not_recorded",
            back: true,
            title: ("The answer could not be recorded", "La réponse n’a pas pu être consignée"),
            detail: (
                "The platform has answered, but what cannot be recorded is not shown. If you changed something, \
                     look whether it was done before you try again.",
                "La plateforme a répondu, mais ce qui ne peut pas être consigné n’est pas montré. Si vous modifiiez \
                     quelque chose, vérifiez si c’est fait avant de réessayer.",
            ),
        },
    )
}

/// Refused because it could not be recorded, or because something else failed here.
pub fn failed(headers: &HeaderMap, error: &ApiError) -> Response {
    tracing::warn!(code = ?error.code(), "the gateway could not pass a request");
    say(
        headers,
        &Words {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "not_recorded",
            back: true,
            title: ("This could not be recorded", "Ceci n’a pas pu être consigné"),
            detail: (
                "What cannot be recorded is not done. Nothing was sent. Try again in a moment.",
                "Ce qui ne peut pas être consigné n’est pas fait. Rien n’a été envoyé. Réessayez dans un instant.",
            ),
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

/// `headers` are the request's.
fn say(headers: &HeaderMap, words: &Words) -> Response {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = wanted.and_then(Language::wanted).unwrap_or(Language::English);
    let said = |(en, fr): Said| language.say(en, fr);
    let (title, detail) = (said(words.title), said(words.detail));
    let common = [(header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")];
    if !wants_page(headers) {
        let problem = json!({
            "type": format!("urn:understudy:problem:{}", words.code),
            "title": title,
            "status": words.status.as_u16(),
            "detail": detail,
            "code": words.code,
        });
        return (words.status, common, [(header::CONTENT_TYPE, "application/problem+json")], Json(problem))
            .into_response();
    }
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'";
    let back = if words.back {
        let to = way_back(headers).replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        format!("<p><a href=\"{to}\">{}</a></p>", said(("Back to the page", "Retour à la page")))
    } else {
        String::new()
    };
    let html = format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>\
         :root{{color-scheme:light dark}}\
         body{{margin:0;min-height:100vh;display:grid;place-items:center;font:15px/1.55 Inter,system-ui,sans-serif;\
         background:Canvas;color:CanvasText}}\
         main{{max-width:32rem;padding:32px}}h1{{font-size:20px;margin:0 0 8px}}p{{margin:0 0 12px}}a{{color:inherit}}\
         </style></head><body><main><h1>{title}</h1><p>{detail}</p>{back}</main></body></html>",
        language = said(("en", "fr")),
        detail = detail.replace('"', "&quot;"),
    );
    let html_type =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, policy)];
    (words.status, common, html_type, html).into_response()
}
