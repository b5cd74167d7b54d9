//! The ports: everything the service needs from the outside, on one screen.
//!
//! # Adding an adapter
//! 1. Implement the trait in `adapters`, in a file named after the technology.
//! 2. Run the contract over it: `domain::tweet_repository_contract!` in `adapters/tests/contract.rs`.
//! 3. Choose it in `app/src/compose.rs`, the only place that knows which adapter is in use.

use async_trait::async_trait;

use crate::{DateTime, Keyed, RepositoryError, Tweet, TweetId, Unhealthy, Utc, Writer};

/// Where tweets are kept. Tweets are immutable: they are added once and never changed or removed, which is what makes
/// it safe to cache them on any number of replicas.
///
/// Every method may be called from many tasks at once. A read that starts after an [`add`](Self::add) returned sees
/// what that call added. Dropping a returned future abandons the call, never somebody else's; an abandoned `add` has
/// stored either all of its tweets or none.
///
/// # Errors
/// All methods answer [`RepositoryError::Unavailable`] when the store cannot be reached, [`RepositoryError::TimedOut`]
/// when it did not answer in time and [`RepositoryError::Internal`] when it failed in a way no caller can mend. After
/// the first two it is not known whether an `add` stored its tweets; it has stored all of them or none.
#[async_trait]
pub trait TweetRepository: Send + Sync {
    /// Stores the tweets durably, all or none. No tweets is a success that touches nothing.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] when an id is already stored or is twice in `tweets`; nothing was added.
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError>;

    /// Stores each tweet durably, all or none, unless there is one with its key already: nothing is stored twice under
    /// a key, whoever tries, how often, and through how many instances of the service. Answers, for each in turn, the
    /// tweet that is stored under its key: the one that was given, or the one that was there, whatever its text. Of
    /// those with one key among `tweets`, the first is stored.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] as for [`add`](Self::add).
    async fn add_once(&self, tweets: &[Keyed]) -> Result<Vec<Tweet>, RepositoryError>;

    /// The stored tweets with these ids, each once, in no particular order. An id that is not stored is left out: a
    /// shorter answer is how absence looks, it is not an error.
    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError>;

    /// At most `limit` tweets by descending id, which is newest first; with `before`, only those with a smaller id.
    /// `before` need not be stored. Fewer than `limit` means there are no more.
    ///
    /// The cost does not depend on how deep the page is.
    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError>;
}

/// Something the service cannot work without, and whether it works now.
#[async_trait]
pub trait HealthCheck: Send + Sync {
    /// What the dependency is called in the health report, such as `db`. Not `status`, which is the report's own.
    fn name(&self) -> &'static str;

    /// Asks the dependency itself, not a cache of it. The caller puts a deadline on the call.
    ///
    /// # Errors
    /// [`Unhealthy`] with what an operator should know. It is logged, never sent to a client.
    async fn check(&self) -> Result<(), Unhealthy>;
}

/// Knows who holds a token. Tokens are secrets: an implementation neither keeps, logs nor repeats one, not in errors
/// either, and how long it takes tells nothing about the tokens it knows.
///
/// May be called from many tasks at once. The caller puts a deadline on the call; dropping the future abandons it.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// The writer who holds the token now, or `None` when nobody does: it is unknown, withdrawn or no token at all. The
    /// text is as the client sent it and may be anything.
    ///
    /// # Errors
    /// [`Unhealthy`] when it cannot be told who holds it. Nobody is let in then.
    async fn authenticate(&self, token: &str) -> Result<Option<Writer>, Unhealthy>;
}

/// The only source of the time of day. It may stand still or step back between two calls.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> DateTime<Utc>;
}
