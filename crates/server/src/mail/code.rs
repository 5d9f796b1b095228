//! The mail that carries a code: who asks, for whom, why, with whose consent, in which mode, for how long.

use understudy_protocol::Consent;

use super::{Layout, Text};
use crate::{consent::stated, language::Language};

pub struct CodeMail<'a> {
    pub installation: &'a str,
    pub code: &'a str,
    pub staff: &'a str,
    pub person: &'a str,
    pub person_id: &'a str,
    pub kind: &'a str,
    pub reason: &'a str,
    pub ticket: Option<&'a str>,
    pub consent: &'a Consent,
    pub view_only: bool,
    pub code_minutes: u32,
    pub session_minutes: u32,
    pub longest_minutes: u32,
    /// Whether they are in the account already, and want changes.
    pub raises: bool,
    /// What reading the code out agrees to; for the person alone.
    pub wanted: Option<&'a str>,
    pub language: Language,
}

/// To the staff member who asked.
pub fn code_mail(mail: &CodeMail<'_>) -> Text {
    let language = mail.language;
    let mode = if mail.view_only {
        language.say("view only: nothing can be changed", "lecture seule\u{a0}: rien ne peut être modifié")
    } else {
        language.say(
            "changes allowed: what is changed counts as theirs",
            "modifications permises\u{a0}: ce qui est modifié l’est en son nom",
        )
    };
    let ticket = mail.ticket.unwrap_or(language.say("none", "aucun"));
    let session = if mail.raises {
        language.say("until the session ends", "jusqu’à la fin de la session").to_owned()
    } else {
        let (minutes, longest) = (mail.session_minutes, mail.longest_minutes);
        language.say(
            format!("{minutes} minutes, {longest} if more time is given"),
            format!("{minutes} minutes, {longest} en cas de prolongation"),
        )
    };
    let whom = format!("{} ({}, {})", mail.person, mail.kind, mail.person_id);
    let rows = [
        (language.say("Asked by", "Demandé par"), mail.staff),
        (language.say("To be signed in as", "Prise en main de"), &whom),
        (language.say("Why", "Pourquoi"), mail.reason),
        ("Ticket", ticket),
        (language.say("Consent", "Accord"), &consent(mail)),
        ("Mode", mode),
        (language.say("How long", "Durée"), &session),
    ];
    let minutes = mail.code_minutes;
    let good = language.say(
        format!("It is good once, for {minutes} minutes."),
        format!("Il est valable une fois, pendant {minutes} minutes."),
    );
    let subject = language.say(
        format!("Your impersonation code for {}", mail.person),
        format!("Votre code de prise en main pour {}", mail.person),
    );
    let lead = language.say("Your impersonation code:", "Votre code de prise en main\u{a0}:");
    let warning = language.say(
        "If you did not ask for this code, do not use it and tell your administrator.",
        "Si vous n’avez pas demandé ce code, ne l’utilisez pas et prévenez votre administrateur.",
    );
    text(mail, subject, lead, &good, &rows, warning)
}

/// What the request rests on.
fn consent(mail: &CodeMail<'_>) -> String {
    let (language, person) = (mail.language, mail.person);
    match mail.consent {
        Consent::Statement(given) => language.read(stated(given)),
        Consent::Page => language.say(
            format!("asked by e-mail, and allowed by {person} on their page"),
            format!("demandé par e-mail, et donné par {person} sur sa page"),
        ),
        Consent::Code => language
            .say(format!("{person} reads the code out"), format!("{person} communique le code de vive voix")),
        Consent::Exception(case) => {
            let (category, reason) = (&case.category, &case.reason);
            language.say(
                format!("none, an exceptional case: {category}. {reason}"),
                format!("aucun, cas exceptionnel\u{a0}: {category}. {reason}"),
            )
        }
    }
}

/// To the person themselves, who reads the code out to the staff member who asked.
pub fn person_mail(mail: &CodeMail<'_>) -> Text {
    let language = mail.language;
    let rows = [
        (language.say("Who asks", "Qui demande"), mail.staff),
        (language.say("Why", "Pourquoi"), mail.reason),
    ];
    let minutes = mail.code_minutes;
    let (subject, good) = if mail.raises {
        language.say(
            (
                "a code to let support change things in your account",
                "can change things in your account with it",
            ),
            (
                "un code pour permettre à l’assistance de modifier votre compte",
                "peut modifier votre compte grâce à lui",
            ),
        )
    } else {
        language.say(
            ("a code to let support into your account", "can sign in to your account with it"),
            (
                "un code pour laisser l’assistance entrer dans votre compte",
                "peut entrer dans votre compte grâce à lui",
            ),
        )
    };
    let subject = format!("{}{} {subject}", mail.installation, language.say(":", "\u{a0}:"));
    let good = language.say(
        format!("Whoever asks {good}, once, within {minutes} minutes."),
        format!("La personne qui le demande {good}, une fois, dans les {minutes} minutes."),
    );
    let warning = if mail.raises {
        language.say(
            "Read it out only to somebody of support whom you called yourself, and only if you want this now. If you \
             asked for no help, somebody is in your account all the same: end it by the mail that told you so, and tell \
             us. Nobody may ask you for the code by e-mail or in a message.",
            "Ne le communiquez qu’à une personne de l’assistance que vous avez appelée vous-même, et seulement si vous le \
             voulez maintenant. Si vous n’avez pas demandé d’aide, quelqu’un est tout de même dans votre compte\u{a0}: \
             mettez-y fin depuis l’e-mail qui vous l’a annoncé, et prévenez-nous. Personne n’a le droit de vous demander \
             ce code par e-mail ou par message.",
        )
    } else {
        language.say(
            "Read it out only to somebody of support whom you called yourself, and only if you want their help now. If \
             you asked for nothing, do nothing: without the code nobody gets in. Nobody may ask you for it by e-mail or \
             in a message.",
            "Ne le communiquez qu’à une personne de l’assistance que vous avez appelée vous-même, et seulement si vous \
             voulez son aide maintenant. Si vous n’avez rien demandé, ne faites rien\u{a0}: sans le code, personne \
             n’entre. Personne n’a le droit de vous le demander par e-mail ou par message.",
        )
    };
    let lead = language.say("Your code:", "Votre code\u{a0}:");
    text(mail, subject, &format!("{} {lead}", mail.wanted.unwrap_or_default()), &good, &rows, warning)
}

fn text(
    mail: &CodeMail<'_>,
    subject: String,
    lead: &str,
    good: &str,
    rows: &[(&str, &str)],
    warning: &str,
) -> Text {
    let rows: Vec<_> = rows.iter().map(|(what, value)| (*what, (*value).to_owned())).collect();
    Layout {
        lead,
        code: Some(mail.code),
        note: Some(good),
        rows: &rows,
        offer: None,
        warning,
        installation: mail.installation,
        language: mail.language,
    }
    .text(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    static CONSENT: Consent = Consent::Page;

    fn mail() -> CodeMail<'static> {
        CodeMail {
            installation: "Meridian support",
            code: "WDJB-MJHT",
            staff: "Ada Support",
            person: "<b>Élise</b>",
            person_id: "INV-000137",
            kind: "Investor",
            reason: "Payment is stuck",
            ticket: None,
            consent: &CONSENT,
            view_only: true,
            code_minutes: 10,
            session_minutes: 30,
            longest_minutes: 120,
            raises: false,
            wanted: None,
            language: Language::English,
        }
    }

    #[test]
    fn the_mail_says_who_whom_why_how_and_how_long() {
        let text = code_mail(&mail());
        insta::assert_snapshot!(text.plain);
        assert!(text.html.contains("&lt;b&gt;Élise&lt;/b&gt;") && !text.html.contains("<b>"));
        assert!(text.html.contains("WDJB-MJHT") && !text.subject.contains("WDJB"));
    }

    #[test]
    fn in_french_too() {
        let french = CodeMail { language: Language::French, ..mail() };
        insta::assert_snapshot!(code_mail(&french).plain);
        let read_out = CodeMail { wanted: Some("L’autorisez-vous\u{202f}?"), ..french };
        insta::assert_snapshot!(person_mail(&read_out).plain);
        insta::assert_snapshot!(person_mail(&CodeMail { raises: true, ..read_out }).plain);
    }

    #[test]
    fn the_mail_to_the_person_says_who_asks_and_to_whom_the_code_may_be_read_out() {
        let text = person_mail(&CodeMail { wanted: Some("<b>stuck</b> Do you allow this?"), ..mail() });
        insta::assert_snapshot!(text.plain);
        assert!(text.html.contains("&lt;b&gt;stuck&lt;/b&gt;") && !text.html.contains("<b>"));
        assert!(text.html.contains("WDJB-MJHT") && !text.subject.contains("WDJB"));
    }
}
