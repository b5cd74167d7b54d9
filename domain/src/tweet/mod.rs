//! Tweets and the values they are made of. A value that exists is valid.

pub mod service;

use std::{fmt, str::FromStr, sync::Arc};

use thiserror::Error;
use ulid::Ulid;

use crate::{DateTime, Utc};

/// A short text somebody stored. It is created once and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tweet {
    /// Unique, and larger than the id of every tweet this process made before.
    pub id: TweetId,
    /// What was said.
    pub text: TweetText,
    /// When it was stored, to the millisecond.
    pub timestamp: DateTime<Utc>,
}

/// A [ULID](https://github.com/ulid/spec): 48 bits of milliseconds since 1970, then 80 random bits. Written as 26
/// characters of Crockford's base 32; the order of the texts is the order of the ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TweetId(Ulid);

impl TweetId {
    /// The id with these 128 bits, most significant first.
    pub const fn from_u128(bits: u128) -> Self {
        Self(Ulid(bits))
    }

    /// The 128 bits of the id, most significant first.
    pub const fn as_u128(self) -> u128 {
        self.0.0
    }

    /// How long the text of an id is, in bytes.
    pub const LEN: usize = ulid::ULID_LEN;

    /// The text of the id, as [`Display`](fmt::Display) writes it, in a buffer of the caller's.
    pub fn encode(self, buffer: &mut [u8; Self::LEN]) -> &str {
        self.0.array_to_str(buffer)
    }
}

impl fmt::Display for TweetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode(&mut [0; Self::LEN]))
    }
}

/// A text that is no tweet's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a ULID: 26 characters of Crockford's base 32, the first at most 7")]
pub struct NotATweetId;

impl FromStr for TweetId {
    type Err = NotATweetId;

    /// Lower case is accepted. A first character above 7 does not fit into 128 bits and is refused.
    fn from_str(text: &str) -> Result<Self, NotATweetId> {
        if !matches!(text.as_bytes().first(), Some(b'0'..=b'7')) {
            return Err(NotATweetId);
        }
        Ulid::from_string(text).map(Self).map_err(|_| NotATweetId)
    }
}

/// What a tweet says: 1 to [`TweetText::MAX_CHARS`] Unicode scalar values, no NUL, no white space at either end.
/// Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TweetText(Arc<str>);

impl TweetText {
    /// The longest text, in Unicode scalar values (not bytes, not grapheme clusters).
    pub const MAX_CHARS: usize = 140;

    /// Trims white space (Unicode's `White_Space`) from both ends, then checks the rest.
    ///
    /// # Errors
    /// [`TextError`], the first of its variants that applies.
    pub fn new(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TextError::Blank);
        }
        if text.contains('\0') {
            return Err(TextError::ContainsNul);
        }
        // A scalar value takes at least one byte, so short texts need not be counted.
        if text.len() > Self::MAX_CHARS {
            let chars = text.chars().count();
            if chars > Self::MAX_CHARS {
                return Err(TextError::TooLong { chars });
            }
        }
        Ok(Self(text.into()))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be a tweet's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("must contain something other than white space")]
    Blank,
    /// PostgreSQL cannot store U+0000 in a text.
    #[error("must not contain the character U+0000")]
    ContainsNul,
    /// More than [`TweetText::MAX_CHARS`] Unicode scalar values.
    #[error("must be at most {} characters long, not {chars}", TweetText::MAX_CHARS)]
    TooLong {
        /// How many there are after trimming.
        chars: usize,
    },
}

/// How many tweets a page may hold: 1 to 200, 50 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// The largest page.
    pub const MAX: usize = 200;
    /// The page somebody gets who asks for none in particular.
    pub const DEFAULT: usize = 50;

    /// `None` when `limit` is out of range.
    pub fn new(limit: usize) -> Option<Self> {
        (1..=Self::MAX).contains(&limit).then_some(Self(limit))
    }

    /// The number of tweets.
    pub const fn get(self) -> usize {
        self.0
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// Some of the tweets, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most as many as were asked for.
    pub tweets: Vec<Tweet>,
    /// Ask for the tweets before this one to get the next page; `None` on the last page.
    pub next: Option<TweetId>,
}
