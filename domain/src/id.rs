//! Typed ids, and the generator that makes them.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
    sync::{Mutex, PoisonError},
};

use thiserror::Error;
use ulid::Ulid;

use crate::{DateTime, Utc};

/// The id of a `T`: a [ULID](https://github.com/ulid/spec), 48 bits of milliseconds since 1970, then 80 random bits. It
/// is written as 26 characters of Crockford's base 32. The texts sort as the ids do.
pub struct Id<T> {
    ulid: Ulid,
    // An id holds no `T`, so it is `Send` and `Sync` whatever `T` is.
    resource: PhantomData<fn() -> T>,
}

/// The length of an id's text, in bytes.
pub const ID_LEN: usize = ulid::ULID_LEN;

impl<T> Id<T> {
    /// The id with these 128 bits, most significant first.
    pub const fn from_u128(bits: u128) -> Self {
        Self {
            ulid: Ulid(bits),
            resource: PhantomData,
        }
    }

    /// The 128 bits of the id, most significant first.
    pub const fn as_u128(self) -> u128 {
        self.ulid.0
    }

    /// The text of the id, as [`Display`](fmt::Display) writes it, in the caller's buffer.
    pub fn encode(self, buffer: &mut [u8; ID_LEN]) -> &str {
        self.ulid.array_to_str(buffer)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode(&mut [0; ID_LEN]))
    }
}

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a ULID: 26 characters of Crockford's base 32, the first at most 7")]
pub struct ParseIdError;

impl<T> FromStr for Id<T> {
    type Err = ParseIdError;

    /// Accepts lower case. Rejects a first character above 7, which does not fit into 128 bits.
    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        if !matches!(text.as_bytes().first(), Some(b'0'..=b'7')) {
            return Err(ParseIdError);
        }

        let ulid = Ulid::from_string(text).map_err(|_| ParseIdError)?;
        Ok(Self::from_u128(ulid.0))
    }
}

// Written by hand: a derive would demand the same traits of `T`.

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.ulid == other.ulid
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ulid.cmp(&other.ulid)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ulid.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

/// Makes the ids of new items. Each id is larger than the one before, whatever the clock does.
#[derive(Debug)]
pub struct IdGenerator<T> {
    last: Mutex<Id<T>>,
}

impl<T> IdGenerator<T> {
    /// An id for an item stored `now`. Within one millisecond, and while the clock is behind an earlier reading, ids
    /// count up from the last one; otherwise the random part is drawn anew.
    pub fn next(&self, now: DateTime<Utc>) -> Id<T> {
        let fresh = Ulid::from_datetime(now.into());

        // A panic cannot leave a number half written, so a poisoned lock is safe to use.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let bits = if fresh.timestamp_ms() > last.ulid.timestamp_ms() {
            fresh.0
        } else {
            // 2^128 ids are not used up in the life of a process; saturating avoids a panic all the same.
            last.as_u128().saturating_add(1)
        };

        *last = Id::from_u128(bits);
        *last
    }
}

impl<T> Default for IdGenerator<T> {
    fn default() -> Self {
        Self {
            last: Mutex::new(Id::from_u128(0)),
        }
    }
}
