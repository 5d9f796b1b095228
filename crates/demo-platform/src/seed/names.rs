//! Made-up people and companies of a dozen countries.

use std::collections::HashSet;

use rand::{
    rngs::Xoshiro256PlusPlus,
    seq::{IndexedRandom as _, SliceRandom as _},
};

pub(super) struct Name {
    pub(super) display_name: String,
    pub(super) email: String,
    pub(super) dialling_code: u16,
    pub(super) city: &'static str,
}

struct Country {
    dialling_code: u16,
    cities: [&'static str; 3],
    given: [&'static str; 10],
    family: [&'static str; 10],
}

#[rustfmt::skip]
const COUNTRIES: [Country; 10] = [
    Country { dialling_code: 49, cities: ["20095 Hamburg", "04109 Leipzig", "80331 München"],
        given: ["Anneke", "Birgit", "Clemens", "Dörte", "Friedrich", "Jürgen", "Katharina", "Lukas", "Mareike", "Sören"],
        family: ["Albrecht", "Böhm", "Dietrich", "Größmann", "Hartwig", "Kühn", "Lindemann", "Schäfer", "Vogt", "Zimmermann"] },
    Country { dialling_code: 33, cities: ["69002 Lyon", "44000 Nantes", "67000 Strasbourg"],
        given: ["Agnès", "Baptiste", "Chloé", "Édouard", "François", "Geneviève", "Hélène", "Loïc", "Maëlle", "Théo"],
        family: ["Aubert", "Bénard", "Carpentier", "Delacroix", "Fournier", "Giraud", "Lefèvre", "Moreau", "Pélissier", "Rousseau"] },
    Country { dialling_code: 44, cities: ["Bristol BS1 4DJ", "Leeds LS1 5AT", "Edinburgh EH1 1RE"],
        given: ["Alistair", "Beatrice", "Callum", "Eleanor", "Fiona", "George", "Imogen", "Oliver", "Rosalind", "Tobias"],
        family: ["Ainsworth", "Barraclough", "Cartwright", "Fairclough", "Hathaway", "Kingsley", "Macpherson", "O'Brien", "Pemberton", "Whitfield"] },
    Country { dialling_code: 34, cities: ["41001 Sevilla", "46001 Valencia", "48001 Bilbao"],
        given: ["Adrián", "Begoña", "Carmen", "Íñigo", "Joaquín", "Lucía", "Martín", "Nuria", "Rocío", "Sergio"],
        family: ["Álvarez", "Castaño", "Domínguez", "Echeverría", "Gutiérrez", "Ibáñez", "Morales", "Núñez", "Peña", "Villanueva"] },
    Country { dialling_code: 39, cities: ["40121 Bologna", "50122 Firenze", "10121 Torino"],
        given: ["Alessandra", "Bruno", "Chiara", "Davide", "Elisabetta", "Fabrizio", "Ginevra", "Matteo", "Niccolò", "Valentina"],
        family: ["Amadori", "Bianchi", "Colombo", "D'Angelo", "Ferrari", "Galli", "Lombardi", "Marchetti", "Rinaldi", "Vitale"] },
    Country { dialling_code: 48, cities: ["31-001 Kraków", "80-830 Gdańsk", "50-101 Wrocław"],
        given: ["Agnieszka", "Bartosz", "Czesław", "Elżbieta", "Grażyna", "Jakub", "Łukasz", "Małgorzata", "Paweł", "Zofia"],
        family: ["Adamczyk", "Błaszczyk", "Dąbrowska", "Jabłoński", "Kowalczyk", "Lewandowska", "Nowak", "Szymańska", "Wójcik", "Zieliński"] },
    Country { dialling_code: 46, cities: ["111 20 Stockholm", "411 03 Göteborg", "211 20 Malmö"],
        given: ["Åsa", "Björn", "Ebba", "Gösta", "Ingrid", "Linnéa", "Märta", "Nils", "Sigrid", "Viggo"],
        family: ["Åkesson", "Bergström", "Dahlgren", "Ekström", "Holmqvist", "Lindqvist", "Nyström", "Sandberg", "Söderberg", "Wikström"] },
    Country { dialling_code: 351, cities: ["1100-148 Lisboa", "4000-322 Porto", "3000-213 Coimbra"],
        given: ["Afonso", "Beatriz", "Conceição", "Duarte", "Inês", "João", "Leonor", "Mafalda", "Sebastião", "Tomás"],
        family: ["Almeida", "Brandão", "Carvalho", "Esteves", "Gonçalves", "Magalhães", "Nogueira", "Pacheco", "Simões", "Vasconcelos"] },
    Country { dialling_code: 31, cities: ["1012 JS Amsterdam", "3511 LN Utrecht", "9711 KB Groningen"],
        given: ["Anouk", "Bram", "Daan", "Femke", "Jeroen", "Lotte", "Maarten", "Noor", "Sanne", "Wouter"],
        family: ["van den Berg", "de Boer", "Dijkstra", "Hoekstra", "Jansen", "van Leeuwen", "Mulder", "Postma", "de Vries", "Zijlstra"] },
    Country { dialling_code: 90, cities: ["34110 İstanbul", "35210 İzmir", "06420 Ankara"],
        given: ["Ayşe", "Burak", "Çağla", "Deniz", "Emre", "Gülşen", "Hüseyin", "Nazlı", "Ömer", "Şule"],
        family: ["Aydın", "Bozkurt", "Çelik", "Doğan", "Erdoğdu", "Güneş", "Kılıç", "Öztürk", "Şahin", "Yıldırım"] },
];

/// People that guides and tests speak of: place in the list, name, e-mail.
const CHOSEN: [(usize, &str, &str, u16, &str); 4] = [
    (137, "Élise Marchand", "elise.marchand@example.com", 33, "69002 Lyon"),
    (42, "Jonas Weber", "jonas.weber@example.com", 49, "50667 Köln"),
    (
        88,
        "María de los Ángeles Fernández-Villaverde y Sánchez de Tejada-Castellanos",
        "maria.fernandez-villaverde@example.org",
        34,
        "28013 Madrid",
    ),
    (64, "ليلى عبد الرحمن", "layla.abdelrahman@example.net", 962, "11118 Amman"),
];

/// Whether this is one of the people that guides and tests speak of.
pub(super) fn is_chosen(id: &str) -> bool {
    CHOSEN.iter().any(|(place, ..)| id == format!("INV-{place:06}"))
}

pub(super) const STREETS: [&str; 8] = [
    "Harbour Street",
    "Rue des Tilleuls",
    "Gartenweg",
    "Via Garibaldi",
    "Calle Mayor",
    "Kerkstraat",
    "Rua do Carmo",
    "Storgatan",
];

pub(super) fn investors(rng: &mut Xoshiro256PlusPlus, count: usize) -> Vec<Name> {
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(count);
    while names.len() < count {
        let place = names.len() + 1;
        if let Some((_, name, email, dialling_code, city)) = CHOSEN.iter().find(|chosen| chosen.0 == place) {
            let (display_name, email) = ((*name).into(), (*email).into());
            names.push(Name { display_name, email, dialling_code: *dialling_code, city });
            continue;
        }
        let country = COUNTRIES.choose(rng).expect("not empty");
        let given = country.given.choose(rng).expect("not empty");
        let family = country.family.choose(rng).expect("not empty");
        let host = ["example.com", "example.org", "example.net"].choose(rng).expect("not empty");
        if taken.insert((*given, *family)) {
            names.push(Name {
                display_name: format!("{given} {family}"),
                email: format!("{}.{}@{host}", ascii(given), ascii(family)),
                dialling_code: country.dialling_code,
                city: country.cities.choose(rng).expect("not empty"),
            });
        }
    }
    names
}

/// Where a company is: first words, trades with legal forms, dialling code, city.
type Region = ([&'static str; 3], [(&'static str, &'static str); 5], u16, &'static str);

#[rustfmt::skip]
const REGIONS: [Region; 4] = [
    (["Nordlicht", "Elbufer", "Grünwald"],
     [("Energie", "GmbH"), ("Immobilien", "AG"), ("Logistik", "GmbH & Co. KG"), ("Medizintechnik", "SE"), ("Wohnbau", "eG")], 49, "20095 Hamburg"),
    (["Belle-Rive", "Grand Chêne", "Étoile du Nord"],
     [("Énergies", "SAS"), ("Patrimoine", "SARL"), ("Vignobles", "SCEA"), ("Transports", "SA"), ("Ingénierie", "SASU")], 33, "69002 Lyon"),
    (["Harbourgate", "Ashdown", "Kestrel & Finch"],
     [("Capital", "LLP"), ("Foods", "Ltd"), ("Marine Services", "plc"), ("Homes", "CIC"), ("Robotics", "Ltd")], 44, "Bristol BS1 4DJ"),
    (["Ponte Vecchio", "Aurora", "Sant'Elia"],
     [("Costruzioni", "S.r.l."), ("Tessuti", "S.p.A."), ("Agricola", "S.s."), ("Navigazione", "S.p.A."), ("Ceramiche", "S.n.c.")], 39, "40121 Bologna"),
];

pub(super) fn companies(rng: &mut Xoshiro256PlusPlus, count: usize) -> Vec<Name> {
    let mut names = Vec::new();
    for (first_words, trades, dialling_code, city) in REGIONS {
        for first in first_words {
            for (trade, form) in trades {
                names.push(Name {
                    display_name: format!("{first} {trade} {form}"),
                    email: format!("finance.{}-{}@example.com", ascii(first), ascii(trade)),
                    dialling_code,
                    city,
                });
            }
        }
    }
    names.shuffle(rng);
    names.truncate(count);
    names
}

/// A name as it stands in an e-mail address.
fn ascii(name: &str) -> String {
    let mut text = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            'a'..='z' | '-' => text.push(c),
            'ä' => text.push_str("ae"),
            'ö' => text.push_str("oe"),
            'ü' => text.push_str("ue"),
            'ß' => text.push_str("ss"),
            'á' | 'à' | 'ã' | 'å' | 'ą' => text.push('a'),
            'ç' | 'ć' => text.push('c'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' => text.push('e'),
            'ğ' => text.push('g'),
            'í' | 'ï' | 'ı' => text.push('i'),
            'ł' => text.push('l'),
            'ñ' | 'ń' => text.push('n'),
            'ó' | 'ò' | 'õ' | 'ô' => text.push('o'),
            'ş' | 'ś' => text.push('s'),
            'ú' => text.push('u'),
            'ż' | 'ź' => text.push('z'),
            ' ' => text.push('-'),
            _ => {}
        }
    }
    text
}
