//! The data of a fresh start: from one fixed seed, so every start has the same people, IDs and payments.

mod names;

use std::path::Path;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use rand::{
    RngExt as _, SeedableRng as _,
    rngs::Xoshiro256PlusPlus,
    seq::{IndexedRandom as _, SliceRandom as _},
};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{
    applications::{self, Company, LEGAL_FORMS},
    auth::password,
    iban,
    market::payment_reference,
    people::{Kind, Status},
};
use names::Name;

/// What everybody signs in with.
pub const DEMO_PASSWORD: &str = "meridian-demo";

const INVESTORS: usize = 240;
const COMPANIES: usize = 60;

/// id, name, issuer, category, summary, yield (basis points), price, raised, target (cents)
type OfferRow = (&'static str, &'static str, &'static str, &'static str, &'static str, i64, i64, i64, i64);
#[rustfmt::skip]
const OFFERS: [OfferRow; 9] = [
    ("alpine-hydro", "Alpine Hydro II", "Alpwasser Kraft AG", "Energy", "Renewal of two run-of-river plants in Vorarlberg: new turbines, a fish pass, and a supply contract of fifteen years with the regional grid.", 475, 10_000, 312_000_000, 400_000_000),
    ("biscay-offshore", "Biscay Offshore Wind", "Vents du Golfe SAS", "Energy", "Fourteen floating turbines 22 km off the coast, the first of their kind in the bay. Interest is paid from the third year.", 610, 25_000, 1_870_000_000, 2_400_000_000),
    ("canal-house", "Canal House Restoration", "Grachtenhuis Vastgoed B.V.", "Property", "Four listed houses are being made into thirty-one rented flats, with heat from the canal.", 390, 50_000, 640_000_000, 720_000_000),
    ("dairy-coop", "Dairy Cooperative Bond", "Mleczarnia Dolina sp. z o.o.", "Agriculture", "A cooperative of 118 farms builds its own cheese dairy and sells under its own name.", 525, 5_000, 48_000_000, 150_000_000),
    ("fjord-ferries", "Fjord Electric Ferries", "Nordfjord Ferger AS", "Transport", "Three battery ferries and their charging piers for a concession that runs until 2038.", 450, 20_000, 505_000_000, 900_000_000),
    ("lisbon-student", "Lisbon Student Homes", "Casa Estudo, Lda.", "Property", "A former tram depot becomes 240 rooms near three universities; rents are capped by the city.", 420, 10_000, 260_000_000, 650_000_000),
    ("rail-freight", "Rail Freight Wagons", "Güterwagen Mitte GmbH", "Transport", "Eighty covered wagons, leased for ten years to five freight companies.", 495, 10_000, 118_000_000, 320_000_000),
    ("sicily-solar", "Sicily Solar Roofs", "Tetti Solari S.r.l.", "Energy", "Solar roofs on 46 wholesale markets. The power is used where it is made.", 560, 10_000, 384_000_000, 480_000_000),
    ("timber-north", "Timber North Fund", "Pohjolan Puu Oy", "Agriculture", "Certified mixed forest in Finland; income from thinning, the fund runs for twelve years.", 310, 100_000, 900_000_000, 1_500_000_000),
];

/// Documents that everybody has: name, file, content.
const DOCUMENTS: [(&str, &str, &[u8]); 2] = [
    ("Welcome to Meridian.pdf", "welcome.pdf", include_bytes!("../seed/welcome.pdf")),
    ("Terms of investment.pdf", "terms.pdf", include_bytes!("../seed/terms.pdf")),
];

/// The day the seed was made up for; nothing in it is later.
fn today() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 9, 0, 0).single().expect("a day")
}

pub(crate) async fn plant(db: &SqlitePool, files: &Path) -> anyhow::Result<()> {
    // One hash for all of them: three hundred would take half a minute.
    let hash = password::hash(DEMO_PASSWORD.into()).await?;
    let rng = &mut Xoshiro256PlusPlus::seed_from_u64(137);
    for (_, file, content) in DOCUMENTS {
        std::fs::write(files.join(file), content)?;
    }
    let mut tx = db.begin().await?;
    for (id, name, issuer, category, summary, yield_bp, price, raised, target) in OFFERS {
        sqlx::query("INSERT INTO offers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(id)
            .bind(name)
            .bind(issuer)
            .bind(category)
            .bind(summary)
            .bind(yield_bp)
            .bind(price)
            .bind(raised)
            .bind(target)
            .execute(&mut *tx)
            .await?;
    }
    let investors = names::investors(rng, INVESTORS);
    let companies = names::companies(rng, COMPANIES);
    for (prefix, kind, names) in [("INV", Kind::Investor, investors), ("COM", Kind::Company, companies)] {
        for (index, name) in names.into_iter().enumerate() {
            let id = format!("{prefix}-{:06}", index + 1);
            let status = status(rng, &id);
            let company = name.display_name.clone();
            let since = person(&mut tx, rng, &id, kind, status, name, &hash).await?;
            documents(&mut tx, &id, since).await?;
            messages(&mut tx, &id, kind, since).await?;
            if kind == Kind::Company {
                application(&mut tx, &id, index, &company).await?;
            }
            if status != Status::Pending {
                holdings_and_payments(&mut tx, rng, &id, since).await?;
            }
        }
    }
    Ok(tx.commit().await?)
}

fn status(rng: &mut Xoshiro256PlusPlus, id: &str) -> Status {
    match rng.random_range(0..100) {
        _ if names::is_chosen(id) => Status::Active,
        0..5 => Status::Suspended,
        5..14 => Status::Pending,
        _ => Status::Active,
    }
}

/// Returns since when the person has been here.
async fn person(
    tx: &mut SqliteConnection,
    rng: &mut Xoshiro256PlusPlus,
    id: &str,
    kind: Kind,
    status: Status,
    name: Name,
    hash: &str,
) -> anyhow::Result<DateTime<Utc>> {
    let age = if status == Status::Pending { 1..30 } else { 60..2000 };
    let created_at =
        today() - TimeDelta::days(rng.random_range(age)) - TimeDelta::minutes(rng.random_range(0..1440));
    let days = (today() - created_at).num_days().min(90) as f64;
    // Squared: most people were here lately.
    let away = days * rng.random_range(0.0..1.0_f64).powi(2) * 1440.0;
    let last_seen_at = (status != Status::Pending).then(|| today() - TimeDelta::minutes(away as i64));
    let country = ["DE", "AT", "BE", "PL"].choose(rng).expect("not empty");
    // The lengths that each country's numbers have.
    let digits = match *country {
        "DE" => 18,
        "AT" => 16,
        "BE" => 12,
        _ => 24,
    };
    let account: String = (0..digits).map(|_| char::from(b'0' + rng.random_range(0..10_u8))).collect();
    let phone = format!(
        "+{} {} {:07}",
        name.dialling_code,
        rng.random_range(150..180),
        rng.random_range(0..10_000_000)
    );
    let address = format!(
        "{} {}, {}",
        names::STREETS.choose(rng).expect("not empty"),
        rng.random_range(1..140),
        name.city
    );
    let language = if name.dialling_code == 33 && !names::is_chosen(id) { "fr-FR" } else { "en" };
    sqlx::query("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(id)
        .bind(kind)
        .bind(name.display_name)
        .bind(name.email)
        .bind(phone)
        .bind(address)
        .bind(iban::complete(country, &account))
        .bind(status)
        .bind(hash)
        .bind(created_at)
        .bind(created_at)
        .bind(last_seen_at)
        .bind(language)
        .execute(tx)
        .await?;
    Ok(created_at)
}

async fn documents(tx: &mut SqliteConnection, person: &str, since: DateTime<Utc>) -> sqlx::Result<()> {
    for (name, file, content) in DOCUMENTS {
        sqlx::query(
            "INSERT INTO documents (person, name, size, file, own, created_at) VALUES (?, ?, ?, ?, FALSE, ?)",
        )
        .bind(person)
        .bind(name)
        .bind(content.len() as i64)
        .bind(file)
        .bind(since)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Nothing in here is drawn: what was seeded before messages were stays as it is.
async fn messages(
    tx: &mut SqliteConnection,
    person: &str,
    kind: Kind,
    since: DateTime<Utc>,
) -> sqlx::Result<()> {
    let noon = |days| today() - TimeDelta::days(days) + TimeDelta::hours(3);
    let mut all = vec![
        (
            "Welcome to Meridian",
            "Your account is ready. You find our terms among your documents. If something is unclear, answer your adviser or call us on weekdays from 8 to 18.",
            since,
        ),
        (
            "New offer: Alpine Hydro II",
            "Two run-of-river plants in Vorarlberg are being renewed. The offer is open until the target is reached; the brochure tells you more.",
            since.max(noon(21)),
        ),
    ];
    if kind == Kind::Company {
        all.push((
            "Your application is not complete",
            "You have begun to apply for professional status and saved a draft. Complete the company details to go on.",
            since.max(noon(2)),
        ));
    } else {
        all.push((
            "Changes of the terms on 1 January",
            "From 1 January orders can be cancelled within 24 hours. You need not do anything.",
            since.max(noon(5)),
        ));
    }
    for (subject, body, arrives_at) in all {
        // The first one was read long ago.
        let read_at = (arrives_at == since).then_some(since);
        sqlx::query(
            "INSERT INTO messages (person, subject, body, arrives_at, read_at) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(person)
        .bind(subject)
        .bind(body)
        .bind(arrives_at)
        .bind(read_at)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// The draft that a company got stuck with: the registration number as it stands in the register, with spaces.
async fn application(
    tx: &mut SqliteConnection,
    person: &str,
    index: usize,
    name: &str,
) -> anyhow::Result<()> {
    // The longest that fits: "GmbH & Co. KG" and not "KG", were that a form of its own.
    let form = LEGAL_FORMS.iter().filter(|form| name.ends_with(**form)).max_by_key(|form| form.len());
    let form = form.copied().unwrap_or_default();
    let (register, country) = match form {
        "AG" | "GmbH" | "GmbH & Co. KG" | "SE" | "eG" => ("HRB", "Germany"),
        "SA" | "SARL" | "SAS" | "SASU" | "SCEA" => ("RCS", "France"),
        "CIC" | "LLP" | "Ltd" | "plc" => ("OC", "United Kingdom"),
        _ => ("REA", "Italy"),
    };
    let number = 104_317 + index * 7_919;
    let company = Company {
        legal_name: name.strip_suffix(form).unwrap_or(name).trim().into(),
        legal_form: form.into(),
        registration_number: format!("{register} {:03} {:03}", number / 1000, number % 1000),
        country: country.into(),
    };
    applications::save(tx, person, &company, today() - TimeDelta::days(3)).await
}

/// A payment before it is written.
struct Payment<'a> {
    kind: &'static str,
    title: &'a str,
    amount_cents: i64,
    status: &'static str,
    reference: String,
    at: DateTime<Utc>,
}

async fn holdings_and_payments(
    tx: &mut SqliteConnection,
    rng: &mut Xoshiro256PlusPlus,
    person: &str,
    since: DateTime<Utc>,
) -> sqlx::Result<()> {
    let expected = payment_reference(person);
    let mut payments = Vec::new();
    let days = (today() - since).num_days();
    let mut offers = OFFERS;
    offers.shuffle(rng);
    for (offer, name, _, _, _, yield_bp, price, _, _) in &offers[..rng.random_range(1..5)] {
        let units = rng.random_range(2..80);
        sqlx::query("INSERT INTO holdings VALUES (?, ?, ?)")
            .bind(person)
            .bind(offer)
            .bind(units)
            .execute(&mut *tx)
            .await?;
        let bought = since + TimeDelta::days(rng.random_range(0..days / 2));
        let mut pay = |kind, title, amount_cents, at| {
            payments.push(Payment {
                kind,
                title,
                amount_cents,
                status: "settled",
                reference: expected.clone(),
                at,
            });
        };
        pay("deposit", "Bank transfer", units * price, bought);
        pay("investment", name, -units * price, bought + TimeDelta::days(1));
        let mut paid = bought + TimeDelta::days(182);
        while paid < today() {
            pay("distribution", name, units * price * yield_bp / 20_000, paid);
            paid += TimeDelta::days(182);
        }
    }
    // The transfer that somebody calls support about: its reference has two digits swapped.
    if names::is_chosen(person) || rng.random_bool(0.15) {
        let swapped = format!("{}{}", &expected[..expected.len() - 2], swap_last_two(&expected));
        payments.push(Payment {
            kind: "deposit",
            title: "Bank transfer",
            amount_cents: rng.random_range(5..60) * 10_000,
            status: "awaiting_bank",
            reference: swapped,
            at: today() - TimeDelta::days(rng.random_range(4..20)),
        });
    }
    payments.sort_by_key(|payment| payment.at);
    for payment in payments {
        sqlx::query(
            "INSERT INTO transactions
               (person, kind, title, amount_cents, status, reference, expected_reference, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(person)
        .bind(payment.kind)
        .bind(payment.title)
        .bind(payment.amount_cents)
        .bind(payment.status)
        .bind(payment.reference)
        .bind(&expected)
        .bind(payment.at)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

fn swap_last_two(text: &str) -> String {
    text.chars().rev().take(2).collect()
}
