//! Versions of items that change, and what a write expects of them.

use std::fmt;

use thiserror::Error;

/// How often an item was written: 1 when it is created, and one more with each update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(i64);

impl Version {
    /// The version of a new item.
    pub const FIRST: Self = Self(1);

    /// Checks that a number is a version.
    ///
    /// # Errors
    /// [`VersionError`] if it is smaller than 1.
    pub const fn new(number: i64) -> Result<Self, VersionError> {
        if number < Self::FIRST.0 {
            return Err(VersionError);
        }

        Ok(Self(number))
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The version after one more update.
    pub const fn next(self) -> Self {
        // 2^63 updates do not happen; saturating avoids a panic all the same.
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number is not a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a version, which is at least 1")]
pub struct VersionError;

/// The versions of an item in which a client allows a write. It has read one of them; in another version, the write would
/// undo what somebody else wrote since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Any version, as long as the item exists.
    Any,
    /// One of these. None of them, if the client named only what no item can have.
    OneOf(Vec<Version>),
}

impl Expected {
    /// Whether an item in this version may be written.
    pub fn allows(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

/// What became of a write to one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteOutcome<T> {
    /// It is done.
    Done(T),
    /// Nothing was written: the item is in a version that the client does not expect.
    OtherVersion,
    /// Nothing was written: no item has this id.
    Absent,
}

impl<T> WriteOutcome<T> {
    /// The same outcome with another value.
    pub fn map<U>(self, done: impl FnOnce(T) -> U) -> WriteOutcome<U> {
        match self {
            Self::Done(value) => WriteOutcome::Done(done(value)),
            Self::OtherVersion => WriteOutcome::OtherVersion,
            Self::Absent => WriteOutcome::Absent,
        }
    }
}
