//! Sample values of every kind of field, from which tests make items.

#![expect(clippy::expect_used, reason = "constants, used only by tests")]

use chrono::{NaiveDate, TimeDelta};

use crate::{Choice, Date, DateTime, Int, Text, Time, Uuid};

/// Sample values of a type.
pub trait Sample: Sized {
    /// The `n`th of a series of ordinary values. Neighbours differ, where the type has more than one value.
    fn sample(n: u64) -> Self;

    /// The values at the limits of the type, and others that stores get wrong.
    fn edges() -> Vec<Self>;

    /// One of [`edges`](Self::edges). [`EDGES`] successive numbers give all of them.
    fn edge(n: u64) -> Self {
        let mut edges = Self::edges();
        let index = usize::try_from(n).unwrap_or_default() % edges.len();
        edges.swap_remove(index)
    }
}

/// No type has more edges.
pub const EDGES: u64 = 24;

impl<const MAX: usize, const MIN: usize> Sample for Text<MAX, MIN> {
    fn sample(n: u64) -> Self {
        let text = format!("number-{n}");
        let skipped = text.len().saturating_sub(MAX);
        let padding = "x".repeat(MIN.saturating_sub(text.len()));

        Self::new(&format!("{}{padding}", &text[skipped..])).expect("a valid text")
    }

    /// Texts at both length limits, in several scripts, with what encodings and collations get wrong.
    fn edges() -> Vec<Self> {
        let min = MIN.max(1);
        let texts = [
            "x".repeat(min),
            "x".repeat(MAX),
            "🦀".repeat(min),
            "🦀".repeat(MAX),
            "\u{10FFFF}".repeat(MAX),
            "e\u{301}".repeat(MAX / 2),
            "Größe ǅ ﬁ İstanbul".to_owned(),
            "Δοκιμή με τελικό σίγμα ς".to_owned(),
            "Съешь же ещё этих мягких французских булок".to_owned(),
            "いろはにほへと ちりぬるを、漢字と仮名。".to_owned(),
            "안녕하세요 \u{1112}\u{1161}\u{11AB}".to_owned(),
            "مرحبا \u{202E}بالعالم\u{202C} שלום".to_owned(),
            "हिन्दी தமிழ் ไทย".to_owned(),
            "👩\u{200D}👩\u{200D}👧\u{200D}👦 🏳\u{FE0F}\u{200D}🌈 🇪🇺".to_owned(),
            "a\u{1}\u{7}\u{8}\tb\r\nc\u{1b}[31m\u{7f}\u{85}\u{2028}d".to_owned(),
            "\u{FEFF}byte order mark, \u{FFFD} \u{FFFE} \u{E000}".to_owned(),
            r#"'; drop table item; -- "\" \\ \0 %s %n {} $1 ?1 :x"#.to_owned(),
        ];

        // Some are too long or too short for some types.
        texts.iter().filter_map(|text| Self::new(text).ok()).collect()
    }
}

impl<const MIN: i64, const MAX: i64> Sample for Int<MIN, MAX> {
    fn sample(n: u64) -> Self {
        let count = MAX.abs_diff(MIN).saturating_add(1);
        Self::new(MIN.saturating_add_unsigned(n % count)).expect("a number within the limits")
    }

    fn edges() -> Vec<Self> {
        let numbers = [MIN, MAX, MIN.saturating_add(1), MAX.saturating_sub(1), -1, 0, 1];
        numbers
            .into_iter()
            .filter_map(|number| Self::new(number).ok())
            .collect()
    }
}

impl Sample for bool {
    fn sample(n: u64) -> Self {
        n.is_multiple_of(2)
    }

    fn edges() -> Vec<Self> {
        vec![false, true]
    }
}

impl Sample for Date {
    fn sample(n: u64) -> Self {
        let days = TimeDelta::days((n % 10_000).cast_signed());
        let first = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a date");
        Self::new(first + days).expect("a date of these years")
    }

    fn edges() -> Vec<Self> {
        [
            "0000-01-01",
            "9999-12-31",
            "1582-10-10",
            "1969-12-31",
            "2000-02-29",
        ]
        .map(|text| text.parse().expect("a date"))
        .into()
    }
}

impl Sample for Time {
    fn sample(n: u64) -> Self {
        let millis = 1_700_000_000_000 + (n % 1_000_000_000).cast_signed();
        Self::new(DateTime::from_timestamp_millis(millis).expect("a time")).expect("a time of these years")
    }

    fn edges() -> Vec<Self> {
        [
            "0000-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z",
            "1969-12-31T23:59:59.999Z",
            "1970-01-01T00:00:00.000Z",
            "2016-12-31T23:59:60.000Z",
        ]
        .map(|text| text.parse().expect("a time"))
        .into()
    }
}

impl Sample for Uuid {
    fn sample(n: u64) -> Self {
        Self::from_u64_pair(0x019a_aa27_c37d_7073, n)
    }

    fn edges() -> Vec<Self> {
        vec![Self::nil(), Self::max(), Self::from_u128(1)]
    }
}

impl<T: Choice> Sample for T {
    fn sample(n: u64) -> Self {
        Self::edge(n)
    }

    fn edges() -> Vec<Self> {
        Self::ALL.to_vec()
    }
}

/// Some are absent.
impl<T: Sample> Sample for Option<T> {
    fn sample(n: u64) -> Self {
        (!n.is_multiple_of(3)).then(|| T::sample(n))
    }

    fn edges() -> Vec<Self> {
        let values = T::edges().into_iter().map(Some);
        [None].into_iter().chain(values).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    crate::choice! {
        /// Two words.
        enum Side {
            /// One.
            Left = "left",
            /// The other.
            Right = "right",
        }
    }

    fn neighbours_differ<T: Sample + PartialEq + Debug>() {
        for n in (0..2_000).chain([u64::MAX - 1]) {
            assert_ne!(T::sample(n), T::sample(n + 1), "{n}");
        }

        let edges = T::edges();
        assert!(edges.len() <= EDGES as usize, "{edges:?}");
        for edge in &edges {
            assert!((0..EDGES).any(|n| T::edge(n) == *edge), "{edge:?}");
        }
    }

    #[test]
    fn neighbours_differ_and_every_edge_has_its_turn() {
        neighbours_differ::<Text<140>>();
        neighbours_differ::<Text<2>>();
        neighbours_differ::<Text<60, 50>>();
        neighbours_differ::<Int<-5, 5>>();
        neighbours_differ::<Int<{ i64::MIN }, { i64::MAX }>>();
        neighbours_differ::<bool>();
        neighbours_differ::<Date>();
        neighbours_differ::<Time>();
        neighbours_differ::<Uuid>();
        neighbours_differ::<Side>();
        neighbours_differ::<Option<Date>>();
    }

    #[test]
    fn type_with_one_value_has_samples() {
        assert_eq!(Int::<7, 7>::sample(3).get(), 7);
        assert_eq!(Text::<1>::sample(3).as_str(), "3");
    }
}
