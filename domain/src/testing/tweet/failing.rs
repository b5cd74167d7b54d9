use async_trait::async_trait;

use crate::{HealthCheck, IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository, Unhealthy};

/// A store that answers every call with the same error: an outage.
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
}

/// A dependency called `db` that does not work, for this reason.
#[derive(Debug, Clone)]
pub struct FailingHealthCheck(pub String);

#[async_trait]
impl HealthCheck for FailingHealthCheck {
    fn name(&self) -> &'static str {
        "db"
    }

    async fn check(&self) -> Result<(), Unhealthy> {
        Err(Unhealthy {
            reason: self.0.clone(),
            source: None,
        })
    }
}
