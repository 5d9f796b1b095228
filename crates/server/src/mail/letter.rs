//! Mails to the person whose account it is: plain words, no word of ours that they would have to learn. And to leads,
//! where the person was not asked.

use chrono::{DateTime, Utc};
use understudy_protocol::{Counted, Mode, PersonSession};

use super::{Layout, Text};

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
}

pub fn letter_mail(mail: &LetterMail<'_>) -> Text {
    let LetterMail { installation, staff, .. } = mail;
    let is = if mail.session.is_some_and(|session| session.ended_at.is_some()) { "was" } else { "is" };
    let (subject, lead) = match mail.kind {
        "question" => {
            (format!("{installation} asks for your permission"), mail.question.unwrap_or_default().to_owned())
        }
        "started" => (
            format!("{staff} is in your account now"),
            format!("{staff} of {installation} is signed in to your account to help you."),
        ),
        "raised" => (
            format!("{staff} can change things in your account now"),
            format!(
                "{staff} of {installation} is signed in to your account to help you, and may change things in it from \
                 now on."
            ),
        ),
        "exception" => (
            format!("{staff} {is} in your account without your consent"),
            format!(
                "{staff} of {installation} {is} signed in to your account. You were not asked: this is an exceptional \
                 case, and a second person of {installation} has agreed to it."
            ),
        ),
        "exception_raise" => (
            format!("{staff} may change things in your account without your consent"),
            format!(
                "{staff} of {installation} {is} signed in to your account, and may change things there. You were not \
                 asked about that: this is an exceptional case, and a second person of {installation} has agreed to it."
            ),
        ),
        "lead" => (
            format!("To review: {staff} {is} signed in without consent"),
            format!("{staff} {is} signed in as {}, who was not asked: an exceptional case.", mail.person),
        ),
        _ => (
            "What was done in your account".to_owned(),
            format!("{staff} of {installation} was signed in to your account to help you."),
        ),
    };
    let rows = mail.session.map(|session| rows(mail, session)).unwrap_or_default();
    let (offer, action) = match mail.kind {
        "question" => ("Opening this page answers nothing. Allow or decline there:", "See the question"),
        "started" | "raised" | "exception" | "exception_raise" if is == "is" => {
            ("You can end this at any time:", "See it, or end it")
        }
        _ => ("All visits to your account, and a way to end one that is running:", "See all visits"),
    };
    let warning = match mail.kind {
        "exception" | "exception_raise" => {
            "A team lead will review this. If it seems wrong to you, end it there and tell us."
        }
        "lead" => "Review it once it has ended: in Understudy, under History.",
        _ => "If you did not ask for help, end it there and tell us.",
    };
    let layout = Layout {
        lead: &lead,
        code: None,
        note: None,
        rows: &rows,
        offer: mail.link.map(|link| (offer, action, link)),
        warning,
        installation,
    };
    layout.text(subject)
}

fn rows(mail: &LetterMail<'_>, session: &PersonSession) -> Vec<(&'static str, String)> {
    let minute = |at: DateTime<Utc>| at.format("%-d %B %Y, %H:%M UTC").to_string();
    let mode = match (session.mode, session.changes_since) {
        (Mode::View, _) if session.ended_at.is_none() => "look only: nothing can be changed".to_owned(),
        (Mode::View, _) => "look only: nothing could be changed".to_owned(),
        (Mode::Act, None) => "with changes allowed".to_owned(),
        (Mode::Act, Some(since)) => {
            format!("look only at first; with changes allowed from {}", minute(since))
        }
    };
    let mut rows = vec![("Who", mail.staff.to_owned())];
    if mail.kind == "lead" {
        rows.push(("As", mail.person.to_owned()));
        rows.push(("Agreed to by", mail.approvers.to_owned()));
    }
    rows.push(("Why", session.reason.clone()));
    rows.extend(session.changes_reason.clone().map(|reason| ("Why changes", reason)));
    for exception in &session.exceptions {
        rows.push(("Exceptional case", exception.category.clone()));
        rows.push(("Why nobody was asked", exception.reason.clone()));
    }
    rows.extend(session.ticket.clone().map(|ticket| ("Ticket", ticket)));
    rows.push(("How", mode));
    match session.ended_at {
        Some(ended) => rows.push(("When", format!("{} to {}", minute(session.started_at), minute(ended)))),
        None => rows
            .push(("Since", format!("{}, for {} minutes at most", minute(session.started_at), mail.minutes))),
    }
    if mail.kind == "account" {
        rows.push(("Changed", listed(&session.changed, "nothing")));
        rows.push(("Looked at", listed(&session.viewed, "nothing")));
        if !session.refused.is_empty() {
            rows.push(("Tried, and refused", listed(&session.refused, "")));
        }
    }
    rows
}

/// "Changed the profile, viewed a transaction (3 times)".
fn listed(actions: &[Counted], nothing: &str) -> String {
    let one = |Counted { name, times, .. }: &Counted| match times {
        1 => name.clone(),
        times => format!("{name} ({times} times)"),
    };
    if actions.is_empty() {
        nothing.to_owned()
    } else {
        actions.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}
