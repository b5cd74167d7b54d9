//! What lets a client try again without storing anything twice.

use std::{fmt, str::FromStr, sync::Arc};

use thiserror::Error;

use crate::Tweet;

/// A client's name for one creation, after the
/// [Idempotency-Key header](https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/): 1 to
/// [`MAX_CHARS`](Self::MAX_CHARS) visible ASCII characters. Keys are kept as long as tweets are. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// The longest key, in characters, which are bytes here.
    pub const MAX_CHARS: usize = 255;

    /// The key itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to {} visible ASCII characters", IdempotencyKey::MAX_CHARS)]
pub struct NotAKey;

impl FromStr for IdempotencyKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let fits = (1..=Self::MAX_CHARS).contains(&text.len());
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits && visible {
            Ok(Self(text.into()))
        } else {
            Err(NotAKey)
        }
    }
}

/// A tweet to be stored unless its key was used before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed {
    /// The tweet as it would be stored.
    pub tweet: Tweet,
    /// The client's name for its creation.
    pub key: IdempotencyKey,
}
