//! The use cases of tweets: what the driving side (HTTP, the command line, a test) may ask for.

use std::{slice, sync::Arc};

use chrono::SubsecRound;

use crate::{
    Clock, CreateIdempotentError, CreateOutcome, DateTime, IdGenerator, IdempotencyKey, IdempotentTweet,
    NewTweet, Page, PageLimit, RepositoryError, Tweet, TweetId, TweetRepository, Utc,
};

/// Creates and retrieves tweets. It wraps the plural port into singular use cases, and decides ids and times.
pub struct TweetService {
    repository: Arc<dyn TweetRepository>,
    clock: Arc<dyn Clock>,
    ids: IdGenerator<Tweet>,
}

impl TweetService {
    /// A service over a store and a clock.
    pub fn new(repository: Arc<dyn TweetRepository>, clock: Arc<dyn Clock>) -> Self {
        Self {
            repository,
            clock,
            ids: IdGenerator::default(),
        }
    }

    /// Stores a new tweet and returns it. If this returns `Ok`, the tweet is stored.
    ///
    /// # Errors
    /// Those of [`TweetRepository::add`]. Nothing was stored, except that the outcome is unknown after `TimedOut` and
    /// `Unavailable`.
    pub async fn create(&self, new: NewTweet) -> Result<Tweet, RepositoryError> {
        let tweet = self.make(new, self.clock.now());
        self.repository.add(slice::from_ref(&tweet)).await?;
        Ok(tweet)
    }

    /// Stores a new tweet unless this key was used before; then it returns the tweet that was stored first. A client
    /// that does not know the outcome of its call, after an error of any kind, may make the call again.
    ///
    /// # Errors
    /// [`CreateIdempotentError::KeyReused`] if the key was used for other content; those of
    /// [`TweetRepository::add_idempotent`].
    pub async fn create_idempotent(
        &self,
        new: NewTweet,
        key: IdempotencyKey,
    ) -> Result<CreateOutcome<Tweet>, CreateIdempotentError> {
        let tweet = self.make(new.clone(), self.clock.now());
        let id = tweet.id;
        let stored = self
            .repository
            .add_idempotent(&[IdempotentTweet { item: tweet, key }])
            .await?
            .pop();

        match stored {
            Some(tweet) if tweet.id == id => Ok(CreateOutcome::Created(tweet)),
            Some(tweet) if tweet.was_created_from(&new) => Ok(CreateOutcome::Replayed(tweet)),
            _ => Err(CreateIdempotentError::KeyReused),
        }
    }

    /// Stores several new tweets, all or none; the first is the oldest.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub async fn create_all(
        &self,
        new: impl IntoIterator<Item = NewTweet>,
    ) -> Result<Vec<Tweet>, RepositoryError> {
        let now = self.clock.now();
        let tweets: Vec<_> = new.into_iter().map(|new| self.make(new, now)).collect();

        self.repository.add(&tweets).await?;
        Ok(tweets)
    }

    /// The tweet with this id; `None` if none is stored.
    ///
    /// # Errors
    /// Those of [`TweetRepository::find`].
    pub async fn get(&self, id: TweetId) -> Result<Option<Tweet>, RepositoryError> {
        Ok(self.repository.find(&[id]).await?.pop())
    }

    /// The newest tweets; with `before`, the newest of those that are older.
    ///
    /// # Errors
    /// Those of [`TweetRepository::latest`].
    pub async fn page(
        &self,
        before: Option<TweetId>,
        limit: PageLimit,
    ) -> Result<Page<Tweet>, RepositoryError> {
        let fetched = self.repository.latest(before, limit.with_lookahead()).await?;
        Ok(Page::new(fetched, limit, |tweet| tweet.id))
    }

    fn make(&self, new: NewTweet, now: DateTime<Utc>) -> Tweet {
        // Responses show milliseconds, so no more than that is stored: a tweet reads the same from any instance.
        Tweet::new(self.ids.next(now), new, now.trunc_subsecs(3))
    }
}
