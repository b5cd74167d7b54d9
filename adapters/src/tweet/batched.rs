//! Calls that share statements.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    RepositoryError,
    tweet::{IdempotentTweet, Tweet, TweetId, TweetRepository},
};
use opentelemetry::metrics::Meter;

use crate::batch_queue::{
    BatchQueue,
    BatchStart::{AfterYield, Immediate},
    distribute,
    sizes::BatchSizes,
};

type Queue<Repository, Key, Item, Output> = Arc<BatchQueue<Repository, Key, Item, Output>>;
type LatestKey = (Option<TweetId>, usize);
type AfterKey = (TweetId, usize);

/// [`TweetRepository`] that makes few statements out of many calls: those that arrive while a statement is in flight
/// share the next one.
///
/// A call shares only statements that start after it, so a read sees what was written before it. A call returns when
/// its statement did. If a shared statement fails, its calls are made individually, so that one bad item fails only its
/// own caller; if the store is unavailable or does not respond in time, all of them fail at once.
///
/// Every statement is recorded in `db.client.operation.batch.size`, with the number of its calls.
pub struct Batched<R: TweetRepository + 'static> {
    adds: Queue<R, (), Tweet, ()>,
    idempotent_adds: Queue<R, (), IdempotentTweet, Vec<Tweet>>,
    finds: Queue<R, (), TweetId, Vec<Tweet>>,
    latest: Queue<R, LatestKey, (), Vec<Tweet>>,
    after: Queue<R, AfterKey, (), Vec<Tweet>>,
}

impl<R: TweetRepository + 'static> Batched<R> {
    /// Batches calls to `inner`, and records the sizes of batches with an instrument of `meter`.
    pub fn new(inner: R, meter: &Meter) -> Self {
        let inner = Arc::new(inner);
        let sizes = BatchSizes::new("tweet", meter);

        Self {
            adds: BatchQueue::new(
                &inner,
                sizes.operation("add"),
                Immediate,
                |store, (), tweets| store.add(tweets),
                distribute::whole,
            ),
            idempotent_adds: BatchQueue::new(
                &inner,
                sizes.operation("add_idempotent"),
                Immediate,
                |store, (), tweets| store.add_idempotent(tweets),
                distribute::in_order,
            ),
            finds: BatchQueue::new(
                &inner,
                sizes.operation("find"),
                AfterYield,
                |store, (), ids| store.find(ids),
                |found, batch| distribute::by_id(found, batch, |tweet| tweet.id),
            ),
            // Without items: calls for the same page share its statement.
            latest: BatchQueue::new(
                &inner,
                sizes.operation("latest"),
                AfterYield,
                |store, &(before, limit), _| store.latest(before, limit),
                distribute::whole,
            ),
            after: BatchQueue::new(
                &inner,
                sizes.operation("after"),
                AfterYield,
                |store, &(after, limit), _| store.after(after, limit),
                distribute::whole,
            ),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: TweetRepository + 'static> TweetRepository for Batched<R> {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.adds.call((), tweets).await
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        self.idempotent_adds.call((), tweets).await
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        self.finds.call((), ids).await
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.latest.call((before, limit), &[]).await
    }

    async fn after(&self, after: TweetId, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.after.call((after, limit), &[]).await
    }
}
