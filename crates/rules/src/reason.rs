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

/// At least 10 characters with letters in them; answers the trimmed text.
pub fn check_reason(text: &str) -> Result<&str, ReasonError> {
    let text = text.trim();
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
        assert_eq!(check_reason("  Payment is stuck "), Ok("Payment is stuck"));
        assert_eq!(check_reason("الدفع عالق منذ أمس"), Ok("الدفع عالق منذ أمس"));
        assert_eq!(check_reason(&"why ".repeat(200)), Err(ReasonError::TooLong));
    }
}
