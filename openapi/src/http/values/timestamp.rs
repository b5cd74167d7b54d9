//! When something happened.

use domain::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::domain_error;
use crate::http::schema::schema_type;

/// A time, to the millisecond, in UTC (RFC 3339).
#[derive(Debug)]
pub struct TimestampValue(pub DateTime<Utc>);

json_string!(
    [] TimestampValue,
    |text| match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(Self(time.to_utc())),
        Err(_) => Err("must be a time (RFC 3339)"),
    },
    MetaSchema::new_with_format("string", "date-time")
);

impl Serialize for TimestampValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match write(self.0, &mut [0; LENGTH]) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true)),
        }
    }
}

const LENGTH: usize = "2026-11-22T15:04:05.678Z".len();

/// Writes a time as `to_rfc3339_opts` does, at a quarter of its cost: a page has many times. `None` if the year has more
/// than four digits, or if it is a leap second.
fn write(time: DateTime<Utc>, buffer: &mut [u8; LENGTH]) -> Option<&str> {
    // Each field of a `DateTime` is computed by adding its offset first, even that of UTC.
    let time = time.naive_utc();
    let year = u32::try_from(time.year()).ok().filter(|year| *year <= 9999)?;
    let millis = Some(time.nanosecond() / 1_000_000).filter(|millis| *millis < 1000)?;

    *buffer = *b"0000-00-00T00:00:00.000Z";
    for (place, number) in [
        (0, year / 100),
        (2, year % 100),
        (5, time.month()),
        (8, time.day()),
        (11, time.hour()),
        (14, time.minute()),
        (17, time.second()),
        (20, millis / 10),
    ] {
        buffer[place] = digit(number / 10);
        buffer[place + 1] = digit(number);
    }
    buffer[22] = digit(millis);

    str::from_utf8(buffer).ok()
}

/// The last decimal digit of a number, in ASCII.
fn digit(number: u32) -> u8 {
    b'0' + (number % 10) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn times_are_written_as_the_time_library_writes_them(
            seconds in -70_000_000_000_i64..300_000_000_000,
            nanos in 0..2_000_000_000_u32,
        ) {
            let time = DateTime::from_timestamp(seconds - seconds % 60 + 59, nanos).expect("a time");
            let written = serde_json::to_value(TimestampValue(time)).expect("JSON");
            prop_assert_eq!(written, time.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
    }
}
