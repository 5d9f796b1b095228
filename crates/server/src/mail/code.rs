//! The mail that carries a code: who asks, for whom, why, in which mode, for how long.

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
    pub view_only: bool,
    pub code_minutes: u32,
    pub session_minutes: u32,
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
    let session = format!("{} minutes at most", mail.session_minutes);
    let whom = format!("{} ({}, {})", mail.person, mail.kind, mail.person_id);
    let rows = [
        ("Asked by", mail.staff),
        ("To be signed in as", &whom),
        ("Why", mail.reason),
        ("Ticket", ticket),
        ("Mode", mode),
        ("How long", &session),
    ];
    let good = format!("It is good once, for {} minutes.", mail.code_minutes);
    let subject = format!("Your impersonation code for {}", mail.person);
    let warning = "If you did not ask for this code, do not use it and tell your administrator.";
    text(mail, subject, "Your impersonation code:", &good, &rows, warning)
}

/// To the person themselves, who reads the code out to the staff member who asked.
pub fn person_mail(mail: &CodeMail<'_>) -> Text {
    let rows = [("Who asks", mail.staff), ("Why", mail.reason)];
    let good = format!(
        "Whoever asks can sign in to your account with it, once, within {} minutes.",
        mail.code_minutes
    );
    let subject = format!("{}: a code to let support into your account", mail.installation);
    let warning = "Read it out only to somebody of support whom you called yourself, and only if you want their help now. \
                   If you asked for nothing, do nothing: without the code nobody gets in. Nobody may ask you for it by \
                   e-mail or in a message.";
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
            view_only: true,
            code_minutes: 10,
            session_minutes: 30,
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
