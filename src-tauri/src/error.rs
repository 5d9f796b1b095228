//! How failures become the [`CommandError`] that the UI shows.

use understudy_protocol::{ErrorCode, Problem};

use crate::contract::CommandError;
use crate::words::say;

pub(crate) type Result<T> = std::result::Result<T, CommandError>;

impl CommandError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            tries_left: None,
            retry_after_ms: None,
            session_id: None,
            name: None,
        }
    }

    pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(ErrorCode::Invalid, message) }
    }

    pub(crate) fn unreachable(server: &str) -> Self {
        let message = say(
            format!(
                "The server {server} did not answer. Check your network connection, then try again. \
                 If others cannot reach it either, tell whoever runs it."
            ),
            format!(
                "Le serveur {server} n’a pas répondu. Vérifiez votre connexion au réseau, puis réessayez. \
                 Si d’autres ne le joignent pas non plus, prévenez la personne qui s’en occupe."
            ),
        );
        Self::new(ErrorCode::Unreachable, message)
    }

    pub(crate) fn untrusted(server: &str) -> Self {
        let message = say(
            format!(
                "The certificate of {server} is not trusted by this computer, so nothing was sent. Check the \
                 address and this computer's date. If your company has an authority of its own, its certificate \
                 must be among those of the system."
            ),
            format!(
                "Le certificat de {server} n’est pas reconnu par cet ordinateur : rien n’a été envoyé. Vérifiez \
                 l’adresse et la date de cet ordinateur. Si votre entreprise a sa propre autorité, son certificat \
                 doit figurer parmi ceux du système."
            ),
        );
        Self::new(ErrorCode::Untrusted, message)
    }

    pub(crate) fn signed_out() -> Self {
        let message = say(
            "You are no longer signed in. Sign in again to go on.",
            "Vous n’êtes plus connecté. Reconnectez-vous pour continuer.",
        );
        Self::new(ErrorCode::SignedOut, message)
    }

    /// `what` was to be done, in both languages.
    pub(crate) fn impersonating(what: (&str, &str)) -> Self {
        let message = say(
            format!("Exit impersonation first, then {}.", what.0),
            format!("Quittez d’abord la prise en main, puis {}.", what.1),
        );
        Self::new(ErrorCode::AlreadyImpersonating, message)
    }

    /// Something answers there, and it is something else.
    pub(crate) fn no_server(server: &str) -> Self {
        Self::new(
            ErrorCode::App,
            say(
                format!("What answers at {server} is no Understudy server. Check the address."),
                format!(
                    "Ce qui répond à l’adresse {server} n’est pas un serveur Understudy. Vérifiez l’adresse."
                ),
            ),
        )
    }

    /// Something failed inside the app; the cause is logged here and not shown.
    pub(crate) fn internal(message: &str, cause: impl std::fmt::Display) -> Self {
        log::error!("{message}: {cause}");
        Self::new(ErrorCode::App, message)
    }

    /// Whether the server has said for good that this sign-in may not do this any more.
    pub(crate) fn is_final_for_a_session(&self) -> bool {
        use ErrorCode::{Forbidden, NotFound, OtherSignIn, SessionEnded, SignedOut, SwitchedOff};
        matches!(self.code, SessionEnded | SignedOut | Forbidden | NotFound | OtherSignIn | SwitchedOff)
    }
}

impl From<Problem> for CommandError {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code,
            message: problem.detail,
            field: problem.field,
            tries_left: problem.tries_left,
            retry_after_ms: problem.retry_after_ms,
            session_id: problem.session_id,
            name: problem.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_keeps_all_that_the_ui_may_branch_on() {
        let problem = Problem {
            kind: "urn:understudy:problem:wrong_code".into(),
            title: "Wrong code".into(),
            status: 422,
            detail: "That code is not right. 2 tries left.".into(),
            code: ErrorCode::WrongCode,
            field: Some("code".into()),
            tries_left: Some(2),
            retry_after_ms: Some(500),
            session_id: Some(uuid::Uuid::nil()),
            name: Some("Ada".into()),
        };
        let error = CommandError::from(problem);
        assert_eq!(error.code, ErrorCode::WrongCode);
        assert_eq!(error.message, "That code is not right. 2 tries left.");
        assert_eq!(error.field.as_deref(), Some("code"));
        assert_eq!(error.tries_left, Some(2));
        assert_eq!(error.retry_after_ms, Some(500));
        assert_eq!(error.session_id, Some(uuid::Uuid::nil()));
        assert_eq!(error.name.as_deref(), Some("Ada"));
    }

    #[test]
    fn a_server_that_is_busy_or_away_does_not_end_a_session() {
        for code in [ErrorCode::Unreachable, ErrorCode::Internal, ErrorCode::TooMany] {
            assert!(!CommandError::new(code, "").is_final_for_a_session());
        }
        for code in
            [ErrorCode::SessionEnded, ErrorCode::SignedOut, ErrorCode::Forbidden, ErrorCode::SwitchedOff]
        {
            assert!(CommandError::new(code, "").is_final_for_a_session());
        }
    }
}
