//! The use cases of tweets: what the driving side (HTTP, the command line, a test) can do with them.

use std::{error::Error, slice, sync::Arc};

use chrono::SubsecRound;

use crate::{
    Clock, CreateIdempotentError, CreateOutcome, Cursor, DateTime, IdGenerator, OwnedKey, Page, PageLimit,
    RepositoryError, Utc,
    tweet::{IdempotentTweet, NewTweet, Tweet, TweetId, TweetRepository},
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

    /// Stores a new tweet and returns it. If this returns `Ok`, the tweet is stored, as durably as the repository can.
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
        key: OwnedKey,
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
            Some(_) => Err(CreateIdempotentError::KeyReused),
            None => Err(broken_contract("`add_idempotent` returned no tweet").into()),
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

    /// The tweets from a cursor on: newest first, or after [`Cursor::After`] oldest first.
    ///
    /// # Errors
    /// Those of [`TweetRepository::latest`].
    pub async fn page(
        &self,
        cursor: Cursor<Tweet>,
        limit: PageLimit,
    ) -> Result<Page<Tweet>, RepositoryError> {
        let count = limit.with_lookahead();
        let fetched = match cursor {
            Cursor::Newest => self.repository.latest(None, count).await?,
            Cursor::Before(id) => self.repository.latest(Some(id), count).await?,
            Cursor::After(id) => self.repository.after(id, count).await?,
        };

        Ok(Page::new(fetched, limit, |tweet| tweet.id))
    }

    fn make(&self, new: NewTweet, now: DateTime<Utc>) -> Tweet {
        // Responses show milliseconds, so no more than that is stored: a tweet reads the same from any instance.
        Tweet::new(self.ids.next(now), new, now.trunc_subsecs(3))
    }
}

/// The adapter broke the contract of its port: a bug of the service, not of the client.
fn broken_contract(reason: &str) -> RepositoryError {
    RepositoryError::Internal {
        source: Arc::from(Box::<dyn Error + Send + Sync>::from(reason)),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use async_trait::async_trait;

    use super::*;
    use crate::testing::{FixedClock, tweet::new_tweet};

    /// A repository that claims success and returns nothing.
    struct EmptyResults;

    #[async_trait]
    impl TweetRepository for EmptyResults {
        async fn add(&self, _: &[Tweet]) -> Result<(), RepositoryError> {
            Ok(())
        }

        async fn add_idempotent(&self, _: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
            Ok(Vec::new())
        }

        async fn find(&self, _: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
            Ok(Vec::new())
        }

        async fn latest(&self, _: Option<TweetId>, _: usize) -> Result<Vec<Tweet>, RepositoryError> {
            Ok(Vec::new())
        }

        async fn after(&self, _: TweetId, _: usize) -> Result<Vec<Tweet>, RepositoryError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn missing_result_of_the_repository_is_not_blamed_on_the_key() {
        let service = TweetService::new(Arc::new(EmptyResults), Arc::new(FixedClock::at_millis(0)));
        let key = OwnedKey {
            owner: None,
            key: "a-key".parse().expect("a valid key"),
        };

        // Nothing here waits, so one poll is enough and no runtime is needed.
        let call = pin!(service.create_idempotent(new_tweet(1), key));
        let outcome = call.poll(&mut Context::from_waker(Waker::noop()));

        assert!(matches!(
            outcome,
            Poll::Ready(Err(CreateIdempotentError::Store(
                RepositoryError::Internal { .. }
            )))
        ));
    }
}
