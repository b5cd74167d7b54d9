//! Tweets in memory that were read or written before.

use async_trait::async_trait;
use domain::{
    RepositoryError,
    tweet::{IdempotentTweet, Tweet, TweetId, TweetRepository},
};
use opentelemetry::metrics::Meter;

use crate::cache::{Cache, CacheItem};

/// [`TweetRepository`] that caches tweets by id, up to a number of bytes. That is safe with any number of instances,
/// because tweets are immutable. It caches only what the store returned or acknowledged, and neither absence nor
/// errors. Pages always come from the store. Hits and misses are counted in `cache.lookups`.
pub struct Cached<R> {
    inner: R,
    cache: Cache<Tweet>,
}

impl<R> Cached<R> {
    /// Caches at most about this many bytes of tweets, and counts with an instrument of `meter`.
    pub fn new(inner: R, max_bytes: u64, meter: &Meter) -> Self {
        Self {
            inner,
            cache: Cache::new("tweet", max_bytes, meter),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: TweetRepository> TweetRepository for Cached<R> {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.inner.add(tweets).await?;

        self.cache.insert(tweets);
        Ok(())
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        let stored = self.inner.add_idempotent(tweets).await?;

        self.cache.insert(&stored);
        Ok(stored)
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        let (mut found, missing) = self.cache.lookup(ids);

        if !missing.is_empty() {
            let read = self.inner.find(&missing).await?;
            self.cache.insert(&read);
            found.extend(read);
        }
        Ok(found)
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.inner.latest(before, limit).await
    }

    async fn after(&self, after: TweetId, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.inner.after(after, limit).await
    }
}

impl CacheItem for Tweet {
    /// Texts of half their maximum length.
    const TYPICAL_HEAP_BYTES: usize = 2 * size_of::<usize>() + 70;

    fn id(&self) -> TweetId {
        self.id
    }

    fn heap_bytes(&self) -> usize {
        // Destructured without `..`, so that a new field fails to compile until it is considered here.
        let Self {
            id: _,
            text,
            timestamp: _,
        } = self;

        // The two reference counts of an `Arc<str>`, then the text.
        2 * size_of::<usize>() + text.as_str().len()
    }
}
