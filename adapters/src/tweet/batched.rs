//! Calls that share statements.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository};

use crate::batch_queue::{BatchQueue, ById, InOrder, SharedStatement, Whole};

type Queue<R, K, I, T, D> = Arc<BatchQueue<SharedStatement<R, K, I, T, D>>>;
type PageKey = (Option<TweetId>, usize);

/// [`TweetRepository`] that makes few statements out of many calls: those that arrive while a statement is in flight
/// share the next one.
///
/// A call shares only statements that start after it, so a read sees what was written before it. A call returns when
/// its statement did. If a shared statement fails, its calls are made individually, so that one bad item fails only its
/// own caller; if the store is unavailable or does not respond in time, all of them fail at once.
pub struct Batched<R: TweetRepository + 'static> {
    adds: Queue<R, (), Tweet, (), Whole>,
    idempotent_adds: Queue<R, (), IdempotentTweet, Vec<Tweet>, InOrder>,
    finds: Queue<R, (), TweetId, Vec<Tweet>, ById<TweetId, Tweet>>,
    pages: Queue<R, PageKey, (), Vec<Tweet>, Whole>,
}

impl<R: TweetRepository + 'static> Batched<R> {
    /// Batches calls to `inner`.
    pub fn new(inner: R) -> Self {
        let inner = Arc::new(inner);

        let add = SharedStatement::new(&inner, |store, (), tweets| store.add(tweets), Whole);
        let add_idempotent =
            SharedStatement::new(&inner, |store, (), tweets| store.add_idempotent(tweets), InOrder);
        let find = SharedStatement::new(
            &inner,
            |store, (), ids| store.find(ids),
            ById(|tweet: &Tweet| tweet.id),
        );
        let latest = SharedStatement::new(
            &inner,
            |store, &(before, limit): &PageKey, _| store.latest(before, limit),
            Whole,
        );

        Self {
            adds: BatchQueue::new(add),
            idempotent_adds: BatchQueue::new(add_idempotent),
            finds: BatchQueue::yielding_before_batch(find),
            pages: BatchQueue::yielding_before_batch(latest),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: TweetRepository + 'static> TweetRepository for Batched<R> {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.adds.call_with_items(tweets).await
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        self.idempotent_adds.call_with_items(tweets).await
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        self.finds.call_with_items(ids).await
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.pages.call_with_key((before, limit)).await
    }
}
