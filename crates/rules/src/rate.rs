//! How often codes may be asked for: a burst, then one a minute, and a ceiling an hour. Only delivered codes
//! count, so a broken mail server locks nobody out.

use crate::{MINUTE, Millis};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many at once.
    pub burst: u32,
    /// Then one each so many milliseconds.
    pub every: Millis,
    /// At most so many an hour.
    pub per_hour: u32,
}

impl Default for Rate {
    fn default() -> Self {
        Self { burst: 3, every: MINUTE, per_hour: 20 }
    }
}

/// How long nothing that happened matters any more.
pub const MEMORY: Millis = 60 * MINUTE;

impl Rate {
    /// May there be one more at `now`, after those at `past` (any order)? Otherwise: milliseconds to wait.
    pub fn check(&self, past: &[Millis], now: Millis) -> Result<(), Millis> {
        let mut past: Vec<Millis> =
            past.iter().copied().filter(|at| now - at < MEMORY && *at <= now).collect();
        past.sort_unstable();
        let ceiling = past
            .len()
            .checked_sub(self.per_hour.max(1) as usize)
            .map_or(0, |oldest| past[oldest] + MEMORY - now);
        // The leaky bucket in its form of a virtual clock (GCRA, ITU-T I.371): each one pushes the clock on.
        let tolerance = self.every * Millis::from(self.burst.saturating_sub(1));
        let bucket = past
            .iter()
            .fold(None, |clock: Option<Millis>, at| Some(clock.map_or(*at, |c| c.max(*at)) + self.every))
            .map_or(0, |clock| clock - tolerance - now);
        match ceiling.max(bucket).max(0) {
            0 => Ok(()),
            wait => Err(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SECOND;

    #[test]
    fn three_at_once_then_one_a_minute() {
        let rate = Rate::default();
        let now = 1_000_000_000;
        assert_eq!(rate.check(&[], now), Ok(()));
        assert_eq!(rate.check(&[now, now], now), Ok(()));
        assert_eq!(rate.check(&[now, now, now], now), Err(MINUTE));
        assert_eq!(rate.check(&[now, now, now], now + 59 * SECOND), Err(SECOND));
        assert_eq!(rate.check(&[now, now, now], now + MINUTE), Ok(()));
        assert_eq!(rate.check(&[now, now, now, now + MINUTE], now + MINUTE), Err(MINUTE));
        assert_eq!(rate.check(&[now, now, now], now + 4 * MINUTE), Ok(()));
    }

    #[test]
    fn the_hour_has_a_ceiling() {
        let rate = Rate { burst: 100, every: 1, per_hour: 2 };
        assert_eq!(rate.check(&[0, 1_000], 10_000), Err(MEMORY - 10_000));
        assert_eq!(rate.check(&[0, 1_000], MEMORY), Ok(()));
    }
}
