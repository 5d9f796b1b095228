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
        /// The person is asked first.
        by_page: bool,
    },
    /// For changes in the session that runs.
    RequestsMore {
        to_approver: bool,
        by_page: bool,
    },
    /// The person answers a request: the newest of this one of the two.
    LetsIn {
        allow: bool,
    },
    GetsMore,
    Extends,
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
        3 => (mode(), any::<bool>(), any::<bool>())
            .prop_map(|(mode, to_approver, by_page)| S::Request { mode, to_approver, by_page }),
        2 => (any::<bool>(), any::<bool>())
            .prop_map(|(to_approver, by_page)| S::RequestsMore { to_approver, by_page }),
        3 => any::<bool>().prop_map(|allow| S::LetsIn { allow }),
        3 => Just(S::GetsMore),
        1 => Just(S::Extends),
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
    by_page: bool,
    let_in: bool,
    handed_over: bool,
    code_entered: bool,
    consent: Option<Consent>,
    allowed_at: Option<Millis>,
}

impl Impersonation {
    fn new(state: State, mode: Mode, to_approver: bool, by_page: bool) -> Self {
        Self {
            state,
            mode,
            to_approver,
            by_page,
            let_in: false,
            handed_over: false,
            code_entered: false,
            consent: None,
            allowed_at: None,
        }
    }

    /// Whether everybody has said yes who has to.
    fn is_earned(&self) -> bool {
        self.code_entered && (!self.to_approver || self.handed_over) && (!self.by_page || self.let_in)
    }
}

struct Desk {
    now: Millis,
    limits: Limits,
    routes: Vec<Route>,
    of: [Option<Impersonation>; STAFF],
    /// What each of them wants more of in their session.
    more: [Option<Impersonation>; STAFF],
    /// In which mode each of them asked to be let in.
    asked_mode: [Mode; STAFF],
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
        Self {
            now: 0,
            limits: Limits::default(),
            routes: vec![bank],
            of: [None; STAFF],
            more: [None; STAFF],
            asked_mode: [Mode::View; STAFF],
            off: false,
        }
    }

    fn live(&self, who: usize) -> Option<Impersonation> {
        self.of[who].filter(|it| it.state.settled(self.now).is_live())
    }

    /// What is under way: what is wanted in a session, else the request or session itself.
    fn newest(&mut self, who: usize) -> Option<&mut Impersonation> {
        let now = self.now;
        let more = self.more[who].filter(|it| it.state.settled(now).is_open());
        if more.is_some() { self.more[who].as_mut() } else { self.of[who].as_mut() }
    }

    /// Whether the rules accept it, of what is under way.
    fn tell(&mut self, who: usize, event: Event) -> bool {
        let (now, limits) = (self.now, self.limits);
        let Some(it) = self.newest(who) else { return false };
        let outcome = it.state.apply(event, now, &limits);
        it.state = outcome.next;
        outcome.result.is_ok()
    }

    /// The same, of the session itself.
    fn tell_session(&mut self, who: usize, event: Event) -> bool {
        let Some(it) = &mut self.of[who] else { return false };
        let outcome = it.state.apply(event, self.now, &self.limits);
        it.state = outcome.next;
        outcome.result.is_ok()
    }

    fn begin(&self, to_approver: bool, by_page: bool) -> State {
        let first = match (by_page, to_approver) {
            (true, _) => State::asked,
            (false, true) => State::pending,
            (false, false) => State::requested,
        };
        first(self.now, &self.limits)
    }

    /// Makes a step; answers with what the platform was changed by, if it was.
    fn make(&mut self, who: usize, step: Step) -> Option<Impersonation> {
        let by = |other: bool| Approver { id: u128::from(other == (who == 0)), is_requester: !other };
        match step {
            Step::Request { mode, to_approver, by_page } if !self.off && self.live(who).is_none() => {
                let state = self.begin(to_approver, by_page);
                self.of[who] = Some(Impersonation::new(state, mode, to_approver, by_page));
                (self.more[who], self.asked_mode[who]) = (None, mode);
            }
            Step::RequestsMore { to_approver, by_page }
                if !self.off && self.live(who).is_some_and(|it| it.mode == Mode::View) =>
            {
                let state = self.begin(to_approver, by_page);
                self.more[who] = Some(Impersonation::new(state, Mode::Act, to_approver, by_page));
            }
            Step::LetsIn { allow } => {
                let it = *self.newest(who)?;
                let event = if allow { Event::Agreed { approver: it.to_approver } } else { Event::Declined };
                // A no is the end of it: whether it was a yes before counts for nothing.
                if it.by_page && self.tell(who, event) && allow {
                    self.newest(who)?.let_in = true;
                }
            }
            // In the write that sets the session's mode: if it is live.
            Step::GetsMore if self.live(who).is_some() => {
                let it = self.more[who].as_mut()?;
                let outcome = it.state.apply(Event::Raised, self.now, &self.limits);
                it.state = outcome.next;
                if outcome.result.is_ok() {
                    self.of[who].as_mut()?.mode = Mode::Act;
                }
            }
            Step::Extends => {
                self.tell_session(who, Event::Extended);
            }
            Step::Takes { other } => {
                self.tell(who, Event::Taken(by(other)));
            }
            Step::HandsOver { other } => {
                let done = self.tell(who, Event::HandedOver(by(other)));
                self.newest(who)?.handed_over |= done && other;
            }
            Step::Denies { other } => {
                self.tell(who, Event::Denied(by(other)));
            }
            Step::Delivered => {
                self.tell(who, Event::Delivered);
            }
            Step::Code { right } => {
                let done = self.tell(who, Event::CodeEntered { right });
                self.newest(who)?.code_entered |= done && right;
            }
            Step::Starts if self.live(1 - who).is_none() => {
                self.tell_session(who, Event::Started);
            }
            Step::Renews { idle } => {
                self.tell_session(who, Event::LeaseRenewed { idle });
            }
            Step::Exits => {
                self.tell_session(who, Event::Ended(EndCause::Exit));
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
                    self.tell_session(who, Event::SwitchedOff);
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
            for who in 0..STAFF {
                let Some(it) = desk.live(who) else { continue };
                prop_assert!(it.is_earned() , "{it:?}");
                let raised = desk.more[who].filter(|more| matches!(more.state, State::Closed { why: Closed::Raised, .. }));
                prop_assert!(it.mode == desk.asked_mode[who] || raised.is_some_and(|more| more.is_earned()), "{it:?}");
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
        Step::Request { mode: Mode::View, to_approver: true, by_page: true },
        Step::LetsIn { allow: true },
        Step::Takes { other: true },
        Step::HandsOver { other: true },
        Step::Delivered,
        Step::Code { right: true },
        Step::Starts,
        Step::Looks,
        Step::Renews { idle: 0 },
        Step::RequestsMore { to_approver: false, by_page: true },
        Step::LetsIn { allow: true },
        Step::Delivered,
        Step::Code { right: true },
        Step::GetsMore,
        Step::Extends,
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
