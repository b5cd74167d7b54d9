//! Domain values in JSON bodies: how each kind is written, read and described, once for all resources.
//!
//! # Adding a kind of value
//! 1. Wrap the domain's type in a newtype here, because its crate must not know serde or OpenAPI.
//! 2. Implement `Serialize` straight from the domain's value, without a copy.
//! 3. `json_string!` does the rest: it reads the value through the domain's own check and describes it by a schema.

use std::fmt::{Debug, Display};

use domain::{Id, ParseIdError, Text, TextError};
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};

use crate::http::schema::schema_type;

/// Reads and describes a type whose JSON is a string. `$parse` is a `fn(&str) -> Result<Self, impl Display>`; what its
/// error displays is sent to the client. `ToJSON` and `ParseFromJSON` are what `poem_openapi::Object` demands of a
/// field; they serve examples, not requests.
macro_rules! json_string {
    ([$($generics:tt)*] $type:ty, $parse:expr, $schema:expr) => {
        schema_type!([$($generics)*] $type, $schema);

        impl<'de, $($generics)*> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                $parse(&text).map_err(domain_error)
            }
        }

        impl<$($generics)*> ToJSON for $type {
            fn to_json(&self) -> Option<Value> {
                serde_json::to_value(self).ok()
            }
        }

        impl<$($generics)*> ParseFromJSON for $type {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                serde_json::from_value(value.unwrap_or_default()).map_err(ParseError::custom)
            }
        }
    };
}

// After the macro that they use.
mod choice;
mod int;
mod optional;
mod time;
mod timestamp;
mod uuid;

pub use choice::ChoiceValue;
pub use int::IntValue;
pub use optional::Optional;
pub use time::{DateValue, TimeValue};
pub use timestamp::TimestampValue;
pub use uuid::UuidValue;

/// The prefix of an error whose whole text is for the client. serde passes errors on as text only, so the text itself
/// must show where it comes from.
pub const DOMAIN_ERROR: &str = "domain error: ";

/// An error of the domain on its way through serde. `reason` must quote nothing.
fn domain_error<E: de::Error>(reason: impl Display) -> E {
    E::custom(format_args!("{DOMAIN_ERROR}{reason}"))
}

/// A text that a client sends. Its description in the document states the limits; the schema has the minimum only:
///
/// - A `maxLength` would count the white space around the text, which is removed. Above all, languages count
///   differently: clients that check it in UTF-16 code units, as JavaScript does, would refuse 140 emoji.
/// - A `pattern` could state the whole rule in ECMA 262, but not in the dialects of other languages: PCRE has no `\u`.
///
/// A text of the minimum in Unicode scalar values has at least as many bytes and UTF-16 code units.
#[derive(Debug)]
pub struct TextInput<const MAX_CHARS: usize, const MIN_CHARS: usize = 1>(pub Text<MAX_CHARS, MIN_CHARS>);

json_string!(
    [const MAX_CHARS: usize, const MIN_CHARS: usize] TextInput<MAX_CHARS, MIN_CHARS>,
    |text| Text::new(text).map(Self),
    MetaSchema {
        min_length: Some(MIN_CHARS.max(1)),
        ..MetaSchema::new("string")
    }
);

impl<const MAX_CHARS: usize, const MIN_CHARS: usize> Serialize for TextInput<MAX_CHARS, MIN_CHARS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

/// A text as it is stored. Its schema has no limits: a client whose language counts differently would refuse what is
/// stored.
#[derive(Debug)]
pub struct TextValue<const MAX_CHARS: usize, const MIN_CHARS: usize = 1>(pub Text<MAX_CHARS, MIN_CHARS>);

json_string!(
    [const MAX_CHARS: usize, const MIN_CHARS: usize] TextValue<MAX_CHARS, MIN_CHARS>,
    |text| Text::new(text).map(Self) as Result<_, TextError>,
    MetaSchema::new("string")
);

impl<const MAX_CHARS: usize, const MIN_CHARS: usize> Serialize for TextValue<MAX_CHARS, MIN_CHARS> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

/// The id of a `T`.
#[derive(Debug)]
pub struct IdValue<T>(pub Id<T>);

json_string!(
    [T] IdValue<T>,
    |text: &str| text.parse().map(Self) as Result<_, ParseIdError>,
    id_schema()
);

impl<T> Serialize for IdValue<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.encode(&mut [0; domain::ID_LEN]))
    }
}

/// A URL that the service made: absolute, except that HTTP/1.0 clients that name no host get a path.
#[derive(Debug, Serialize)]
pub struct UrlValue(pub String);

json_string!(
    [] UrlValue,
    |text: &str| Ok::<_, String>(Self(text.to_owned())),
    MetaSchema::new_with_format("string", "uri-reference")
);

/// The id in examples: 01KAN2FGVXM1SY9VXF7MJ4Z7QV.
pub const fn example_id<T>() -> Id<T> {
    Id::from_u128(0x019a_aa27_c37d_a073_e4ef_af3d_244f_9efb)
}

/// A value in examples, which `parse` accepts.
#[expect(clippy::expect_used, reason = "a constant, used only to make the document")]
pub fn example<V, T, E: Debug>(value: V, parse: impl FnOnce(V) -> Result<T, E>) -> T {
    parse(value).expect("a valid example")
}

/// The schema of an id, in bodies, paths and queries.
pub fn id_schema() -> MetaSchema {
    MetaSchema {
        pattern: Some("^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$".to_owned()),
        example: Some(json!(example_id::<()>().to_string())),
        ..MetaSchema::new("string")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_is_read_back_as_it_was_written(bits: u128, millis in 0..4_000_000_000_000_i64) {
            let id = IdValue(Id::<()>::from_u128(bits));
            let read: IdValue<()> = serde_json::from_value(id.to_json().expect("JSON")).expect("an id");
            prop_assert_eq!(read.0, id.0);

            let time = TimestampValue(domain::DateTime::from_timestamp_millis(millis).expect("a time"));
            let read = TimestampValue::parse_from_json(time.to_json()).expect("a time");
            prop_assert_eq!(read.0, time.0);
        }
    }
}
