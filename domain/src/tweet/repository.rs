//! The port to the store of tweets.
//!
//! # Adding an adapter
//! 1. Implement [`TweetRepository`] in `adapters/src/tweet`, in a file named after the technology.
//! 2. Run the contract over it: `domain::tweet_repository_contract!` in `adapters/tests/tweet/contract.rs`.
//! 3. Choose it in `app/src/compose.rs`, the only place that knows which adapter is in use.

use async_trait::async_trait;

use crate::{
    RepositoryError,
    tweet::{IdempotentTweet, Tweet, TweetId},
};

/// The store of tweets. Tweets are immutable: they are added once and never changed or removed. That is what makes it
/// safe to cache them in any number of instances.
///
/// Every method may be called from many tasks at once. A read that starts after an [`add`](Self::add) returned sees
/// what that call added. Dropping a returned future cancels that call and no other; a cancelled `add` has stored either
/// all of its tweets or none.
///
/// # Errors
/// All methods return [`RepositoryError::Unavailable`] if the store cannot be reached, [`RepositoryError::TimedOut`] if
/// it did not respond in time and [`RepositoryError::Internal`] if it failed in a way that no caller can fix. After the
/// first two it is unknown whether an `add` stored its tweets; it has stored all of them or none.
#[async_trait]
pub trait TweetRepository: Send + Sync {
    /// Stores the tweets durably, all or none. An empty slice is a success that touches nothing.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] if an id is already stored or occurs twice in `tweets`; nothing was added.
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError>;

    /// Stores the tweets whose keys are new, durably, all or none. Tweets whose key is already stored are skipped.
    /// Returns, for each item of `tweets` in the same order, the tweet that is stored under its key: the given one or
    /// the earlier one, whatever its content.
    ///
    /// A key belongs to its owner: two owners never get each other's tweets, whatever their keys. A key that
    /// was stored when keys had no owner belongs to every owner.
    ///
    /// At most one tweet is ever stored under a key, however many calls are made through however many instances of the
    /// service. If a key occurs more than once in `tweets`, the first of these is stored.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] as for [`add`](Self::add).
    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError>;

    /// The stored tweets with these ids, each once, in no particular order. Ids that are not stored are left out:
    /// absence is a shorter result, not an error.
    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError>;

    /// At most `limit` tweets by descending id, which is newest first; with `before`, only those with a smaller id.
    /// `before` need not be stored. Fewer than `limit` means that there are no more.
    ///
    /// The cost does not depend on how deep the page is.
    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError>;

    /// At most `limit` tweets by ascending id, which is oldest first: only those with a larger id than `after`, which
    /// need not be stored. Fewer than `limit` means that there are no more.
    ///
    /// The cost does not depend on how deep the page is.
    async fn after(&self, after: TweetId, limit: usize) -> Result<Vec<Tweet>, RepositoryError>;
}
