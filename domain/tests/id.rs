//! Ids: unique, rising, and read back as they were written.

use std::{collections::HashSet, sync::Arc};

use domain::{Clock, Id, IdGenerator, testing::FixedClock};
use proptest::prelude::*;

/// Some resource.
struct Item;

type ItemId = Id<Item>;

const NOON: i64 = 1_700_000_000_000;

#[test]
fn ids_rise_within_a_millisecond() {
    let (ids, clock) = (IdGenerator::<Item>::default(), FixedClock::at_millis(NOON));
    let made: Vec<_> = (0..10_000).map(|_| ids.next(clock.now())).collect();
    assert!(made.is_sorted_by(|a, b| a < b));
}

#[test]
fn ids_rise_when_the_clock_steps_back() {
    let (ids, clock) = (IdGenerator::<Item>::default(), FixedClock::at_millis(NOON));
    let before = ids.next(clock.now());
    for back in [1, 1000, NOON, 2 * NOON] {
        clock.set(clock.now() - chrono::TimeDelta::milliseconds(back));
        assert!(ids.next(clock.now()) > before, "after {back} ms back");
    }
}

#[test]
fn an_id_tells_its_millisecond() {
    let id = IdGenerator::<Item>::default().next(FixedClock::at_millis(NOON).now());
    assert_eq!(id.as_u128() >> 80, NOON.cast_unsigned().into());
}

#[test]
fn ids_made_by_many_threads_at_once_are_distinct() {
    let (ids, clock) = (
        Arc::new(IdGenerator::<Item>::default()),
        FixedClock::at_millis(NOON),
    );
    let now = clock.now();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let ids = Arc::clone(&ids);
            std::thread::spawn(move || (0..2_000).map(|_| ids.next(now)).collect::<Vec<_>>())
        })
        .collect();
    let made: HashSet<ItemId> = threads
        .into_iter()
        .flat_map(|t| t.join().expect("a thread"))
        .collect();
    assert_eq!(made.len(), 16_000);
}

#[test]
fn what_is_no_ulid_is_refused() {
    let too_large = "8ZZZZZZZZZZZZZZZZZZZZZZZZZ";
    for text in [
        "",
        "1",
        too_large,
        "01KAN2FGVXM1SY9VXF7MJ4Z7Q",
        "01KAN2FGVXM1SY9VXF7MJ4Z7QUU",
        "日本語日本語日本",
    ] {
        assert!(text.parse::<ItemId>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn written_ids_are_read_back(bits: u128) {
        let id = ItemId::from_u128(bits);
        let text = id.to_string();
        prop_assert_eq!(text.len(), 26);
        prop_assert_eq!(text.parse(), Ok(id));
        prop_assert_eq!(text.to_lowercase().parse(), Ok(id));
    }

    #[test]
    fn texts_sort_as_their_ids_do(a: u128, b: u128) {
        let (a, b) = (ItemId::from_u128(a), ItemId::from_u128(b));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        if let Ok(id) = text.parse::<ItemId>() {
            prop_assert_eq!(text.len(), 26);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }
    }
}
