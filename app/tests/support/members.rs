//! The members of a resource's bodies: values just inside their limits, and values just outside, with the rule that the
//! service then states.
//!
//! A resource lists its members with their limits once more, independently of its code.

mod checks;

use serde_json::{Value, json};

pub(crate) use checks::{invalid_values_are_rejected, valid_values_are_stored_and_shown};

/// A member of a request's body.
#[derive(Clone)]
pub(crate) struct Member {
    name: &'static str,
    is_optional: bool,
    /// Each with the value that responses show.
    valid: Vec<(Value, Value)>,
    /// Each with a part of the reason.
    invalid: Vec<(Value, String)>,
}

impl Member {
    /// A text of `min` to `max` characters.
    pub(crate) fn text(name: &'static str, min: usize, max: usize) -> Self {
        let (shortest, longest) = ("x".repeat(min), "🦀".repeat(max));
        let spaced = format!(" \n{}\u{3000}", "é".repeat(max));
        let too_long = (json!("x".repeat(max + 1)), format!("at most {max} characters"));
        let too_short =
            (min > 1).then(|| (json!("🦀".repeat(min - 1)), format!("at least {min} characters")));

        let valid = vec![
            (json!(shortest), json!(shortest)),
            (json!(longest), json!(longest)),
            (json!(spaced), json!(spaced.trim())),
        ];
        let mut invalid = vec![
            (json!(" \u{3000} "), "other than white space".to_owned()),
            (json!(format!("{}\0", "x".repeat(min))), "U+0000".to_owned()),
            too_long,
        ];
        invalid.extend(too_short);
        Self::new(name, valid, invalid).mistyped("a string", &[json!(1), json!(true), json!({})])
    }

    /// A whole number from `min` to `max`.
    pub(crate) fn int(name: &'static str, min: i64, max: i64) -> Self {
        let rule = format!("from {min} to {max}");
        let outside = [
            json!(i128::from(min) - 1),
            json!(i128::from(max) + 1),
            json!(1e300),
        ];

        let valid = [min, max].map(|number| (json!(number), json!(number)));
        let invalid = outside.map(|number| (number, rule.clone()));
        let fraction = (json!(0.5), "not a fraction".to_owned());
        let invalid = invalid.into_iter().chain([fraction]).collect();
        Self::new(name, valid.into(), invalid).mistyped("a whole number", &[json!("1"), json!([1])])
    }

    /// `true` or `false`.
    pub(crate) fn bool(name: &'static str) -> Self {
        let valid = [true, false].map(|value| (json!(value), json!(value)));
        Self::new(name, valid.into(), Vec::new()).mistyped("a boolean", &[json!("true"), json!(1)])
    }

    /// A day.
    pub(crate) fn date(name: &'static str) -> Self {
        let valid = ["0000-01-01", "2024-02-29", "9999-12-31"];
        let invalid = ["2023-02-29", "2024-2-29", "2024-02-29T00:00:00Z", ""];

        Self::of_strings(name, &valid.map(|text| (text, text)), &invalid, "must be a date")
    }

    /// A moment.
    pub(crate) fn time(name: &'static str) -> Self {
        let valid = [
            ("2024-02-29T23:30:00.1239+01:00", "2024-02-29T22:30:00.123Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ];
        let invalid = ["2024-02-29", "2024-02-29T24:00:00Z", "2024-02-29T23:30:00", ""];

        Self::of_strings(name, &valid, &invalid, "must be a time")
    }

    /// A UUID.
    pub(crate) fn uuid(name: &'static str) -> Self {
        let lower = "8e03978e-40d5-43e8-bc93-6894a57f9324";
        let valid = [(lower, lower), ("8E03978E-40D5-43E8-BC93-6894A57F9324", lower)];
        let invalid = ["8e03978e40d543e8bc936894a57f9324", "8e03978e-40d5-43e8-bc93", ""];

        Self::of_strings(name, &valid, &invalid, "must be a UUID")
    }

    /// One of these words.
    pub(crate) fn choice(name: &'static str, words: &[&'static str]) -> Self {
        let valid: Vec<_> = words.iter().map(|word| (*word, *word)).collect();
        let upper: Vec<_> = words.iter().map(|word| word.to_uppercase()).collect();
        let invalid: Vec<_> = upper.iter().map(String::as_str).chain(["", "?"]).collect();

        Self::of_strings(name, &valid, &invalid, &format!("must be `{}`", words[0]))
    }

    /// The same, if it may be left out.
    pub(crate) fn optional(mut self) -> Self {
        self.is_optional = true;
        self.valid.push((Value::Null, Value::Null));
        self.invalid.retain(|(value, _)| !value.is_null());
        self
    }

    fn of_strings(name: &'static str, valid: &[(&str, &str)], invalid: &[&str], rule: &str) -> Self {
        let valid = valid.iter().map(|(sent, shown)| (json!(sent), json!(shown)));
        let invalid = invalid.iter().map(|text| (json!(text), rule.to_owned()));

        Self::new(name, valid.collect(), invalid.collect()).mistyped("a string", &[json!(1), json!([])])
    }

    fn new(name: &'static str, valid: Vec<(Value, Value)>, invalid: Vec<(Value, String)>) -> Self {
        Self {
            name,
            is_optional: false,
            valid,
            invalid,
        }
    }

    /// Adds null and these values of other types.
    fn mistyped(mut self, expected: &str, others: &[Value]) -> Self {
        let others = others.iter().chain([&Value::Null]);
        let reason = format!("must be {expected}, not ");
        self.invalid
            .extend(others.map(|value| (value.clone(), reason.clone())));
        self
    }
}

/// Every kind has values on both sides of its limits, whichever kinds the resources use.
#[test]
fn every_kind_of_member_has_valid_and_invalid_values() {
    for member in [
        Member::text("a", 2, 3),
        Member::int("a", -5, 5),
        Member::bool("a"),
        Member::date("a"),
        Member::time("a"),
        Member::uuid("a"),
        Member::choice("a", &["one", "two"]),
    ] {
        let optional = member.clone().optional();

        assert!(member.valid.len() > 1 && member.invalid.len() > 2);
        assert_eq!(optional.valid.len(), member.valid.len() + 1, "null");
        assert_eq!(optional.invalid.len(), member.invalid.len() - 1, "null");
    }
}
