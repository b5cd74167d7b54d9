//! Tweets in the process's own memory: for tests, for demonstrations, and as the model for tests of SQL stores.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use async_trait::async_trait;
use domain::{
    OwnedKey, RepositoryError,
    tweet::{IdempotentTweet, Tweet, TweetId, TweetRepository},
};

/// [`TweetRepository`] that holds tweets until it is dropped. Use it in unit tests of your own code:
///
/// ```
/// use std::sync::Arc;
///
/// use adapters::{SystemClock, tweet::InMemoryTweetRepository};
/// use domain::tweet::TweetService;
///
/// let tweets = TweetService::new(Arc::new(InMemoryTweetRepository::default()), Arc::new(SystemClock));
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let new_tweet = domain::testing::tweet::new_tweet(1);
/// let created = tweets.create(new_tweet).await?;
/// assert_eq!(tweets.get(created.id).await?, Some(created));
/// # Ok::<_, Box<dyn std::error::Error>>(()) })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct InMemoryTweetRepository {
    stored: RwLock<Stored>,
}

#[derive(Debug, Default)]
struct Stored {
    tweets: BTreeMap<TweetId, Tweet>,
    keys: HashMap<OwnedKey, TweetId>,
}

impl Stored {
    fn add(&mut self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        let new: BTreeMap<_, _> = tweets.iter().map(|tweet| (tweet.id, tweet.clone())).collect();

        let has_duplicates = new.len() < tweets.len();
        if has_duplicates || new.keys().any(|id| self.tweets.contains_key(id)) {
            return Err(RepositoryError::Conflict);
        }

        self.tweets.extend(new);
        Ok(())
    }
}

impl InMemoryTweetRepository {
    /// The lock is never held across an await, and a batch is checked before it is written, so a poisoned lock is safe
    /// to use.
    fn read(&self) -> RwLockReadGuard<'_, Stored> {
        self.stored.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Stored> {
        self.stored.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl TweetRepository for InMemoryTweetRepository {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.write().add(tweets)
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        let mut stored = self.write();

        let mut new = HashMap::new();
        for IdempotentTweet { item: tweet, key } in tweets {
            if !stored.keys.contains_key(key) {
                new.entry(key.clone()).or_insert(tweet);
            }
        }

        let new_tweets: Vec<Tweet> = new.values().map(|tweet| (*tweet).clone()).collect();
        stored.add(&new_tweets)?;
        let new_keys = new.into_iter().map(|(key, tweet)| (key, tweet.id));
        stored.keys.extend(new_keys);

        Ok(tweets
            .iter()
            .filter_map(|IdempotentTweet { key, .. }| stored.tweets.get(stored.keys.get(key)?).cloned())
            .collect())
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();

        let stored = self.read();
        Ok(ids
            .iter()
            .filter_map(|id| stored.tweets.get(id).cloned())
            .collect())
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        let upper = before.map_or(Bound::Unbounded, Bound::Excluded);

        Ok(self
            .read()
            .tweets
            .range((Bound::Unbounded, upper))
            .rev()
            .take(limit)
            .map(|(_, tweet)| tweet.clone())
            .collect())
    }

    async fn after(&self, after: TweetId, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        Ok(self
            .read()
            .tweets
            .range((Bound::Excluded(after), Bound::Unbounded))
            .take(limit)
            .map(|(_, tweet)| tweet.clone())
            .collect())
    }
}
