//! The use cases: what the driving side (HTTP, the command line, a test) may ask for.

use std::{slice, sync::Arc};

use chrono::SubsecRound;
use thiserror::Error;

use crate::{
    Clock, DateTime, IdempotencyKey, Keyed, Page, PageLimit, RepositoryError, Tweet, TweetId, TweetIds,
    TweetRepository, TweetText, Utc,
};

/// Creates and retrieves tweets. It wraps the plural port into singular use cases and decides ids and times.
pub struct TweetService {
    repository: Arc<dyn TweetRepository>,
    clock: Arc<dyn Clock>,
    ids: TweetIds,
}

/// What became of a creation under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// The tweet was stored by this call.
    Now(Tweet),
    /// It was stored by an earlier call with the same key.
    Before(Tweet),
}

/// Why no tweet could be created under a key.
#[derive(Debug, Clone, Error)]
pub enum CreateOnceError {
    /// The key names a creation with another text.
    #[error("the idempotency key was used for another text")]
    KeyReused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RepositoryError),
}

impl TweetService {
    /// A service over a store and a clock.
    pub fn new(repository: Arc<dyn TweetRepository>, clock: Arc<dyn Clock>) -> Self {
        Self {
            repository,
            clock,
            ids: TweetIds::default(),
        }
    }

    /// Stores a new tweet and returns it. When this returns `Ok`, it is stored.
    ///
    /// # Errors
    /// Those of [`TweetRepository::add`]; nothing was stored, save after `TimedOut` and `Unavailable`, when that is not
    /// known.
    pub async fn create(&self, text: TweetText) -> Result<Tweet, RepositoryError> {
        let tweet = self.make(text, self.clock.now());
        self.repository.add(slice::from_ref(&tweet)).await?;
        Ok(tweet)
    }

    /// Stores a new tweet unless this key was used before; then the tweet that was stored is the answer again. So a
    /// client that does not know what became of its call, after an error of any kind, may make it again.
    ///
    /// # Errors
    /// [`CreateOnceError::KeyReused`] when the key was used for another text; those of [`TweetRepository::add_once`].
    pub async fn create_once(
        &self,
        text: TweetText,
        key: IdempotencyKey,
    ) -> Result<Created, CreateOnceError> {
        let tweet = self.make(text.clone(), self.clock.now());
        let id = tweet.id;
        let stored = self.repository.add_once(&[Keyed { tweet, key }]).await?.pop();
        match stored {
            Some(tweet) if tweet.id == id => Ok(Created::Now(tweet)),
            Some(tweet) if tweet.text == text => Ok(Created::Before(tweet)),
            _ => Err(CreateOnceError::KeyReused),
        }
    }

    /// Stores a tweet for each text, all or none, the first text as the oldest tweet.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub async fn create_all(
        &self,
        texts: impl IntoIterator<Item = TweetText>,
    ) -> Result<Vec<Tweet>, RepositoryError> {
        let now = self.clock.now();
        let tweets: Vec<_> = texts.into_iter().map(|text| self.make(text, now)).collect();
        self.repository.add(&tweets).await?;
        Ok(tweets)
    }

    /// The tweet with this id, or `None`.
    ///
    /// # Errors
    /// Those of [`TweetRepository::find`].
    pub async fn get(&self, id: TweetId) -> Result<Option<Tweet>, RepositoryError> {
        Ok(self.repository.find(&[id]).await?.pop())
    }

    /// The newest tweets, or with `before` the newest of those that are older.
    ///
    /// # Errors
    /// Those of [`TweetRepository::latest`].
    pub async fn page(&self, before: Option<TweetId>, limit: PageLimit) -> Result<Page, RepositoryError> {
        // One more than asked for tells whether there is a next page without a second query.
        let mut tweets = self.repository.latest(before, limit.get() + 1).await?;
        let more = tweets.len() > limit.get();
        tweets.truncate(limit.get());
        let next = if more {
            tweets.last().map(|tweet| tweet.id)
        } else {
            None
        };
        Ok(Page { tweets, next })
    }

    fn make(&self, text: TweetText, now: DateTime<Utc>) -> Tweet {
        // What is kept is what is shown: the wire has milliseconds, so the store gets no more.
        Tweet {
            id: self.ids.next(now),
            text,
            timestamp: now.trunc_subsecs(3),
        }
    }
}
