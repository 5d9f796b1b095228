//! The reason of a request: something a reviewer can read, not a dot.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    #[error("at least 10 characters")]
    TooShort,
    #[error("at most 500 characters")]
    TooLong,
    #[error("words that say why")]
    NoWords,
}

/// The text in one line, without what changes how others read what stands around it: control characters, and marks of
/// direction.
pub fn in_one_line(text: &str) -> String {
    let marks = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    let text: String = text.chars().filter(|c| !marks(*c)).collect();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// At least 10 characters with letters in them; answers the text [in one line](in_one_line).
pub fn check_reason(text: &str) -> Result<String, ReasonError> {
    let text = in_one_line(text);
    let length = text.chars().count();
    if length < 10 {
        return Err(ReasonError::TooShort);
    }
    if length > 500 {
        return Err(ReasonError::TooLong);
    }
    // "aaaaaaaaaa" and "1234567890." say nothing.
    let mut letters: Vec<char> =
        text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    letters.sort_unstable();
    letters.dedup();
    if letters.len() < 3 { Err(ReasonError::NoWords) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_ten_characters_and_words() {
        assert_eq!(check_reason("."), Err(ReasonError::TooShort));
        assert_eq!(check_reason("1234567890 !!"), Err(ReasonError::NoWords));
        assert_eq!(check_reason("aaaaaaaaaaaa"), Err(ReasonError::NoWords));
        let good = |text: &str| check_reason(text).expect(text);
        assert_eq!(good("  Payment is stuck "), "Payment is stuck");
        assert_eq!(good("الدفع عالق منذ أمس"), "الدفع عالق منذ أمس");
        // What stands around it is read as it was written.
        assert_eq!(good("Payment\r\n\nis\u{2028}stuck\u{202e}\u{7}\tnow"), "Payment is stuck now");
        assert_eq!(check_reason("\u{200b}\u{200e}a\u{feff}".repeat(20).as_str()), Err(ReasonError::NoWords));
        assert_eq!(check_reason(&"why ".repeat(200)), Err(ReasonError::TooLong));
    }
}
