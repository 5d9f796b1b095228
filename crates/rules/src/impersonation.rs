//! One impersonation from the request to the end of its session, as a pure state machine.
//!
//! ```text
//! Asked ──agreed──► Pending ──handed over──► Waiting ──delivered──► CodeSent ──right code──► Verified ──start──► Live
//!   │                  │                        │                      │                        │                 │
//!   └──────────────────┴────────────────────────┴──────────────────────┴────────────────────────┴► Closed(why)    ▼
//!                                                                                                           Ended(cause)
//! ```
//!
//! It begins as `Asked` where the person answers first, as `Pending` where another administrator hands the code over,
//! elsewhere as `Waiting`. A request for more in a session that runs is closed as `Raised` instead of started.
//!
//! Time is a transition of its own: [`Impersonation::settled`] says what has become of a state by `now`, and
//! every event is applied to that. Whoever stores it does so by compare-and-set: two events at once are two
//! events in some order.

use serde::{Deserialize, Serialize};

use crate::{MINUTE, Millis, SECOND};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a request waits for the person's answer.
    pub answer: Millis,
    /// How long a request waits for an approver.
    pub pending: Millis,
    /// How long nobody else can take a request that an approver has taken.
    pub hold: Millis,
    /// How long a code may be on its way before the request is given up.
    pub delivery: Millis,
    /// How long a code is good, from its delivery.
    pub code: Millis,
    /// Wrong tries that end the request.
    pub tries: u8,
    /// How long after the right code the session may be started.
    pub start: Millis,
    /// How long a session lasts at most, from its start or from the last time it was extended.
    pub session: Millis,
    /// How long it lasts at most, however often it is extended.
    pub longest: Millis,
    /// How long a session outlives its last renewal.
    pub lease: Millis,
    /// How long a session lasts without input by hand.
    pub idle: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: crate::consent::ANSWER,
            pending: 60 * MINUTE,
            hold: 10 * MINUTE,
            delivery: 10 * MINUTE,
            code: 10 * MINUTE,
            tries: 3,
            start: 5 * MINUTE,
            session: 30 * MINUTE,
            longest: 120 * MINUTE,
            lease: 30 * SECOND,
            idle: 5 * MINUTE,
        }
    }
}

/// Why a request came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    Expired,
    /// The same staff member asked anew.
    Replaced,
    TooManyTries,
    Cancelled,
    Undeliverable,
    SwitchedOff,
    /// An approver said no.
    Denied,
    /// No approver has answered.
    Unanswered,
    /// The person said no, or took their yes back.
    ConsentDeclined,
    /// The person has not answered.
    ConsentUnanswered,
    /// It did what it was made for: the session that runs may do more.
    Raised,
}

/// Why a session ended. Every session has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    Exit,
    Limit,
    Idle,
    ClientLost,
    ConsentWithdrawn,
    StoppedByStaff,
    StaffDisabled,
    SwitchedOff,
}

/// A staff member's ID.
pub type StaffId = u128;

/// Whoever answers a request that is pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approver {
    pub id: StaffId,
    /// The one who asked, also with another account of theirs.
    pub is_requester: bool,
}

/// Who has a pending request, and until when nobody else can take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub by: StaffId,
    pub until: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The person is asked.
    Asked {
        until: Millis,
    },
    /// There is no code yet: an approver hands it over or denies it.
    Pending {
        give_up_at: Millis,
        taken: Option<Taken>,
    },
    Waiting {
        give_up_at: Millis,
    },
    CodeSent {
        expires_at: Millis,
        tries_left: u8,
    },
    Verified {
        start_by: Millis,
    },
    Live {
        started_at: Millis,
        limit_at: Millis,
        lease_until: Millis,
        idle_at: Millis,
    },
    Closed {
        why: Closed,
        at: Millis,
    },
    Ended {
        started_at: Millis,
        limit_at: Millis,
        at: Millis,
        cause: EndCause,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The person said yes; `approver` is whether an administrator comes next.
    Agreed {
        approver: bool,
    },
    /// The person said no, or takes their yes back.
    Declined,
    /// An approver looks after the request: nobody else does now.
    Taken(Approver),
    HandedOver(Approver),
    Denied(Approver),
    /// A channel has delivered the code.
    Delivered,
    /// No channel could.
    DeliveryFailed,
    /// A code was entered by the staff member and the sign-in that asked.
    CodeEntered {
        right: bool,
    },
    /// The same staff member made a new request.
    Replaced,
    Cancelled,
    Started,
    /// The session that the request is about got what was asked for.
    Raised,
    /// More time.
    Extended,
    /// The app is there; the last input by hand was so long ago.
    LeaseRenewed {
        idle: Millis,
    },
    Ended(EndCause),
    /// Impersonation was switched off: whatever is open is over.
    SwitchedOff,
    /// Nothing but time has passed.
    TimePassed,
}

/// Why an event changes nothing (or, after a wrong code, not what was hoped).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the person has not answered yet")]
    NotAgreed,
    #[error("the person is not asked")]
    NotAsked,
    #[error("the session cannot last any longer")]
    NoMoreTime,
    #[error("nobody answers their own request")]
    OwnRequest,
    #[error("somebody else has taken the request")]
    TakenBy(StaffId),
    #[error("the request has not been taken yet")]
    NotTaken,
    #[error("the request waits for no approver")]
    NotPending,
    #[error("the code has not been handed over yet")]
    NotHandedOver,
    #[error("the code is wrong")]
    WrongCode { tries_left: u8 },
    #[error("the code has not been delivered yet")]
    NotDelivered,
    #[error("the code was used already")]
    CodeUsed,
    #[error("the code has not been entered yet")]
    NotVerified,
    #[error("the session has started already")]
    AlreadyStarted,
    #[error("no session has started")]
    NotLive,
    #[error("the request is over")]
    Closed(Closed),
    #[error("the session is over")]
    Ended(EndCause),
}

/// What came of an event: the state to store, and whether the event was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub next: State,
    pub result: Result<(), Refusal>,
}

impl State {
    /// A request at its beginning, where the person answers first.
    pub fn asked(now: Millis, limits: &Limits) -> Self {
        Self::Asked { until: now + limits.answer }
    }

    /// A request at its beginning.
    pub fn requested(now: Millis, limits: &Limits) -> Self {
        Self::Waiting { give_up_at: now + limits.delivery }
    }

    /// A request at its beginning, where an approver hands the code over.
    pub fn pending(now: Millis, limits: &Limits) -> Self {
        Self::Pending { give_up_at: now + limits.pending, taken: None }
    }

    /// What has become of this state by `now`, if nothing else happened.
    pub fn settled(self, now: Millis) -> Self {
        match self {
            Self::Asked { until } if now >= until => {
                Self::Closed { why: Closed::ConsentUnanswered, at: until }
            }
            Self::Pending { give_up_at, .. } if now >= give_up_at => {
                Self::Closed { why: Closed::Unanswered, at: give_up_at }
            }
            Self::Waiting { give_up_at } if now >= give_up_at => {
                Self::Closed { why: Closed::Undeliverable, at: give_up_at }
            }
            Self::CodeSent { expires_at: at, .. } | Self::Verified { start_by: at } if now >= at => {
                Self::Closed { why: Closed::Expired, at }
            }
            Self::Live { started_at, limit_at, lease_until, idle_at } => {
                // The first of them; where two come at once, the one that stands first.
                let ends = [
                    (limit_at, EndCause::Limit),
                    (lease_until, EndCause::ClientLost),
                    (idle_at, EndCause::Idle),
                ];
                match ends.into_iter().min_by_key(|(at, _)| *at) {
                    Some((at, cause)) if now >= at => Self::Ended { started_at, limit_at, at, cause },
                    _ => self,
                }
            }
            other => other,
        }
    }

    /// Applies `event` at `now`.
    pub fn apply(self, event: Event, now: Millis, limits: &Limits) -> Outcome {
        use Event as E;
        let state = self.settled(now);
        let to = |next| Outcome { next, result: Ok(()) };
        let stay = |refusal| Outcome { next: state, result: Err(refusal) };
        let close = |why| to(Self::Closed { why, at: now });
        match (state, event) {
            (_, E::TimePassed) => to(state),
            (Self::Closed { why, .. }, _) => stay(Refusal::Closed(why)),
            (Self::Ended { cause, .. }, _) => stay(Refusal::Ended(cause)),

            (Self::Asked { .. }, E::Agreed { approver: true }) => to(Self::pending(now, limits)),
            (Self::Asked { .. }, E::Agreed { approver: false }) => to(Self::requested(now, limits)),
            (_, E::Agreed { .. }) => stay(Refusal::NotAsked),
            // Whoever is in the account is not declined but ended.
            (Self::Live { .. }, E::Declined) => stay(Refusal::AlreadyStarted),
            (_, E::Declined) => close(Closed::ConsentDeclined),

            (Self::Pending { give_up_at, taken }, E::Taken(by) | E::HandedOver(by) | E::Denied(by)) => {
                match (answerable(taken, by, now), event) {
                    (Err(Refusal::NotTaken), E::Taken(_)) => {
                        let taken = Taken { by: by.id, until: now + limits.hold };
                        to(Self::Pending { give_up_at, taken: Some(taken) })
                    }
                    (Err(refusal), _) => stay(refusal),
                    (Ok(()), E::HandedOver(_)) => to(Self::requested(now, limits)),
                    (Ok(()), E::Denied(_)) => close(Closed::Denied),
                    (Ok(()), _) => to(state),
                }
            }
            (_, E::Taken(_) | E::HandedOver(_) | E::Denied(_)) => stay(Refusal::NotPending),

            (Self::Waiting { .. }, E::Delivered) => {
                to(Self::CodeSent { expires_at: now + limits.code, tries_left: limits.tries })
            }
            // A second channel delivers the same code: the first delivery counts.
            (_, E::Delivered) => to(state),
            (Self::Asked { .. } | Self::Waiting { .. }, E::DeliveryFailed) => close(Closed::Undeliverable),
            (_, E::DeliveryFailed) => to(state),

            (Self::CodeSent { .. }, E::CodeEntered { right: true }) => {
                to(Self::Verified { start_by: now + limits.start })
            }
            (Self::CodeSent { expires_at, tries_left }, E::CodeEntered { right: false }) => {
                let tries_left = tries_left.saturating_sub(1);
                Outcome {
                    next: if tries_left == 0 {
                        Self::Closed { why: Closed::TooManyTries, at: now }
                    } else {
                        Self::CodeSent { expires_at, tries_left }
                    },
                    result: Err(Refusal::WrongCode { tries_left }),
                }
            }
            (Self::Asked { .. }, E::CodeEntered { .. }) => stay(Refusal::NotAgreed),
            (Self::Pending { .. }, E::CodeEntered { .. }) => stay(Refusal::NotHandedOver),
            (Self::Waiting { .. }, E::CodeEntered { .. }) => stay(Refusal::NotDelivered),
            (Self::Verified { .. } | Self::Live { .. }, E::CodeEntered { .. }) => stay(Refusal::CodeUsed),

            (Self::Verified { .. }, E::Started) => to(Self::Live {
                started_at: now,
                limit_at: now + limits.session,
                lease_until: now + limits.lease,
                idle_at: now + limits.idle,
            }),
            (Self::Verified { .. }, E::Raised) => close(Closed::Raised),
            (Self::Live { .. }, E::Started | E::Raised) => stay(Refusal::AlreadyStarted),
            (_, E::Started | E::Raised) => stay(Refusal::NotVerified),

            (Self::Live { started_at, limit_at, lease_until, idle_at }, E::Extended) => {
                let later = (now + limits.session).min(started_at + limits.longest);
                if later > limit_at {
                    to(Self::Live { started_at, limit_at: later, lease_until, idle_at })
                } else {
                    stay(Refusal::NoMoreTime)
                }
            }
            (_, E::Extended) => stay(Refusal::NotLive),

            // What was known before is not taken back: input that was reported stays.
            (Self::Live { started_at, limit_at, idle_at, .. }, E::LeaseRenewed { idle }) => to(Self::Live {
                started_at,
                limit_at,
                lease_until: now + limits.lease,
                idle_at: idle_at.max(now.saturating_sub(idle.max(0)).saturating_add(limits.idle)),
            }),
            (Self::Live { started_at, limit_at, .. }, E::Ended(cause)) => {
                to(Self::Ended { started_at, limit_at, at: now, cause })
            }
            (_, E::LeaseRenewed { .. } | E::Ended(_)) => stay(Refusal::NotLive),

            (Self::Live { started_at, limit_at, .. }, E::SwitchedOff) => {
                to(Self::Ended { started_at, limit_at, at: now, cause: EndCause::SwitchedOff })
            }
            (_, E::SwitchedOff) => close(Closed::SwitchedOff),

            (Self::Live { .. }, E::Replaced | E::Cancelled) => stay(Refusal::AlreadyStarted),
            (_, E::Replaced) => close(Closed::Replaced),
            (_, E::Cancelled) => close(Closed::Cancelled),
        }
    }

    /// Neither closed nor ended.
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Closed { .. } | Self::Ended { .. })
    }

    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }
}

/// Whether this approver may answer the request now: it is somebody else's, and they have taken it.
fn answerable(taken: Option<Taken>, by: Approver, now: Millis) -> Result<(), Refusal> {
    match taken {
        _ if by.is_requester => Err(Refusal::OwnRequest),
        Some(taken) if taken.by == by.id => Ok(()),
        Some(taken) if now < taken.until => Err(Refusal::TakenBy(taken.by)),
        _ => Err(Refusal::NotTaken),
    }
}
