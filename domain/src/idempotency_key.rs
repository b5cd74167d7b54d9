//! Idempotency keys: what lets a client send a request again without storing anything twice.

use std::{fmt, str::FromStr, sync::Arc};

use thiserror::Error;

use crate::{Principal, RepositoryError};

/// A client's name for one creation, after the
/// [Idempotency-Key header](https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/): 1 to
/// [`MAX_CHARS`](Self::MAX_CHARS) visible ASCII characters. A key is stored as long as its item. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The maximum length, in characters, which are bytes here.
    pub const MAX_CHARS: usize = 255;

    /// The key as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to {} visible ASCII characters", IdempotencyKey::MAX_CHARS)]
pub struct ParseIdempotencyKeyError;

impl FromStr for IdempotencyKey {
    type Err = ParseIdempotencyKeyError;

    fn from_str(text: &str) -> Result<Self, ParseIdempotencyKeyError> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.len());
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());

        if fits && visible {
            Ok(Self(text.into()))
        } else {
            Err(ParseIdempotencyKeyError)
        }
    }
}

/// A key together with the client that chose it: the same key of two clients is two keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnedKey {
    /// The client. It has its keys as long as it has its name, whatever its tokens. `None` if the service has no tokens:
    /// clients without a name share their keys.
    pub owner: Option<Principal>,
    /// The key that the client sent.
    pub key: IdempotencyKey,
}

/// An item to be stored unless its key was used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotent<T> {
    /// The item as it would be stored.
    pub item: T,
    /// The client's name for its creation.
    pub key: OwnedKey,
}

/// The result of a creation under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome<T> {
    /// This call stored the item.
    Created(T),
    /// An earlier call with the same key stored it.
    Replayed(T),
}

/// Why nothing could be created under a key.
#[derive(Debug, Clone, Error)]
pub enum CreateIdempotentError {
    /// The key was used before, for a creation with other content.
    #[error("the idempotency key was used for other content")]
    KeyReused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RepositoryError),
}
