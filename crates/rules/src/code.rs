//! Confirmation codes: eight characters of the 20-letter alphabet of RFC 8628, section 6.1 (34 bits).

use std::fmt;

/// No vowels, so no words; nothing that looks like something else.
pub const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
pub const LENGTH: usize = 8;

/// A code as it is compared: eight letters, no dash. `Debug` hides it; [`Code::shown`] is
/// the one way to read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; LENGTH]);

impl Code {
    /// Makes a code from a source of random bytes. Bytes that would favour some letters are drawn again.
    pub fn random(mut byte: impl FnMut() -> u8) -> Self {
        // 240 is the largest multiple of 20 that fits a byte.
        Self(std::array::from_fn(|_| {
            loop {
                let b = byte();
                if b < 240 {
                    break ALPHABET[usize::from(b) % ALPHABET.len()];
                }
            }
        }))
    }

    /// Reads what somebody typed or pasted: any case, with or without dashes and spaces.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut letters = typed.chars().filter(|c| !matches!(c, '-' | '–' | '‑') && !c.is_whitespace());
        let mut code = [0; LENGTH];
        for place in &mut code {
            let letter = u8::try_from(letters.next()?.to_ascii_uppercase()).ok()?;
            *place = *ALPHABET.iter().find(|a| **a == letter)?;
        }
        letters.next().is_none().then_some(Self(code))
    }

    /// As it is read out: `WDJB-MJHT`.
    pub fn shown(&self) -> String {
        let letters: String = self.0.iter().map(|b| char::from(*b)).collect();
        format!("{}-{}", &letters[..4], &letters[4..])
    }

    pub fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}
