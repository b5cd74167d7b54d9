//! Whole numbers within limits.

use std::fmt;

use thiserror::Error;

/// A whole number from `MIN` to `MAX`.
///
/// A resource names its own: `pub type Pages = Int<1, 100_000>;`. JSON numbers beyond 2^53 are not exact in many clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Int<MIN, MAX> {
    /// The smallest number.
    pub const MIN: i64 = MIN;

    /// The largest number.
    pub const MAX: i64 = MAX;

    /// Checks that a number is within the limits.
    ///
    /// # Errors
    /// [`IntError`] if it is not.
    pub const fn new(number: i64) -> Result<Self, IntError> {
        if number < MIN || number > MAX {
            return Err(IntError { min: MIN, max: MAX });
        }

        Ok(Self(number))
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> fmt::Display for Int<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number is not within its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a whole number from {min} to {max}")]
pub struct IntError {
    /// The smallest number.
    pub min: i64,
    /// The largest number.
    pub max: i64,
}
