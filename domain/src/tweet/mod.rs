//! The resource: tweets, the values they are made of, their port and their use cases.

mod repository;
mod service;

pub use repository::TweetRepository;
pub use service::TweetService;

use crate::{DateTime, Id, Idempotent, Utc};

/// A tweet that a client stored. It is created once and never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tweet {
    /// Unique, and larger than the id of every tweet that this process made before.
    pub id: TweetId,
    /// Its text: 1 to 140 Unicode scalar values.
    pub text: TweetText,
    /// When the tweet was stored, to the millisecond.
    pub timestamp: DateTime<Utc>,
}

/// What a client decides about a tweet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTweet {
    /// Its text: 1 to 140 Unicode scalar values.
    pub text: TweetText,
}

impl Tweet {
    /// The tweet that stores `new`.
    pub fn new(id: TweetId, new: NewTweet, timestamp: DateTime<Utc>) -> Self {
        let NewTweet { text } = new;
        Self { id, text, timestamp }
    }

    /// Whether this tweet could have been created from `new`.
    pub fn was_created_from(&self, new: &NewTweet) -> bool {
        let NewTweet { text } = new;
        self.text == *text
    }
}

/// The id of a tweet. Ids rise with the time of creation.
pub type TweetId = Id<Tweet>;

/// The text of a tweet: 1 to 140 Unicode scalar values, no NUL, no white space at either end.
pub type TweetText = crate::Text<140>;

/// A tweet to be stored unless its idempotency key was used before.
pub type IdempotentTweet = Idempotent<Tweet>;
