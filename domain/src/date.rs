//! Dates and times that a client chooses.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use chrono::{Datelike, NaiveDate};
use thiserror::Error;

use crate::{DateTime, SecondsFormat, Utc};

/// The years that RFC 3339 can write.
const YEARS: RangeInclusive<i32> = 0..=9999;

/// A day of the calendar, without a time zone: a `full-date` of RFC 3339, such as `2026-11-22`, from the year 0000 to
/// 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl Date {
    /// A day of these years.
    ///
    /// # Errors
    /// [`ParseDateError`] if the year is another one.
    pub fn new(date: NaiveDate) -> Result<Self, ParseDateError> {
        if YEARS.contains(&date.year()) {
            Ok(Self(date))
        } else {
            Err(ParseDateError)
        }
    }

    /// The day as the time library has it.
    pub const fn get(self) -> NaiveDate {
        self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| ParseDateError)?;
        let date = Self::new(date)?;

        // The library also accepts signs, and numbers of other lengths.
        if date.to_string() == text {
            Ok(date)
        } else {
            Err(ParseDateError)
        }
    }
}

/// The text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a date, such as 2026-11-22 (RFC 3339)")]
pub struct ParseDateError;

/// A moment, to the millisecond: a `date-time` of RFC 3339, from the year 0000 to 9999 in UTC. What is finer than a
/// millisecond is cut off, and a leap second is the first second after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(DateTime<Utc>);

impl Time {
    /// A moment of these years.
    ///
    /// # Errors
    /// [`ParseTimeError`] if the year is another one.
    pub fn new(time: DateTime<Utc>) -> Result<Self, ParseTimeError> {
        match DateTime::from_timestamp_millis(time.timestamp_millis()) {
            Some(time) if YEARS.contains(&time.year()) => Ok(Self(time)),
            _ => Err(ParseTimeError),
        }
    }

    /// The moment as the time library has it.
    pub const fn get(self) -> DateTime<Utc> {
        self.0
    }
}

/// In UTC, with milliseconds: `2026-11-22T15:04:05.678Z`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Time {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| ParseTimeError)?;
        Self::new(time.to_utc())
    }
}

/// The text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a time with its offset from UTC, such as 2026-11-22T15:04:05Z (RFC 3339)")]
pub struct ParseTimeError;
