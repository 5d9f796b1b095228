//! The record against somebody who may write to the database.

use proptest::prelude::*;
use understudy_ledger::{
    Details, Frontier, Head, Leaf, Sealed,
    entry::Parties,
    verify::{Finding, Found, FoundBy, verify},
};

fn sealed(index: u64) -> Sealed {
    let parties = Parties { staff: Some(format!("s{}", index % 3)), ..Parties::default() };
    let details = Details { salt: [index.to_le_bytes()[0]; 32], text: format!("{{\"n\":{index}}}") };
    Sealed::new(1_000 + index.cast_signed(), "action", parties, details).expect("JSON")
}

fn found(index: u64, leaf: Vec<u8>, details: Option<Details>) -> Found {
    let parsed: Leaf = serde_json::from_slice(&leaf).expect("a leaf");
    let found_by = FoundBy { time: parsed.time, kind: parsed.kind, session: parsed.session };
    Found { index, leaf, found_by, details }
}

/// `size` entries as the writer would leave them.
fn written(size: u64) -> (Vec<Found>, Head) {
    let mut frontier = Frontier::default();
    let entries = (0..size)
        .map(|index| {
            let entry = sealed(index);
            frontier.push(entry.hash);
            found(index, entry.leaf, Some(entry.details))
        })
        .collect();
    (entries, frontier.head())
}

/// What somebody with the database in hand would do after changing it: number anew, compute the head anew.
fn covered_up(mut entries: Vec<Found>) -> (Vec<Found>, Head) {
    let mut frontier = Frontier::default();
    for (entry, index) in entries.iter_mut().zip(0..) {
        entry.index = index;
        frontier.push(understudy_ledger::tree::leaf_hash(&entry.leaf));
    }
    (entries, frontier.head())
}

#[test]
fn an_untouched_record_verifies_at_every_size() {
    for size in 0..70 {
        let (entries, head) = written(size);
        let report = verify(entries, &[head]);
        assert_eq!((report.findings, report.head), (vec![], head), "{size}");
    }
}

#[test]
fn the_root_is_that_of_rfc_6962() {
    // Root over the eight leaves of the test vectors of certificate-transparency-go (merkle/rfc6962).
    let leaves: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let mut frontier = Frontier::default();
    for leaf in leaves {
        frontier.push(understudy_ledger::tree::leaf_hash(leaf));
    }
    let hex: String = frontier.head().root.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

#[test]
fn erased_details_break_nothing() {
    let (mut entries, head) = written(9);
    entries[4].details = None;
    assert_eq!(verify(entries, &[head]).findings, []);
}

proptest! {
    #[test]
    fn invariant_10_changing_dropping_inserting_or_reordering_is_found(
        size in 2u64..40, place in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), attack in 0..6,
    ) {
        let (mut entries, head) = written(size);
        let (place, other) = (place.index(entries.len()), other.index(entries.len()));
        prop_assume!(attack != 4 || place != other);
        match attack {
            0 => entries[place].leaf = String::from_utf8_lossy(&entries[place].leaf).replace("action", "Action").into(),
            1 => { entries.remove(place); }
            2 => { entries.pop(); }
            3 => entries.insert(place, found(place as u64, sealed(99).leaf, None)),
            4 => entries.swap(place, other),
            _ => if let Some(details) = &mut entries[place].details { details.text.push(' ') },
        }
        prop_assert!(!verify(entries.clone(), &[head]).findings.is_empty());
        // With the stored head made anew as well, the head that somebody noted earlier still tells.
        let (entries, forged) = covered_up(entries);
        prop_assert!(!verify(entries, &[forged, head]).findings.is_empty());
    }
}

#[test]
fn a_frontier_of_the_wrong_size_is_not_taken_up() {
    let mut frontier = Frontier::default();
    (0..11).for_each(|index| frontier.push(sealed(index).hash));
    assert_eq!(Frontier::restore(11, &frontier.to_bytes()), Some(frontier.clone()));
    assert_eq!(Frontier::restore(12, &frontier.to_bytes()), None);
    assert_eq!(Frontier::restore(11, &frontier.to_bytes()[1..]), None);
}

#[test]
fn findings_name_the_entry() {
    let (mut entries, head) = written(5);
    entries.remove(2);
    let findings = verify(entries, &[head]).findings;
    assert_eq!(findings[0].to_string(), "entry 2 is missing: entry 3 stands in its place");
    assert!(findings.contains(&Finding::Size { expected: 5, found: 4 }));
}

#[test]
fn invariant_10_an_entry_filed_where_nobody_looks_is_found() {
    let (entries, head) = written(5);
    let hide: [fn(&mut FoundBy); 3] =
        [|by| by.kind = "other".to_owned(), |by| by.session = Some("another".to_owned()), |by| by.time += 1];
    for hide in hide {
        let mut entries = entries.clone();
        hide(&mut entries[3].found_by);
        assert_eq!(verify(entries, &[head]).findings, [Finding::Misfiled { index: 3 }]);
    }
}
