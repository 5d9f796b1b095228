//! Two of the staff, the person whose account it is, an approver and a clock, in any order: what must never come of it.
//!
//! The desk keeps what a store keeps (one open request for each of the staff, one session in the account) and asks the
//! rules for everything else.

use proptest::prelude::*;
use understudy_rules::{
    Millis,
    consent::{CHANGE, Consent, Event as Answer, Scope},
    impersonation::{Approver, Closed, EndCause, Event, Limits, State},
    passage::{Class, Mode, Passage, Pattern, Route, decide},
};

const STAFF: usize = 2;

#[derive(Debug, Clone, Copy)]
enum Step {
    Request {
        mode: Mode,
        to_approver: bool,
    },
    /// By the other one of the two, or by the one who asked.
    Takes {
        other: bool,
    },
    HandsOver {
        other: bool,
    },
    Denies {
        other: bool,
    },
    Delivered,
    Code {
        right: bool,
    },
    Starts,
    Renews {
        idle: Millis,
    },
    Exits,
    Asks,
    Answers {
        allow: bool,
    },
    Changes {
        by_get: bool,
    },
    Looks,
    SwitchesOff,
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::View), Just(Mode::Act)]
}

fn step() -> impl Strategy<Value = Step> {
    use Step as S;
    let other = || prop_oneof![4 => Just(true), 1 => Just(false)];
    prop_oneof![
        3 => (mode(), any::<bool>()).prop_map(|(mode, to_approver)| S::Request { mode, to_approver }),
        2 => other().prop_map(|other| S::Takes { other }),
        2 => other().prop_map(|other| S::HandsOver { other }),
        1 => other().prop_map(|other| S::Denies { other }),
        4 => Just(S::Delivered),
        4 => prop_oneof![4 => Just(true), 1 => Just(false)].prop_map(|right| S::Code { right }),
        4 => Just(S::Starts),
        3 => (0..400_000i64).prop_map(|idle| S::Renews { idle }),
        1 => Just(S::Exits),
        3 => Just(S::Asks),
        3 => any::<bool>().prop_map(|allow| S::Answers { allow }),
        4 => any::<bool>().prop_map(|by_get| S::Changes { by_get }),
        2 => Just(S::Looks),
        1 => Just(S::SwitchesOff),
    ]
}

/// What became of one request, for the checks: each field is set by an accepted step alone.
#[derive(Debug, Clone, Copy)]
struct Impersonation {
    state: State,
    mode: Mode,
    to_approver: bool,
    handed_over: bool,
    code_entered: bool,
    consent: Option<Consent>,
    allowed_at: Option<Millis>,
}

struct Desk {
    now: Millis,
    limits: Limits,
    routes: Vec<Route>,
    of: [Option<Impersonation>; STAFF],
    off: bool,
}

impl Desk {
    fn new() -> Self {
        let bank = Route {
            method: Some("POST".to_owned()),
            pattern: Pattern::parse("/settings/bank").expect("a pattern"),
            name: None,
            class: Class::ByMethod,
            needs: Some(Scope::BankDetails),
        };
        Self { now: 0, limits: Limits::default(), routes: vec![bank], of: [None; STAFF], off: false }
    }

    fn live(&self, who: usize) -> Option<Impersonation> {
        self.of[who].filter(|it| it.state.settled(self.now).is_live())
    }

    /// Whether the rules accept it.
    fn tell(&mut self, who: usize, event: Event) -> bool {
        let Some(it) = &mut self.of[who] else { return false };
        let outcome = it.state.apply(event, self.now, &self.limits);
        it.state = outcome.next;
        outcome.result.is_ok()
    }

    /// Makes a step; answers with what the platform was changed by, if it was.
    fn make(&mut self, who: usize, step: Step) -> Option<Impersonation> {
        let by = |other: bool| Approver { id: u128::from(other == (who == 0)), is_requester: !other };
        match step {
            Step::Request { mode, to_approver } if !self.off && self.live(who).is_none() => {
                let first = if to_approver { State::pending } else { State::requested };
                let state = first(self.now, &self.limits);
                self.of[who] = Some(Impersonation {
                    state,
                    mode,
                    to_approver,
                    handed_over: false,
                    code_entered: false,
                    consent: None,
                    allowed_at: None,
                });
            }
            Step::Takes { other } => {
                self.tell(who, Event::Taken(by(other)));
            }
            Step::HandsOver { other } => {
                let done = self.tell(who, Event::HandedOver(by(other)));
                self.of[who].as_mut()?.handed_over |= done && other;
            }
            Step::Denies { other } => {
                self.tell(who, Event::Denied(by(other)));
            }
            Step::Delivered => {
                self.tell(who, Event::Delivered);
            }
            Step::Code { right } => {
                let done = self.tell(who, Event::CodeEntered { right });
                self.of[who].as_mut()?.code_entered |= done && right;
            }
            Step::Starts if self.live(1 - who).is_none() => {
                self.tell(who, Event::Started);
            }
            Step::Renews { idle } => {
                self.tell(who, Event::LeaseRenewed { idle });
            }
            Step::Exits => {
                self.tell(who, Event::Ended(EndCause::Exit));
            }
            Step::Asks if self.live(who).is_some() => {
                let now = self.now;
                let it = self.of[who].as_mut()?;
                let open =
                    |it: Consent| matches!(it.settled(now), Consent::Asked { .. } | Consent::Allowed { .. });
                if !it.consent.is_some_and(open) {
                    it.consent = Some(Consent::asked(now));
                    it.allowed_at = None;
                }
            }
            Step::Answers { allow } if self.live(who).is_some() => {
                let now = self.now;
                let it = self.of[who].as_mut()?;
                it.consent = Some(it.consent?.apply(Answer::Answered { allow }, now)?);
                it.allowed_at = allow.then_some(now);
            }
            Step::Changes { by_get } => {
                let before = self.live(who)?;
                let (method, query) = if by_get { ("GET", "_method=POST") } else { ("POST", "") };
                let passage = decide(&self.routes, before.mode, method, "/settings/bank", query);
                let Passage::Forward { needs: Some(Scope::BankDetails), changes: true, .. } = passage else {
                    return None;
                };
                let it = self.of[who].as_mut()?;
                it.consent = Some(it.consent?.apply(Answer::Changed, self.now)?);
                return Some(before);
            }
            Step::SwitchesOff => {
                self.off = true;
                for who in 0..STAFF {
                    self.tell(who, Event::SwitchedOff);
                }
            }
            _ => {}
        }
        None
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn invariant_8_and_9_no_order_of_staff_person_approver_and_clock_opens_what_is_shut(
        steps in prop::collection::vec(
            (0..STAFF, step(), prop_oneof![12 => 0..5_000i64, 1 => 0..4_000_000i64]), 1..120)
    ) {
        let mut desk = Desk::new();
        for (who, step, pause) in steps {
            desk.now += pause;
            let changed = desk.make(who, step);
            let live: Vec<_> = (0..STAFF).filter_map(|who| desk.live(who)).collect();
            prop_assert!(live.len() <= 1, "two in one account: {live:?}");
            prop_assert!(!desk.off || live.is_empty(), "somebody is in while it is switched off");
            for it in live {
                prop_assert!(it.code_entered, "{it:?}");
                prop_assert!(!it.to_approver || it.handed_over, "{it:?}");
            }
            for it in desk.of.into_iter().flatten() {
                let denied = matches!(it.state, State::Closed { why: Closed::Denied, .. });
                prop_assert!(!denied || !it.handed_over, "{it:?}");
            }
            if let Some(it) = changed {
                prop_assert_eq!(it.mode, Mode::Act);
                let yes = it.allowed_at.expect("the person has said yes");
                prop_assert!(desk.now - yes < CHANGE);
                // The same yes opens nothing more.
                prop_assert!(desk.make(who, step).is_none());
            }
        }
    }
}

/// The test of the test: the desk is one on which sessions run and changes happen.
#[test]
fn on_this_desk_a_change_with_consent_is_possible() {
    let mut desk = Desk::new();
    let steps = [
        Step::Request { mode: Mode::Act, to_approver: true },
        Step::Takes { other: true },
        Step::HandsOver { other: true },
        Step::Delivered,
        Step::Code { right: true },
        Step::Starts,
        Step::Looks,
        Step::Renews { idle: 0 },
        Step::Asks,
        Step::Answers { allow: true },
    ];
    for step in steps {
        assert!(desk.make(0, step).is_none());
    }
    assert!(desk.make(1, Step::Starts).is_none() && desk.live(1).is_none());
    assert!(desk.make(0, Step::Changes { by_get: false }).is_some());
    assert!(desk.make(0, Step::Exits).is_none() && desk.live(0).is_none());
}
