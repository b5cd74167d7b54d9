//! Tweets read from a replica of the database.

use async_trait::async_trait;
use domain::{
    RepositoryError,
    tweet::{IdempotentTweet, Tweet, TweetId, TweetRepository},
};

use crate::database::ReplicaReads;

/// [`TweetRepository`] that reads from a replica what it may, and everything else from the primary. A read that starts
/// after a write returned sees that write all the same, through any instance: tweets are immutable and their ids have
/// the time, so it is known what the replica must have (see [`ReplicaReads`]). If the replica fails, the primary
/// serves.
///
/// Writes go to the primary.
pub struct Replicated<P, R> {
    primary: P,
    replica: R,
    reads: ReplicaReads,
}

impl<P, R> Replicated<P, R> {
    /// Reads from `replica` when and as far as `reads` allows it.
    pub fn new(primary: P, replica: R, reads: ReplicaReads) -> Self {
        Self {
            primary,
            replica,
            reads,
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<P: TweetRepository, R: TweetRepository> TweetRepository for Replicated<P, R> {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.primary.add(tweets).await
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        self.primary.add_idempotent(tweets).await
    }

    /// A hit of the replica is final. The primary is asked for the tweets that the replica may not have yet.
    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        let Some(view) = self.reads.view() else {
            return self.primary.find(ids).await;
        };
        let Some(mut found) = view.read(self.replica.find(ids)).await else {
            return self.primary.find(ids).await;
        };

        let undecided = view.undecided(ids, found.iter().map(|tweet| tweet.id));
        if !undecided.is_empty() {
            found.extend(self.primary.find(&undecided).await?);
        }
        Ok(found)
    }

    /// A page of tweets that are all older than the horizon is that of the replica.
    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        if let Some(view) = self.reads.view()
            && before.is_some_and(|before| view.covers_all_before(before))
            && let Some(page) = view.read(self.replica.latest(before, limit)).await
        {
            return Ok(page);
        }

        self.primary.latest(before, limit).await
    }

    /// A page is that of the replica if it is full before it reaches the horizon.
    async fn after(&self, after: TweetId, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        if let Some(view) = self.reads.view()
            && view.covers(after)
            && let Some(page) = view.read(self.replica.after(after, limit)).await
            && page.len() == limit
            && page.last().is_some_and(|last| view.covers(last.id))
        {
            return Ok(page);
        }

        self.primary.after(after, limit).await
    }
}
