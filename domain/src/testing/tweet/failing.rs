//! A repository in an outage, for tests of what callers make of its errors.

use async_trait::async_trait;

use crate::{
    RepositoryError,
    tweet::{IdempotentTweet, Tweet, TweetId, TweetRepository},
};

/// A store in an outage: every call fails with the same error.
#[derive(Debug, Clone)]
pub struct FailingTweetRepository(pub RepositoryError);

#[async_trait]
impl TweetRepository for FailingTweetRepository {
    async fn add(&self, _: &[Tweet]) -> Result<(), RepositoryError> {
        Err(self.0.clone())
    }

    async fn add_idempotent(&self, _: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        Err(self.0.clone())
    }

    async fn find(&self, _: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        Err(self.0.clone())
    }

    async fn latest(&self, _: Option<TweetId>, _: usize) -> Result<Vec<Tweet>, RepositoryError> {
        Err(self.0.clone())
    }

    async fn after(&self, _: TweetId, _: usize) -> Result<Vec<Tweet>, RepositoryError> {
        Err(self.0.clone())
    }
}
