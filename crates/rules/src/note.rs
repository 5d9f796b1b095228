//! The close-out: one note may stay open for a while, two never.

use crate::Millis;

/// May somebody ask for a code at `now`, whose sessions without a note ended at `ended` (any order)? Otherwise:
/// the place of the one that is owed first.
pub fn check_owed(ended: &[Millis], now: Millis, grace: Millis) -> Result<(), usize> {
    let Some((first, at)) = ended.iter().enumerate().min_by_key(|(_, at)| **at) else { return Ok(()) };
    if ended.len() == 1 && now - at < grace { Ok(()) } else { Err(first) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MINUTE;

    #[test]
    fn one_note_may_stay_open_for_a_while_and_two_never() {
        let check = |ended: &[Millis], now| check_owed(ended, now, 15 * MINUTE);
        assert_eq!(check(&[], 0), Ok(()));
        assert_eq!(check(&[0], 15 * MINUTE - 1), Ok(()));
        assert_eq!(check(&[0], 15 * MINUTE), Err(0));
        assert_eq!(check(&[2, 1], 3), Err(1));
    }
}
