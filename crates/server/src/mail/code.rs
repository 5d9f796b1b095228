//! The mail that carries a code: who asks, for whom, why, with whose consent, in which mode, for how long.

use understudy_protocol::{Consent, ConsentMeans};

use super::{Layout, Text};

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
}

/// To the staff member who asked.
pub fn code_mail(mail: &CodeMail<'_>) -> Text {
    let mode = if mail.view_only {
        "view only: nothing can be changed"
    } else {
        "changes allowed: what is changed counts as theirs"
    };
    let ticket = mail.ticket.unwrap_or("none");
    let session = if mail.raises {
        "until the session ends".to_owned()
    } else {
        format!("{} minutes, {} at most", mail.session_minutes, mail.longest_minutes)
    };
    let whom = format!("{} ({}, {})", mail.person, mail.kind, mail.person_id);
    let rows = [
        ("Asked by", mail.staff),
        ("To be signed in as", &whom),
        ("Why", mail.reason),
        ("Ticket", ticket),
        ("Consent", &consent(mail)),
        ("Mode", mode),
        ("How long", &session),
    ];
    let good = format!("It is good once, for {} minutes.", mail.code_minutes);
    let subject = format!("Your impersonation code for {}", mail.person);
    let warning = "If you did not ask for this code, do not use it and tell your administrator.";
    text(mail, subject, "Your impersonation code:", &good, &rows, warning)
}

/// What the request rests on.
fn consent(mail: &CodeMail<'_>) -> String {
    match mail.consent {
        Consent::Statement(given) => {
            let means = match given.means {
                ConsentMeans::Phone => "by phone",
                ConsentMeans::Chat => "in a chat",
                ConsentMeans::Email => "by e-mail",
                ConsentMeans::InPerson => "in person",
            };
            format!("given by {} {means}; reference: {}", given.given_by, given.reference)
        }
        Consent::Page => format!("asked by e-mail, and allowed by {} on their page", mail.person),
        Consent::Code => format!("{} reads the code out", mail.person),
        Consent::Exception(case) => format!("none, an exceptional case: {}. {}", case.category, case.reason),
    }
}

/// To the person themselves, who reads the code out to the staff member who asked.
pub fn person_mail(mail: &CodeMail<'_>) -> Text {
    let rows = [("Who asks", mail.staff), ("Why", mail.reason)];
    let minutes = mail.code_minutes;
    let (subject, good) = if mail.raises {
        ("a code to let support change things in your account", "can change things in your account with it")
    } else {
        ("a code to let support into your account", "can sign in to your account with it")
    };
    let subject = format!("{}: {subject}", mail.installation);
    let good = format!("Whoever asks {good}, once, within {minutes} minutes.");
    let warning = if mail.raises {
        "Read it out only to somebody of support whom you called yourself, and only if you want this now. If you asked for \
         no help, somebody is in your account all the same: end it by the mail that told you so, and tell us. Nobody may \
         ask you for the code by e-mail or in a message."
    } else {
        "Read it out only to somebody of support whom you called yourself, and only if you want their help now. \
         If you asked for nothing, do nothing: without the code nobody gets in. Nobody may ask you for it by \
         e-mail or in a message."
    };
    text(mail, subject, &format!("{} Your code:", mail.wanted.unwrap_or_default()), &good, &rows, warning)
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
    fn the_mail_to_the_person_says_who_asks_and_to_whom_the_code_may_be_read_out() {
        let text = person_mail(&CodeMail { wanted: Some("<b>stuck</b> Do you allow this?"), ..mail() });
        insta::assert_snapshot!(text.plain);
        assert!(text.html.contains("&lt;b&gt;stuck&lt;/b&gt;") && !text.html.contains("<b>"));
        assert!(text.html.contains("WDJB-MJHT") && !text.subject.contains("WDJB"));
    }
}
