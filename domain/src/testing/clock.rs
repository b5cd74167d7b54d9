//! The fake [`Clock`].

use std::sync::{Mutex, PoisonError};

use crate::{Clock, DateTime, Utc};

/// A [`Clock`] that stands still until it is set.
#[derive(Debug)]
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl FixedClock {
    /// A clock at this many milliseconds since 1970.
    pub fn at_millis(millis: i64) -> Self {
        Self(Mutex::new(
            DateTime::from_timestamp_millis(millis).unwrap_or_default(),
        ))
    }

    /// Sets the clock forwards or back.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
