//! Whatever happens, in whatever order: what must hold of an impersonation.

use proptest::prelude::*;
use understudy_rules::{
    Millis,
    code::{ALPHABET, Code},
    impersonation::{Approver, Closed, EndCause, Event, Limits, Refusal, State},
};

/// The requester (with either of their accounts) and two colleagues.
fn approver() -> impl Strategy<Value = Approver> {
    (0..4u128).prop_map(|id| Approver { id, is_requester: id < 2 })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => any::<bool>().prop_map(|approver| Event::Agreed { approver }),
        1 => Just(Event::Declined),
        2 => approver().prop_map(Event::Taken),
        2 => approver().prop_map(Event::HandedOver),
        1 => approver().prop_map(Event::Denied),
        3 => Just(Event::Delivered),
        1 => Just(Event::DeliveryFailed),
        3 => any::<bool>().prop_map(|right| Event::CodeEntered { right }),
        1 => Just(Event::Replaced),
        1 => Just(Event::Cancelled),
        3 => Just(Event::Started),
        1 => Just(Event::Raised),
        1 => Just(Event::Extended),
        3 => (0..400_000i64).prop_map(|idle| Event::LeaseRenewed { idle }),
        1 => prop_oneof![Just(EndCause::Exit), Just(EndCause::StoppedByStaff)].prop_map(Event::Ended),
        1 => Just(Event::SwitchedOff),
        1 => Just(Event::TimePassed),
    ]
}

/// Mostly small steps, some longer than any limit.
fn steps() -> impl Strategy<Value = Vec<(Event, Millis)>> {
    prop::collection::vec((event(), prop_oneof![8 => 0..20_000i64, 1 => 0..4_000_000i64]), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn invariant_4_no_live_session_without_a_right_code_and_a_code_works_once(steps in steps()) {
        let limits = Limits::default();
        let (mut now, mut state) = (0, State::requested(0, &limits));
        let (mut right, mut starts, mut wrong) = (0, 0, 0);
        for (event, pause) in steps {
            now += pause;
            let outcome = state.apply(event, now, &limits);
            state = outcome.next;
            match (event, outcome.result) {
                (Event::CodeEntered { right: true }, Ok(())) => right += 1,
                (Event::CodeEntered { right: false }, result) => {
                    prop_assert!(result.is_err());
                    wrong += u8::from(matches!(result, Err(Refusal::WrongCode { .. })));
                }
                (Event::Started, Ok(())) => starts += 1,
                _ => {}
            }
            prop_assert!(right <= 1 && starts <= 1 && starts <= right && wrong <= limits.tries);
            if state.is_live() {
                prop_assert_eq!(right, 1);
            }
        }
    }

    #[test]
    fn invariant_8_no_pending_request_comes_alive_without_a_hand_over_by_somebody_else(steps in steps()) {
        let limits = Limits::default();
        let (mut now, mut state) = (0, State::pending(0, &limits));
        let (mut taken, mut handed_over, mut denied) = (None, 0, false);
        for (event, pause) in steps {
            now += pause;
            let outcome = state.apply(event, now, &limits);
            state = outcome.next;
            match (event, outcome.result) {
                (Event::Taken(by), Ok(())) => {
                    prop_assert!(!by.is_requester);
                    // Nobody takes it out of somebody's hands before their time is over.
                    prop_assert!(taken.is_none_or(|(id, at)| id == by.id || at + limits.hold <= now));
                    if taken.is_none_or(|(id, _)| id != by.id) {
                        taken = Some((by.id, now));
                    }
                }
                (Event::HandedOver(by), Ok(())) => {
                    prop_assert!(!by.is_requester && !denied && taken.is_some_and(|(id, _)| id == by.id));
                    prop_assert!(now < limits.pending);
                    handed_over += 1;
                }
                (Event::Denied(by), Ok(())) => {
                    prop_assert!(!by.is_requester && taken.is_some_and(|(id, _)| id == by.id));
                    denied = true;
                }
                _ => {}
            }
            prop_assert!(handed_over <= 1 && !(denied && handed_over > 0));
            if !matches!(state, State::Pending { .. } | State::Closed { .. }) {
                prop_assert_eq!(handed_over, 1);
            }
            let is_denied = matches!(state, State::Closed { why: Closed::Denied, .. });
            prop_assert_eq!(is_denied, denied);
            if handed_over == 0 {
                prop_assert!(now < limits.pending || !state.is_open());
            }
        }
    }

    #[test]
    fn invariant_8_no_request_that_asks_its_person_goes_on_without_their_yes(steps in steps()) {
        let limits = Limits::default();
        let (mut now, mut state) = (0, State::asked(0, &limits));
        let (mut agreed, mut declined) = (0, false);
        for (event, pause) in steps {
            now += pause;
            let outcome = state.apply(event, now, &limits);
            state = outcome.next;
            match (event, outcome.result) {
                (Event::Agreed { .. }, Ok(())) => {
                    prop_assert!(now < limits.answer && !declined);
                    agreed += 1;
                }
                (Event::Declined, Ok(())) => declined = true,
                _ => {}
            }
            prop_assert!(agreed <= 1);
            if !matches!(state, State::Asked { .. } | State::Closed { .. }) {
                prop_assert!(agreed == 1 && !declined);
            }
            let is_declined = matches!(state, State::Closed { why: Closed::ConsentDeclined, .. });
            prop_assert_eq!(is_declined, declined);
        }
    }

    #[test]
    fn invariant_3_every_end_has_its_cause_and_nothing_follows_an_end(steps in steps(), pending in any::<bool>()) {
        let limits = Limits::default();
        let first = if pending { State::pending } else { State::requested };
        let (mut now, mut state, mut extended_at) = (0, first(0, &limits), None);
        for (event, pause) in steps {
            now += pause;
            let before = state.settled(now);
            let outcome = state.apply(event, now, &limits);
            state = outcome.next;
            if event == Event::Extended && outcome.result.is_ok() {
                extended_at = Some(now);
            }
            if !before.is_open() {
                prop_assert_eq!(state, before);
                prop_assert!(event == Event::TimePassed || outcome.result.is_err());
            }
            match state {
                State::Live { started_at, limit_at, lease_until, idle_at } => {
                    prop_assert!(now < limit_at && now < lease_until && now < idle_at);
                    prop_assert!(idle_at <= now + limits.idle);
                    prop_assert!(limit_at <= started_at + limits.longest);
                    prop_assert!(limit_at <= extended_at.unwrap_or(started_at) + limits.session);
                }
                State::Ended { started_at, limit_at, at, cause } => {
                    prop_assert!(started_at <= at && at <= now && at <= limit_at);
                    prop_assert!(cause != EndCause::Limit || at == limit_at);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_code_is_read_back_however_it_is_typed(bytes in prop::collection::vec(0u8..240, 8)) {
        let mut bytes = bytes.into_iter();
        let code = Code::random(|| bytes.next().unwrap_or_default());
        let shown = code.shown();
        prop_assert_eq!(shown.len(), 9);
        for typed in [shown.clone(), shown.to_lowercase(), shown.replace('-', ""), format!(" {} ", shown.replace('-', " - "))] {
            prop_assert!(Code::parse(&typed).as_ref() == Some(&code), "{typed}");
        }
    }
}

#[test]
fn codes_use_each_letter_equally_often() {
    let mut drawn = [0u32; 256];
    let mut all = (0..=255u8).cycle();
    for _ in 0..300 {
        for byte in Code::random(|| all.next().unwrap_or_default()).as_bytes() {
            drawn[usize::from(*byte)] += 1;
        }
    }
    assert!(ALPHABET.iter().all(|letter| drawn[usize::from(*letter)] == 300 * 8 / 20));
}

#[test]
fn what_is_no_code_is_not_read_as_one() {
    for typed in ["", "WDJB", "WDJB-MJH", "WDJB-MJHTT", "WDJA-MJHT", "WDJB_MJHT", "12345678"] {
        assert!(Code::parse(typed).is_none(), "{typed}");
    }
}

#[test]
fn invariant_3_the_switch_ends_whatever_is_open_and_names_itself_as_the_cause() {
    let limits = Limits::default();
    let mut state = State::pending(0, &limits);
    let grace = Approver { id: 7, is_requester: false };
    for event in [
        Event::Taken(grace),
        Event::HandedOver(grace),
        Event::Delivered,
        Event::CodeEntered { right: true },
        Event::Started,
    ] {
        let off = state.apply(Event::SwitchedOff, 1, &limits);
        assert_eq!((off.next, off.result), (State::Closed { why: Closed::SwitchedOff, at: 1 }, Ok(())));
        assert_eq!(off.next.apply(event, 1, &limits).result, Err(Refusal::Closed(Closed::SwitchedOff)));
        state = state.apply(event, 0, &limits).next;
    }
    let off = state.apply(Event::SwitchedOff, 1, &limits);
    assert!(matches!(off.next, State::Ended { at: 1, cause: EndCause::SwitchedOff, .. }));
}

#[test]
fn the_first_who_takes_a_request_has_it_and_after_ten_minutes_another_may() {
    let limits = Limits::default();
    let [ada, grace, max] = [1, 2, 3].map(|id| Approver { id, is_requester: id == 1 });
    let state = State::pending(0, &limits);
    let refused = |state: State, event, now| state.apply(event, now, &limits).result;
    for event in [Event::Taken, Event::HandedOver, Event::Denied] {
        assert_eq!(refused(state, event(ada), 0), Err(Refusal::OwnRequest));
    }
    assert_eq!(refused(state, Event::HandedOver(grace), 0), Err(Refusal::NotTaken));
    assert_eq!(refused(state, Event::CodeEntered { right: true }, 0), Err(Refusal::NotHandedOver));
    let taken = state.apply(Event::Taken(grace), 0, &limits).next;
    for event in [Event::Taken, Event::HandedOver, Event::Denied] {
        assert_eq!(refused(taken, event(max), limits.hold - 1), Err(Refusal::TakenBy(grace.id)));
    }
    // Whoever has it keeps it until somebody else takes it.
    assert_eq!(refused(taken, Event::HandedOver(max), limits.hold), Err(Refusal::NotTaken));
    assert_eq!(refused(taken, Event::HandedOver(grace), limits.hold), Ok(()));
    let other = taken.apply(Event::Taken(max), limits.hold, &limits).next;
    assert_eq!(refused(other, Event::HandedOver(grace), limits.hold), Err(Refusal::TakenBy(max.id)));
    let handed_over = other.apply(Event::HandedOver(max), limits.hold, &limits).next;
    assert_eq!(handed_over, State::Waiting { give_up_at: limits.hold + limits.delivery });
    assert_eq!(refused(handed_over, Event::Denied(max), limits.hold), Err(Refusal::NotPending));
}

#[test]
fn a_request_that_nobody_answers_ends_after_an_hour() {
    let limits = Limits::default();
    let grace = Approver { id: 2, is_requester: false };
    let taken = State::pending(0, &limits).apply(Event::Taken(grace), 0, &limits).next;
    let hour = 60 * 60_000;
    assert_eq!(taken.settled(hour - 1), taken);
    assert_eq!(taken.settled(hour), State::Closed { why: Closed::Unanswered, at: hour });
    let late = taken.apply(Event::HandedOver(grace), hour, &limits);
    assert_eq!(late.result, Err(Refusal::Closed(Closed::Unanswered)));
}

#[test]
fn a_session_is_extended_up_to_the_longest_and_never_without_a_start() {
    let limits = Limits::default();
    let mut state = State::requested(0, &limits);
    for event in [Event::Delivered, Event::CodeEntered { right: true }] {
        assert!(state.apply(Event::Extended, 0, &limits).result.is_err());
        state = state.apply(event, 0, &limits).next;
    }
    // A request for more is over once it has brought it: it starts no session.
    let raised = state.apply(Event::Raised, 0, &limits).next;
    assert_eq!(raised.apply(Event::Started, 0, &limits).result, Err(Refusal::Closed(Closed::Raised)));
    state = state.apply(Event::Started, 0, &limits).next;
    let minutes = |minutes: Millis| minutes * 60_000;
    for (now, limit) in [
        (minutes(20), minutes(50)),
        (minutes(40), minutes(70)),
        (minutes(69), minutes(99)),
        (minutes(98), minutes(120)),
    ] {
        for at in (state_from(state)..=now).step_by(20_000) {
            state = state.apply(Event::LeaseRenewed { idle: 0 }, at, &limits).next;
        }
        let outcome = state.apply(Event::Extended, now, &limits);
        assert_eq!(outcome.result, Ok(()));
        assert!(
            matches!(outcome.next, State::Live { limit_at, .. } if limit_at == limit),
            "{:?}",
            outcome.next
        );
        state = outcome.next;
    }
    assert_eq!(state.apply(Event::Extended, minutes(98), &limits).result, Err(Refusal::NoMoreTime));
    assert_eq!(
        State::requested(0, &limits).apply(Event::Raised, 0, &limits).result,
        Err(Refusal::NotVerified)
    );
}

/// When its lease was renewed last.
fn state_from(state: State) -> Millis {
    match state {
        State::Live { lease_until, .. } => lease_until - Limits::default().lease,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_third_wrong_code_ends_the_request() {
    let limits = Limits::default();
    let mut state = State::requested(0, &limits).apply(Event::Delivered, 0, &limits).next;
    for left in [2, 1, 0] {
        let outcome = state.apply(Event::CodeEntered { right: false }, 1, &limits);
        assert_eq!(outcome.result, Err(Refusal::WrongCode { tries_left: left }));
        state = outcome.next;
    }
    let outcome = state.apply(Event::CodeEntered { right: true }, 2, &limits);
    assert_eq!(outcome.result, Err(Refusal::Closed(Closed::TooManyTries)));
}

#[test]
fn a_code_is_good_until_it_expires_and_not_a_moment_longer() {
    let limits = Limits::default();
    let sent = State::requested(0, &limits).apply(Event::Delivered, 1_000, &limits).next;
    let enter = |now| sent.apply(Event::CodeEntered { right: true }, now, &limits).result;
    assert_eq!(enter(1_000 + limits.code - 1), Ok(()));
    assert_eq!(enter(1_000 + limits.code), Err(Refusal::Closed(Closed::Expired)));
}

#[test]
fn a_lease_that_is_not_renewed_ends_the_session_when_it_ran_out() {
    let limits = Limits::default();
    let mut state = State::requested(0, &limits);
    for event in [Event::Delivered, Event::CodeEntered { right: true }, Event::Started] {
        state = state.apply(event, 0, &limits).next;
    }
    let renewed = state.apply(Event::LeaseRenewed { idle: 0 }, 29_999, &limits);
    assert_eq!(renewed.result, Ok(()));
    assert!(matches!(
        renewed.next.settled(90_000),
        State::Ended { at: 59_999, cause: EndCause::ClientLost, .. }
    ));
    assert_eq!(
        state.apply(Event::LeaseRenewed { idle: 0 }, 30_000, &limits).result,
        Err(Refusal::Ended(EndCause::ClientLost))
    );
}

#[test]
fn a_session_without_input_by_hand_ends_and_what_was_reported_is_not_taken_back() {
    let limits = Limits::default();
    let mut state = State::requested(0, &limits);
    for event in [Event::Delivered, Event::CodeEntered { right: true }, Event::Started] {
        state = state.apply(event, 0, &limits).next;
    }
    let end = |state: State| match state.settled(3_600_000) {
        State::Ended { at, cause, .. } => (at, cause),
        other => panic!("{other:?}"),
    };
    // An app that renews and renews, with nobody at it; then one that was touched at 100 s.
    let renewed = |mut state: State, idle_of: fn(Millis) -> Millis| {
        for now in (10_000..).step_by(10_000).take(60) {
            let outcome = state.apply(Event::LeaseRenewed { idle: idle_of(now) }, now, &limits);
            state = outcome.next;
        }
        state
    };
    assert_eq!(end(renewed(state, |now| now)), (300_000, EndCause::Idle));
    assert_eq!(
        end(renewed(state, |now| if now < 100_000 { now } else { now - 95_000 })),
        (395_000, EndCause::Idle)
    );
    // Reported once, and then as if it had never been.
    let told = state.apply(Event::LeaseRenewed { idle: 0 }, 20_000, &limits).next;
    let untold = told.apply(Event::LeaseRenewed { idle: i64::MAX }, 30_000, &limits).next;
    assert!(matches!(untold, State::Live { idle_at: 320_000, .. }), "{untold:?}");
    // Nonsense is no time in the future.
    let odd = state.apply(Event::LeaseRenewed { idle: -1_000_000 }, 10_000, &limits).next;
    assert!(matches!(odd, State::Live { idle_at: 310_000, .. }), "{odd:?}");
}
