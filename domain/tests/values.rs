//! Values that are valid by construction, besides texts.

use domain::{Choice, Date, DateTime, Expected, Fingerprint, Int, IntError, Time, Version, VersionError};
use proptest::prelude::*;

domain::choice! {
    /// Words that are nearly the same.
    pub enum Size {
        /// The smallest.
        Small = "small",
        /// The same in other letters.
        Capital = "Small",
        /// The largest.
        Large = "large",
    }
}

#[test]
fn words_are_compared_byte_for_byte() {
    for value in Size::ALL {
        assert_eq!(Size::parse(value.as_str()), Ok(*value));
    }
    for other in ["", "SMALL", " small", "small ", "larg", "large\0"] {
        let error = Size::parse(other).expect_err(other);
        assert_eq!(error.to_string(), "must be `small`, `Small` or `large`");
    }
    assert_eq!(Size::WORDS, ["small", "Small", "large"]);
}

#[test]
fn numbers_are_refused_just_outside_their_limits() {
    type Rating = Int<-5, 5>;

    for number in [-5, 0, 5] {
        assert_eq!(Rating::new(number).map(Rating::get), Ok(number));
    }
    for number in [-6, 6, i64::MIN, i64::MAX] {
        assert_eq!(Rating::new(number), Err(IntError { min: -5, max: 5 }));
    }
    let all = Int::<{ i64::MIN }, { i64::MAX }>::new(i64::MIN);
    assert_eq!(all.map(Int::get), Ok(i64::MIN));
}

#[test]
fn dates_have_one_form() {
    for text in ["2026-11-22", "2024-02-29", "0000-01-01", "9999-12-31"] {
        assert_eq!(text.parse::<Date>().expect(text).to_string(), text);
    }
    for text in [
        "",
        "2026-11-31",
        "2023-02-29",
        "2026-1-01",
        "2026-01-1",
        "+2026-01-01",
        "-001-01-01",
        "+026-01-01",
        "10000-01-01",
        " 2026-01-01",
        "2026-01-01 ",
        "2026-01-01T00:00:00Z",
        "20260101",
        "2026-W01-1",
    ] {
        assert!(text.parse::<Date>().is_err(), "{text:?}");
    }
}

#[test]
fn times_are_utc_to_the_millisecond() {
    for (text, expected) in [
        ("2026-11-22T15:04:05Z", "2026-11-22T15:04:05.000Z"),
        ("2026-11-22T15:04:05.6789Z", "2026-11-22T15:04:05.678Z"),
        ("2026-11-22t15:04:05.1z", "2026-11-22T15:04:05.100Z"),
        ("2026-11-22T15:04:05+02:30", "2026-11-22T12:34:05.000Z"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ] {
        let time: Time = text.parse().expect(text);
        assert_eq!(time.to_string(), expected);
        assert_eq!(expected.parse(), Ok(time), "read back");
    }
    for text in [
        "",
        "2026-11-22",
        "2026-11-22T15:04:05",
        "2026-11-22T15:04Z",
        "2026-02-30T00:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:60Z",
        "+12026-11-22T15:04:05Z",
    ] {
        assert!(text.parse::<Time>().is_err(), "{text:?}");
    }
}

#[test]
fn versions_start_at_one_and_count_up() {
    assert_eq!(Version::FIRST.get(), 1);
    assert_eq!(Version::FIRST.next(), Version::new(2).expect("a version"));
    assert_eq!(Version::new(0), Err(VersionError));

    let (one, two) = (Version::FIRST, Version::FIRST.next());
    assert!(Expected::Any.allows(two));
    assert!(Expected::OneOf(vec![two]).allows(two));
    assert!(!Expected::OneOf(vec![two]).allows(one));
    assert!(!Expected::OneOf(Vec::new()).allows(one));
}

#[test]
fn stored_fingerprints_do_not_change_between_versions() {
    let fingerprint = Fingerprint::builder()
        .part("title", "hello")
        .optional("pages", None::<i64>)
        .part("published", true)
        .finish();

    // { printf '\0\0\0\0\0\0\0\5title\0\0\0\0\0\0\0\5hello'
    //   printf '\0\0\0\0\0\0\0\11published\0\0\0\0\0\0\0\4true'; } | sha256sum | cut -c-32
    let expected = Fingerprint::from_u128(0x7715_4989_576b_86f4_4be0_8010_d5ca_e70e);
    assert_eq!(fingerprint, expected, "{:032x}", fingerprint.as_u128());
}

proptest! {
    #[test]
    fn different_parts_have_different_fingerprints(
        a in proptest::collection::vec("[ab\0]{0,2}", 0..4),
        b in proptest::collection::vec("[ab\0]{0,2}", 0..4),
    ) {
        let of = |parts: &[String]| {
            let parts = parts.iter().fold(Fingerprint::builder(), |builder, part| builder.part(part, part));
            parts.finish()
        };
        prop_assert_eq!(of(&a) == of(&b), a == b);
    }

    #[test]
    fn any_moment_is_stored_as_it_is_written(millis: i64) {
        if let Some(Ok(time)) = DateTime::from_timestamp_millis(millis).map(Time::new) {
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
