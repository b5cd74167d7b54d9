//! Tweets that were read or written before, from memory.

use async_trait::async_trait;
use domain::{IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository};
use quick_cache::{Weighter, sync::Cache};

/// What an entry takes besides its text: the key, the tweet, the text's header and the cache's bookkeeping, in bytes.
const OVERHEAD: u64 = 176;

/// [`TweetRepository`] that keeps tweets it has seen, by id, up to a number of bytes. That is right on any number of
/// replicas because tweets never change. Only what the store acknowledged or returned is kept; that a tweet is absent
/// never is, and neither are errors. Pages always come from the store.
pub struct Cached<R> {
    inner: R,
    tweets: Cache<TweetId, Tweet, Bytes>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<TweetId, Tweet> for Bytes {
    fn weight(&self, _: &TweetId, tweet: &Tweet) -> u64 {
        OVERHEAD + tweet.text.as_str().len() as u64
    }
}

impl<R> Cached<R> {
    /// Keeps at most about this many bytes of tweets.
    pub fn new(inner: R, bytes: u64) -> Self {
        let tweets = usize::try_from(bytes / (OVERHEAD + 70)).unwrap_or(usize::MAX);
        Self {
            inner,
            tweets: Cache::with_weighter(tweets, bytes, Bytes),
        }
    }

    fn keep(&self, tweets: &[Tweet]) {
        for tweet in tweets {
            self.tweets.insert(tweet.id, tweet.clone());
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: TweetRepository> TweetRepository for Cached<R> {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.inner.add(tweets).await?;
        self.keep(tweets);
        Ok(())
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        let stored = self.inner.add_idempotent(tweets).await?;
        self.keep(&stored);
        Ok(stored)
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        if let [id] = ids
            && let Some(tweet) = self.tweets.get(id)
        {
            return Ok(vec![tweet]);
        }
        let mut wanted = ids.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut found = Vec::with_capacity(wanted.len());
        wanted.retain(|id| match self.tweets.get(id) {
            Some(tweet) => {
                found.push(tweet);
                false
            }
            None => true,
        });
        if !wanted.is_empty() {
            let read = self.inner.find(&wanted).await?;
            self.keep(&read);
            found.extend(read);
        }
        Ok(found)
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.inner.latest(before, limit).await
    }
}
