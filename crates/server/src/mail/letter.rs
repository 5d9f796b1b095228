//! Mails to the person whose account it is: plain words, no word of ours that they would have to learn. And to leads,
//! where the person was not asked.

use chrono::{DateTime, Utc};
use understudy_protocol::{Counted, Mode, PersonSession};

use super::{Layout, Text};
use crate::language::Language;

pub struct LetterMail<'a> {
    pub installation: &'a str,
    pub staff: &'a str,
    /// Name and ID of the one whose account it is, for others.
    pub person: &'a str,
    /// Who has agreed to what the person was not asked about, for others.
    pub approvers: &'a str,
    /// Missing where there is none yet, and the question says all.
    pub session: Option<&'a PersonSession>,
    /// As the letters name it.
    pub kind: &'a str,
    pub question: Option<&'a str>,
    /// To the person's page; missing where the mail is for somebody else.
    pub link: Option<&'a str>,
    pub minutes: u32,
    pub longest: u32,
    /// Whether a yes counts only from a sign-in that is older than the session.
    pub early: bool,
    pub language: Language,
}

pub fn letter_mail(mail: &LetterMail<'_>) -> Text {
    let LetterMail { installation, staff, language, .. } = *mail;
    let over = mail.session.is_some_and(|session| session.ended_at.is_some());
    let unasked = mail.session.is_some_and(|session| !session.exceptions.is_empty());
    let is = language.say(if over { "was" } else { "is" }, if over { "était" } else { "est" });
    let (subject, lead) = match mail.kind {
        "question" => (
            language.say(
                format!("{installation} asks for your permission"),
                format!("{installation}\u{a0}: une question pour vous"),
            ),
            mail.question.unwrap_or_default().to_owned(),
        ),
        "started" => (
            language.say(
                format!("{staff} is in your account now"),
                format!("{staff} est dans votre compte en ce moment"),
            ),
            language.say(
                format!("{staff} of {installation} is signed in to your account to help you."),
                format!("{staff} ({installation}) est dans votre compte pour vous aider."),
            ),
        ),
        "raised" => (
            language.say(
                format!("{staff} can change things in your account now"),
                format!("{staff} peut maintenant modifier votre compte"),
            ),
            language.say(
                format!(
                    "{staff} of {installation} is signed in to your account to help you, and may change things in it \
                     from now on."
                ),
                format!(
                    "{staff} ({installation}) est dans votre compte pour vous aider et peut désormais y faire des \
                     modifications."
                ),
            ),
        ),
        "exception" => (
            language.say(
                format!("{staff} {is} in your account without your consent"),
                format!("{staff} {is} dans votre compte sans votre accord"),
            ),
            language.say(
                format!(
                    "{staff} of {installation} {is} signed in to your account. You were not asked: this is an \
                     exceptional case, and a second person of {installation} has agreed to it."
                ),
                format!(
                    "{staff} ({installation}) {is} dans votre compte. Votre accord n’a pas été demandé\u{a0}: c’est un \
                     cas exceptionnel, auquel une deuxième personne ({installation}) a consenti."
                ),
            ),
        ),
        "exception_raise" => (
            language.say(
                format!("{staff} may change things in your account without your consent"),
                format!("{staff} peut modifier votre compte sans votre accord"),
            ),
            language.say(
                format!(
                    "{staff} of {installation} {is} signed in to your account, and may change things there. You were \
                     not asked about that: this is an exceptional case, and a second person of {installation} has \
                     agreed to it."
                ),
                format!(
                    "{staff} ({installation}) {is} dans votre compte et peut y faire des modifications. Votre accord \
                     n’a pas été demandé pour cela\u{a0}: c’est un cas exceptionnel, auquel une deuxième personne \
                     ({installation}) a consenti."
                ),
            ),
        ),
        "lead" => (
            language.say(
                format!("To review: {staff} {is} signed in without consent"),
                format!("À contrôler\u{a0}: {staff}, prise en main sans accord"),
            ),
            language.say(
                format!("{staff} {is} signed in as {}, who was not asked: an exceptional case.", mail.person),
                format!(
                    "{staff} {is} dans un compte sans l’accord de la personne, {}\u{a0}: un cas exceptionnel.",
                    mail.person
                ),
            ),
        ),
        _ => (
            language.say("What was done in your account", "Ce qui a été fait dans votre compte").to_owned(),
            if unasked {
                language.say(
                    format!(
                        "{staff} of {installation} was signed in to your account. This was an exceptional case, about \
                         which you were not asked."
                    ),
                    format!(
                        "{staff} ({installation}) était dans votre compte. C’était un cas exceptionnel, pour lequel \
                         votre accord n’a pas été demandé."
                    ),
                )
            } else {
                language.say(
                    format!("{staff} of {installation} was signed in to your account to help you."),
                    format!("{staff} ({installation}) était dans votre compte pour vous aider."),
                )
            },
        ),
    };
    let rows = mail.session.map(|session| rows(mail, session)).unwrap_or_default();
    let (offer, action) = match mail.kind {
        "question" if mail.early => language.say(
            (
                "Opening this page answers nothing. To allow it, you must have been signed in before support came; \
                 declining or ending it is always possible there:",
                "See the question",
            ),
            (
                "Ouvrir cette page ne répond à rien. Pour autoriser, il faut avoir été connecté avant l’arrivée de \
                 l’assistance\u{202f}; refuser ou mettre fin y est toujours possible\u{a0}:",
                "Voir la question",
            ),
        ),
        "question" => language.say(
            ("Opening this page answers nothing. Allow or decline there:", "See the question"),
            (
                "Ouvrir cette page ne répond à rien. C’est là que vous autorisez ou refusez\u{a0}:",
                "Voir la question",
            ),
        ),
        "started" | "raised" | "exception" | "exception_raise" if !over => language.say(
            ("You can end this at any time:", "See it, or end it"),
            ("Vous pouvez y mettre fin à tout moment\u{a0}:", "Voir, ou mettre fin"),
        ),
        _ => language.say(
            ("All visits to your account, and a way to end one that is running:", "See all visits"),
            (
                "Toutes les visites dans votre compte, et de quoi mettre fin à celle qui est en cours\u{a0}:",
                "Voir toutes les visites",
            ),
        ),
    };
    let warning = match mail.kind {
        "account" if unasked => language.say(
            "A team lead will review this. If it seems wrong to you, tell us.",
            "Un responsable contrôlera cette visite. Si elle ne vous paraît pas normale, prévenez-nous.",
        ),
        "account" => language.say(
            "If you did not ask for help, or did not agree, tell us.",
            "Si vous n’avez pas demandé d’aide, ou pas donné votre accord, prévenez-nous.",
        ),
        "exception" | "exception_raise" => language.say(
            "A team lead will review this. If it seems wrong to you, end it there and tell us.",
            "Un responsable contrôlera cette visite. Si elle ne vous paraît pas normale, mettez-y fin là et prévenez-nous.",
        ),
        "lead" => language.say(
            "Review it once it has ended: in Understudy, under History.",
            "Contrôlez-la une fois terminée\u{a0}: dans Understudy, sous Historique.",
        ),
        "question" => language.say(
            "If you did not ask for help, decline it there and tell us.",
            "Si vous n’avez pas demandé d’aide, refusez-la là et prévenez-nous.",
        ),
        _ => language.say(
            "If you did not ask for help, or did not agree, end it there and tell us.",
            "Si vous n’avez pas demandé d’aide, ou pas donné votre accord, mettez-y fin là et prévenez-nous.",
        ),
    };
    let layout = Layout {
        lead: &lead,
        code: None,
        note: None,
        rows: &rows,
        offer: mail.link.map(|link| (offer, action, link)),
        warning,
        installation,
        language,
    };
    layout.text(subject)
}

fn rows(mail: &LetterMail<'_>, session: &PersonSession) -> Vec<(&'static str, String)> {
    let language = mail.language;
    let minute = |at: DateTime<Utc>| {
        at.format(language.say("%-d %B %Y, %H:%M UTC", "%d/%m/%Y à %H:%M UTC")).to_string()
    };
    let mode = match (session.mode, session.changes_since) {
        (Mode::View, _) if session.ended_at.is_none() => language
            .say("look only: nothing can be changed", "lecture seule\u{a0}: rien ne peut être modifié")
            .to_owned(),
        (Mode::View, _) => language
            .say("look only: nothing could be changed", "lecture seule\u{a0}: rien ne pouvait être modifié")
            .to_owned(),
        (Mode::Act, None) => language.say("with changes allowed", "avec modifications permises").to_owned(),
        (Mode::Act, Some(since)) => language.say(
            format!("look only at first; with changes allowed from {}", minute(since)),
            format!("lecture seule d’abord\u{202f}; modifications permises à partir du {}", minute(since)),
        ),
    };
    let mut rows = vec![(language.say("Who", "Qui"), mail.staff.to_owned())];
    if mail.kind == "lead" {
        rows.push((language.say("As", "Dans le compte de"), mail.person.to_owned()));
        rows.push((language.say("Agreed to by", "Approuvé par"), mail.approvers.to_owned()));
    }
    // A question says it itself.
    if mail.kind != "question" {
        rows.push((language.say("Why", "Pourquoi"), session.reason.clone()));
    }
    let changes = language.say("Why changes", "Pourquoi modifier");
    rows.extend(session.changes_reason.clone().map(|reason| (changes, reason)));
    for statement in &session.statements {
        let theirs = language.say("Your consent, as support states it", "Votre accord, selon l’assistance");
        let consent = if mail.kind == "lead" { language.say("Consent", "Accord") } else { theirs };
        rows.push((consent, language.read(statement.clone())));
    }
    for exception in &session.exceptions {
        rows.push((language.say("Exceptional case", "Cas exceptionnel"), exception.category.clone()));
        rows.push((
            language.say("Why nobody was asked", "Pourquoi l’accord n’a pas été demandé"),
            exception.reason.clone(),
        ));
    }
    rows.extend(session.ticket.clone().map(|ticket| ("Ticket", ticket)));
    rows.push((language.say("How", "Comment"), mode));
    let start = minute(session.started_at);
    match session.ended_at.map(minute) {
        Some(end) => rows.push((
            language.say("When", "Quand"),
            language.say(format!("{start} to {end}"), format!("du {start} au {end}")),
        )),
        None => rows.push((
            language.say("Since", "Depuis"),
            language.say(
                format!("{start}, for {} minutes, {} if more time is given", mail.minutes, mail.longest),
                format!("le {start}, pour {} minutes, {} en cas de prolongation", mail.minutes, mail.longest),
            ),
        )),
    }
    if mail.kind == "account" {
        let nothing = language.say("nothing", "rien");
        rows.push((language.say("Changed", "Modifié"), listed(language, &session.changed, nothing)));
        rows.push((language.say("Looked at", "Consulté"), listed(language, &session.viewed, nothing)));
        if !session.refused.is_empty() {
            let tried = language.say("Refused, so not done", "Refusé, donc pas fait");
            rows.push((tried, listed(language, &session.refused, "")));
        }
    }
    rows
}

/// "Changed the profile, viewed a transaction (3 times)".
fn listed(language: Language, actions: &[Counted], nothing: &str) -> String {
    let one = |Counted { name, names, times }: &Counted| {
        let name = names.get(language.say("en", "fr")).unwrap_or(name);
        match times {
            1 => name.clone(),
            times => language.say(format!("{name} ({times} times)"), format!("{name} ({times} fois)")),
        }
    };
    if actions.is_empty() {
        nothing.to_owned()
    } else {
        actions.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use understudy_protocol::{Exception, Said};

    use super::*;

    /// All letters, one after the other.
    fn letters(language: Language) -> String {
        let at = |minute: i64| DateTime::from_timestamp(1_764_000_000 + minute * 60, 0).expect("a time");
        let counted = |name: &str, fr: &str, times| Counted {
            name: name.to_owned(),
            names: [("fr".to_owned(), fr.to_owned())].into(),
            times,
        };
        let live = PersonSession {
            id: uuid::Uuid::nil(),
            staff: "Ada Winter".to_owned(),
            reason: "Her payment is stuck".to_owned(),
            ticket: Some("HELP-7".to_owned()),
            mode: Mode::View,
            changes_since: None,
            changes_reason: None,
            statements: vec![Said {
                en: "given by Élise Marchand by phone; reference: Call 4711".to_owned(),
                fr: "donné par Élise Marchand par téléphone\u{202f}; référence\u{a0}: Call 4711".to_owned(),
            }],
            exceptions: vec![],
            started_at: at(0),
            ended_at: None,
            end_cause: None,
            viewed: vec![counted("Viewed the dashboard", "Consultation du tableau de bord", 3)],
            changed: vec![counted("Changed the profile", "Modification du profil", 1)],
            refused: vec![counted("Changed the bank details", "Modification des coordonnées bancaires", 2)],
        };
        let raised = PersonSession {
            mode: Mode::Act,
            changes_since: Some(at(3)),
            changes_reason: Some("The name is wrong".to_owned()),
            ..live.clone()
        };
        let case =
            Exception { category: "Court order".to_owned(), reason: "The court has asked for it".to_owned() };
        let over = PersonSession { ended_at: Some(at(9)), ..raised.clone() };
        let unasked = PersonSession { exceptions: vec![case], ..over.clone() };
        let kinds = [
            ("question", None),
            ("question", Some(&live)),
            ("started", Some(&live)),
            ("raised", Some(&raised)),
            ("exception", Some(&live)),
            ("exception", Some(&over)),
            ("exception_raise", Some(&raised)),
            ("lead", Some(&live)),
            ("account", Some(&over)),
            ("account", Some(&unasked)),
        ];
        let one = |(kind, session)| {
            let mail = letter_mail(&LetterMail {
                installation: "Meridian support",
                staff: "Ada Winter",
                person: "Élise Marchand (INV-000137)",
                approvers: "Sami Okafor",
                session,
                kind,
                question: Some(language.say("Do you allow this?", "L’autorisez-vous\u{202f}?")),
                link: (kind != "lead").then_some("https://support.example/person#x"),
                minutes: 30,
                longest: 120,
                early: session.is_some(),
                language,
            });
            format!("{}\n\n{}", mail.subject, mail.plain)
        };
        kinds.map(one).join("--------\n")
    }

    #[test]
    fn letters_say_who_why_how_and_what_to_do() {
        insta::assert_snapshot!(letters(Language::English));
    }

    #[test]
    fn letters_say_the_same_in_french() {
        insta::assert_snapshot!(letters(Language::French));
    }
}
