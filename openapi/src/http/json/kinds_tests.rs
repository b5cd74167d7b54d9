//! Bodies with every kind of value: what is accepted, how it is described, and how what is wrong is explained.

use domain::{Date, Int, Time, Uuid};
use poem_openapi::{
    Object,
    registry::Registry,
    types::{Example, ToJSON, Type},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::parse::parse;
use crate::http::values::{ChoiceValue, DateValue, IntValue, Optional, TextInput, TimeValue, UuidValue};

domain::choice! {
    /// A size.
    pub enum Size {
        /// Little.
        Small = "small",
        /// Much.
        Large = "large",
    }
}

/// A body with each kind of member.
#[derive(Debug, Object, Serialize, Deserialize)]
#[oai(rename = "Kinds", example)]
pub(super) struct Kinds {
    code: TextInput<4, 2>,
    rating: IntValue<-5, 5>,
    total: IntValue<0, 9_007_199_254_740_991>,
    day: DateValue,
    at: TimeValue,
    owner: UuidValue,
    size: ChoiceValue<Size>,
    open: bool,
    other_rating: Optional<IntValue<-5, 5>>,
    other_size: Optional<ChoiceValue<Size>>,
    other_open: Optional<bool>,
}

impl Example for Kinds {
    fn example() -> Self {
        Self {
            code: TextInput("ab".to_owned().try_into().expect("a text")),
            rating: IntValue(Int::new(-5).expect("a rating")),
            total: IntValue(Int::new(0).expect("a total")),
            day: DateValue("2026-11-22".parse::<Date>().expect("a date")),
            at: TimeValue("2026-11-22T15:04:05Z".parse::<Time>().expect("a time")),
            owner: UuidValue(Uuid::from_u128(7)),
            size: ChoiceValue(Size::Large),
            open: true,
            other_rating: Optional(None),
            other_size: Optional(Some(ChoiceValue(Size::Small))),
            other_open: Optional(None),
        }
    }
}

/// The example with this JSON in one of its members.
pub(super) fn example_with(member: &str, value: &str) -> String {
    let mut members = serde_json::to_value(Kinds::example()).expect("JSON");
    members[member] = Value::from("VALUE");

    members.to_string().replace("\"VALUE\"", value)
}

#[test]
fn members_are_accepted_within_their_limits() {
    for (member, values) in [
        ("code", &[r#""ab""#, r#"" ab ""#, r#""🦀🦀🦀🦀""#][..]),
        ("rating", &["-5", "0", "5"]),
        ("total", &["0", "9007199254740991"]),
        ("day", &[r#""0000-01-01""#, r#""9999-12-31""#]),
        ("at", &[r#""2026-11-22T15:04:05+01:00""#]),
        ("owner", &[r#""8E03978e-40d5-43e8-bc93-6894a57f9324""#]),
        ("size", &[r#""small""#]),
        ("other_rating", &["-5", "null"]),
        ("other_size", &[r#""large""#, "null"]),
        ("other_open", &["true", "null"]),
    ] {
        for value in values {
            let body = example_with(member, value);
            let read: Kinds = parse(body.as_bytes()).expect(&body);

            let read = serde_json::to_value(read).expect("JSON");
            parse::<Kinds>(read.to_string().as_bytes()).expect("what is written can be read");
        }
    }
}

#[test]
fn absent_means_null() {
    let mut members = serde_json::to_value(Kinds::example()).expect("JSON");
    let object = members.as_object_mut().expect("an object");
    for name in ["other_rating", "other_size", "other_open"] {
        object.remove(name).expect("a member");
    }

    let read: Kinds = parse(members.to_string().as_bytes()).expect("a body");
    assert!(read.other_rating.0.is_none() && read.other_size.0.is_none() && read.other_open.0.is_none());
}

#[test]
fn values_outside_the_limits_are_explained_by_the_rule() {
    let rating = "must be a whole number from -5 to 5";
    let date = "must be a date, such as 2026-11-22 (RFC 3339)";
    let time = "must be a time with its offset from UTC, such as 2026-11-22T15:04:05Z (RFC 3339)";
    let uuid = "must be a UUID, such as 8e03978e-40d5-43e8-bc93-6894a57f9324";

    for (member, value, reason) in [
        ("code", r#""a""#, "must be at least 2 characters long, not 1"),
        ("code", r#""abcde""#, "must be at most 4 characters long, not 5"),
        ("code", r#""""#, "must contain something other than white space"),
        ("rating", "6", rating),
        ("rating", "-6", rating),
        ("rating", "18446744073709551615", rating),
        ("rating", "18446744073709551616", rating),
        ("rating", "-99999999999999999999", rating),
        ("rating", "1e300", rating),
        ("other_rating", "6", rating),
        ("rating", "1.5", "must be a whole number, not a fraction"),
        ("rating", "1.0", "must be a whole number, not a fraction"),
        ("rating", r#""1""#, "must be a whole number, not a string"),
        ("rating", "null", "must be a whole number, not null"),
        ("other_rating", "[]", "must be a whole number, not an array"),
        ("rating", "1e999", "is a number out of range"),
        ("day", r#""2026-02-30""#, date),
        ("day", r#""2026-11-22T15:04:05Z""#, date),
        ("day", "20261122", "must be a string, not a number"),
        ("at", r#""2026-11-22""#, time),
        ("at", "1763811181437", "must be a string, not a number"),
        ("owner", r#""8e03978e40d543e8bc936894a57f9324""#, uuid),
        ("owner", r#""{8e03978e-40d5-43e8-bc93-6894a57f9324}""#, uuid),
        ("owner", r#""""#, uuid),
        ("size", r#""Small""#, "must be `small` or `large`"),
        ("other_size", r#""<b>""#, "must be `small` or `large`"),
        ("size", "1", "must be a string, not a number"),
        ("open", r#""true""#, "must be a boolean, not a string"),
        ("other_open", "0", "must be a boolean, not a number"),
    ] {
        let body = example_with(member, value);
        let violation = parse::<Kinds>(body.as_bytes()).expect_err(&body);
        let expected = (format!("/{member}"), reason.to_owned());
        assert_eq!((violation.pointer, violation.detail), expected, "{value}");
    }
}

#[test]
fn document_describes_each_kind() {
    let mut registry = Registry::new();
    Kinds::register(&mut registry);
    let schema = &registry.schemas["Kinds"];

    let described = serde_json::to_value(schema).expect("JSON");
    for (member, key, expected) in [
        ("code", "minLength", json!(2)),
        ("rating", "minimum", json!(-5.0)),
        ("rating", "maximum", json!(5.0)),
        ("rating", "format", json!("int32")),
        ("total", "format", json!("int64")),
        ("day", "format", json!("date")),
        ("at", "format", json!("date-time")),
        ("owner", "format", json!("uuid")),
        ("size", "$ref", json!("#/components/schemas/Size")),
        ("open", "type", json!("boolean")),
        ("other_rating", "nullable", json!(true)),
        ("other_rating", "maximum", json!(5.0)),
        ("other_size", "nullable", json!(true)),
        (
            "other_size",
            "allOf",
            json!([{"$ref": "#/components/schemas/Size"}]),
        ),
        ("other_open", "nullable", json!(true)),
    ] {
        assert_eq!(described["properties"][member][key], expected, "{member}: {key}");
    }

    let required: Vec<_> = described["required"].as_array().expect("names").iter().collect();
    assert_eq!(required.len(), 8, "{required:?}");
    assert!(!required.contains(&&json!("other_size")), "{required:?}");
    let words = serde_json::to_value(&registry.schemas["Size"]).expect("JSON");
    assert_eq!(words["enum"], json!(["small", "large"]));

    let example = Kinds::example().to_json().expect("an example");
    assert_eq!(Some(&example), schema.example.as_ref());
}
