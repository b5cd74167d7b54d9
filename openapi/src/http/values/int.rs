//! Whole numbers.

use std::fmt;

use domain::{Int, IntError};
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Unexpected, Visitor},
};
use serde_json::Value;

use super::domain_error;
use crate::http::schema::schema_type;

/// A whole number from `MIN` to `MAX`, without a fraction or exponent.
#[derive(Debug)]
pub struct IntValue<const MIN: i64, const MAX: i64>(pub Int<MIN, MAX>);

schema_type!(
    [const MIN: i64, const MAX: i64] IntValue<MIN, MAX>,
    MetaSchema {
        minimum: Some(MIN as f64),
        maximum: Some(MAX as f64),
        ..MetaSchema::new_with_format("integer", format(MIN, MAX))
    }
);

/// The smallest integer type of most languages that holds these numbers.
const fn format(min: i64, max: i64) -> &'static str {
    if min >= i32::MIN as i64 && max <= i32::MAX as i64 {
        "int32"
    } else {
        "int64"
    }
}

impl<const MIN: i64, const MAX: i64> Serialize for IntValue<MIN, MAX> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.get())
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for IntValue<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(WithinLimits).map(Self)
    }
}

/// Reads a number of any size, so that one out of range is explained by its limits.
struct WithinLimits<const MIN: i64, const MAX: i64>;

impl<const MIN: i64, const MAX: i64> Visitor<'_> for WithinLimits<MIN, MAX> {
    type Value = Int<MIN, MAX>;

    /// As serde describes the type, which `json::explain` knows.
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("i64")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Int<MIN, MAX>, E> {
        Int::new(number).map_err(domain_error)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Int<MIN, MAX>, E> {
        let number = i64::try_from(number).map_err(|_| domain_error(out_of_range(MIN, MAX)))?;
        self.visit_i64(number)
    }

    /// serde_json passes whole numbers of more than 64 bits on as floats.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Int<MIN, MAX>, E> {
        if number.fract() == 0.0 && number.abs() >= u64::MAX as f64 {
            return Err(domain_error(out_of_range(MIN, MAX)));
        }

        Err(E::invalid_type(Unexpected::Float(number), &self))
    }
}

const fn out_of_range(min: i64, max: i64) -> IntError {
    IntError { min, max }
}

impl<const MIN: i64, const MAX: i64> ToJSON for IntValue<MIN, MAX> {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.get().into())
    }
}

impl<const MIN: i64, const MAX: i64> ParseFromJSON for IntValue<MIN, MAX> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        serde_json::from_value(value.unwrap_or_default()).map_err(ParseError::custom)
    }
}
