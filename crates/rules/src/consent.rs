//! Consent to one sensitive change: asked for in a session, answered by the person, used once.
//!
//! ```text
//! Asked ──allow──► Allowed ──change──► Used
//!   │                 │
//!   └──decline / time ┴─────time─────► Declined, Lapsed
//! ```

use serde::{Deserialize, Serialize};

use crate::{MINUTE, Millis};

/// What a change does that takes an account over, or its money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Password,
    BankDetails,
    /// E-mail, phone, second factor, keys.
    SignIn,
}

/// How long a question waits for its answer.
pub const ANSWER: Millis = 30 * MINUTE;
/// How long a permission waits for its change.
pub const CHANGE: Millis = 10 * MINUTE;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    Asked {
        until: Millis,
    },
    Allowed {
        until: Millis,
    },
    Declined,
    /// Nobody answered, or nobody used the answer, in time.
    Lapsed,
    Used,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Answered {
        allow: bool,
    },
    /// The one change is made.
    Changed,
}

impl Consent {
    pub fn asked(now: Millis) -> Self {
        Self::Asked { until: now + ANSWER }
    }

    pub fn settled(self, now: Millis) -> Self {
        match self {
            Self::Asked { until } | Self::Allowed { until } if now >= until => Self::Lapsed,
            other => other,
        }
    }

    /// Applies `event` at `now`; none where it changes nothing.
    pub fn apply(self, event: Event, now: Millis) -> Option<Self> {
        match (self.settled(now), event) {
            (Self::Asked { .. }, Event::Answered { allow: true }) => {
                Some(Self::Allowed { until: now + CHANGE })
            }
            // Whoever has agreed may think again, until the change is made.
            (Self::Asked { .. } | Self::Allowed { .. }, Event::Answered { allow: false }) => {
                Some(Self::Declined)
            }
            (Self::Allowed { .. }, Event::Changed) => Some(Self::Used),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn invariant_9_one_yes_opens_one_change_in_time(
            steps in proptest::collection::vec((0..3u8, 0..15 * MINUTE), 1..30)
        ) {
            let (mut now, mut state) = (0, Consent::asked(0));
            let (mut yes_at, mut changes) = (None, 0);
            for (what, pause) in steps {
                now += pause;
                let event = match what {
                    0 => Event::Answered { allow: true },
                    1 => Event::Answered { allow: false },
                    _ => Event::Changed,
                };
                let Some(next) = state.apply(event, now) else { continue };
                match event {
                    Event::Answered { allow } => yes_at = allow.then_some(now),
                    Event::Changed => {
                        changes += 1;
                        let yes = yes_at.expect("only after a yes");
                        prop_assert!(now - yes < CHANGE && yes < ANSWER);
                    }
                }
                state = next;
            }
            prop_assert!(changes <= 1);
        }
    }
}
