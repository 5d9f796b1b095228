//! A company's application for professional status: what each step asks, what is wrong with an answer, and the
//! drafts that are kept between steps.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::SqlitePool;

use crate::iban;

pub(crate) const LEGAL_FORMS: [&str; 18] = [
    "AG",
    "CIC",
    "GmbH",
    "GmbH & Co. KG",
    "LLP",
    "Ltd",
    "S.n.c.",
    "S.p.A.",
    "S.r.l.",
    "S.s.",
    "SA",
    "SARL",
    "SAS",
    "SASU",
    "SCEA",
    "SE",
    "eG",
    "plc",
];

/// What stops a step, and the field that is marked for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    pub(crate) field: &'static str,
    pub(crate) text: &'static str,
}

/// The answers of one step; empty is a form that was never filled in.
pub(crate) trait Step: Serialize + DeserializeOwned + Default {
    const NAME: &'static str;

    fn problem(&self) -> Option<Problem>;
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Company {
    pub(crate) legal_name: String,
    pub(crate) legal_form: String,
    pub(crate) registration_number: String,
    pub(crate) country: String,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct People {
    pub(crate) director: String,
    pub(crate) director_born: String,
    pub(crate) owner: String,
    pub(crate) owner_share: String,
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Bank {
    pub(crate) account_holder: String,
    pub(crate) iban: String,
    pub(crate) source_of_funds: String,
}

fn empty<'a>(fields: impl IntoIterator<Item = (&'static str, &'a String, &'static str)>) -> Option<Problem> {
    let missing = fields.into_iter().find(|(_, value, _)| value.trim().is_empty());
    missing.map(|(field, _, text)| Problem { field, text })
}

impl Step for Company {
    const NAME: &'static str = "company";

    /// The register takes a number without spaces and blames the legal form for it, as registers do: support has
    /// to find out.
    fn problem(&self) -> Option<Problem> {
        let missing = empty([
            ("legal_name", &self.legal_name, "Enter the name of the company."),
            ("legal_form", &self.legal_form, "Choose the legal form."),
            ("registration_number", &self.registration_number, "Enter the registration number."),
            ("country", &self.country, "Enter the country of registration."),
        ]);
        let wrong_form =
            Problem { field: "legal_form", text: "The legal form is not valid for this company. (REG-27)" };
        missing.or((!LEGAL_FORMS.contains(&self.legal_form.as_str())).then_some(wrong_form)).or((!self
            .registration_number
            .chars()
            .all(|c| c.is_ascii_alphanumeric()))
        .then_some(wrong_form))
    }
}

impl Step for People {
    const NAME: &'static str = "people";

    fn problem(&self) -> Option<Problem> {
        let missing = empty([
            ("director", &self.director, "Enter the name of the managing director."),
            ("director_born", &self.director_born, "Enter the date of birth of the managing director."),
            ("owner", &self.owner, "Enter the name of the largest owner."),
            ("owner_share", &self.owner_share, "Enter the share of the largest owner."),
        ]);
        let born: Option<NaiveDate> = self.director_born.trim().parse().ok();
        let share: Option<u8> = self.owner_share.trim().trim_end_matches('%').trim().parse().ok();
        let wrong_date =
            Problem { field: "director_born", text: "Enter the date of birth as year-month-day." };
        let wrong_share =
            Problem { field: "owner_share", text: "The share is a whole number from 1 to 100 percent." };
        missing
            .or(born.is_none().then_some(wrong_date))
            .or((!share.is_some_and(|share| (1..=100).contains(&share))).then_some(wrong_share))
    }
}

impl Step for Bank {
    const NAME: &'static str = "bank";

    fn problem(&self) -> Option<Problem> {
        let missing = empty([
            ("account_holder", &self.account_holder, "Enter the holder of the bank account."),
            ("iban", &self.iban, "Enter the IBAN."),
            ("source_of_funds", &self.source_of_funds, "Say where the money comes from."),
        ]);
        let wrong = Problem {
            field: "iban",
            text: "That is not a valid IBAN. Compare it with the company's bank statement.",
        };
        missing.or((!iban::is_valid(&iban::normalize(&self.iban))).then_some(wrong))
    }
}

/// What was typed so far, and when it was saved.
pub(crate) async fn draft<S: Step>(
    db: &SqlitePool,
    person: &str,
) -> anyhow::Result<Option<(S, DateTime<Utc>)>> {
    let row: Option<(String, DateTime<Utc>)> =
        sqlx::query_as("SELECT answers, saved_at FROM application_drafts WHERE person = ? AND step = ?")
            .bind(person)
            .bind(S::NAME)
            .fetch_optional(db)
            .await?;
    row.map(|(answers, saved_at)| Ok((serde_json::from_str(&answers)?, saved_at))).transpose()
}

pub(crate) async fn save<S: Step>(
    db: impl sqlx::SqliteExecutor<'_>,
    person: &str,
    answers: &S,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO application_drafts VALUES (?, ?, ?, ?)
         ON CONFLICT (person, step) DO UPDATE SET answers = excluded.answers, saved_at = excluded.saved_at",
    )
    .bind(person)
    .bind(S::NAME)
    .bind(serde_json::to_string(answers)?)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn submitted_at(db: &SqlitePool, person: &str) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("SELECT submitted_at FROM applications WHERE person = ?")
        .bind(person)
        .fetch_optional(db)
        .await
}

/// False if it was submitted before.
pub(crate) async fn submit(db: &SqlitePool, person: &str, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let done = sqlx::query("INSERT INTO applications VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(person)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_number_with_spaces_is_blamed_on_the_legal_form() {
        let mut company = Company {
            legal_name: "Aurora Tessuti".into(),
            legal_form: "S.p.A.".into(),
            registration_number: "BO 123 456".into(),
            country: "Italy".into(),
        };
        assert_eq!(company.problem().map(|it| it.field), Some("legal_form"));
        company.legal_form = "S.r.l.".into();
        assert_eq!(company.problem().map(|it| it.field), Some("legal_form"));
        company.registration_number = "BO123456".into();
        assert_eq!(company.problem(), None);
    }
}
