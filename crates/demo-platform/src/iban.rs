//! Bank account numbers (ISO 13616): the check digits.

/// Groups of four away, letters large.
pub(crate) fn normalize(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect()
}

/// Whether a normalized number has a possible form and the right check digits.
pub(crate) fn is_valid(iban: &str) -> bool {
    iban.len() >= 15
        && iban.len() <= 34
        && iban.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && remainder(&iban[4..], &iban[..4]) == 1
}

/// Puts the check digits between country and account.
pub(crate) fn complete(country: &str, account: &str) -> String {
    let check = 98 - remainder(account, &format!("{country}00"));
    format!("{country}{check:02}{account}")
}

/// Groups of four, as people read it.
pub(crate) fn grouped(iban: &str) -> String {
    let characters: Vec<char> = iban.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// Of the two parts read as one number, letters as 10 to 35, divided by 97.
fn remainder(head: &str, tail: &str) -> u32 {
    head.chars()
        .chain(tail.chars())
        .filter_map(|c| c.to_digit(36))
        .fold(0, |rest, digit| (if digit > 9 { rest * 100 } else { rest * 10 } + digit) % 97)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_digit_is_found() {
        assert!(is_valid(&normalize("de89 3704 0044 0532 0130 00")));
        assert!(!is_valid("DE89370400440532013001"));
        assert!(!is_valid("é"));
        assert_eq!(complete("DE", "370400440532013000"), "DE89370400440532013000");
        assert_eq!(grouped("DE8937"), "DE89 37");
    }
}
