//! Dates and times that a client chooses.

use domain::{Date, ParseDateError, ParseTimeError, Time};
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::domain_error;
use crate::http::schema::schema_type;

/// A day (RFC 3339).
#[derive(Debug)]
pub struct DateValue(pub Date);

json_string!(
    [] DateValue,
    |text: &str| text.parse().map(Self) as Result<_, ParseDateError>,
    MetaSchema::new_with_format("string", "date")
);

impl Serialize for DateValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A moment that a client chose, with any offset in requests, in UTC to the millisecond in responses (RFC 3339).
#[derive(Debug)]
pub struct TimeValue(pub Time);

json_string!(
    [] TimeValue,
    |text: &str| text.parse().map(Self) as Result<_, ParseTimeError>,
    MetaSchema::new_with_format("string", "date-time")
);

impl Serialize for TimeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}
