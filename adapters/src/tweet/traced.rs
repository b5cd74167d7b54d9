//! Spans of calls to the store of tweets.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    RepositoryError,
    tweet::{IdempotentTweet, Tweet, TweetId, TweetRepository},
};

use crate::traced::{StoreTracer, TracedOperation};

/// [`TweetRepository`] that makes a span of every call for a traced request (OpenTelemetry semantic conventions), with
/// `db.system.name`, `db.collection.name`, `db.operation.name` and, if it failed, `error.type`. Results are passed on
/// unchanged.
pub struct Traced<R: ?Sized> {
    inner: Arc<R>,
    add: TracedOperation,
    add_idempotent: TracedOperation,
    find: TracedOperation,
    latest: TracedOperation,
    after: TracedOperation,
}

impl<R: ?Sized> Traced<R> {
    /// Makes spans of the calls to `inner`.
    pub fn new(inner: Arc<R>, tracer: &StoreTracer) -> Self {
        let operation = |name| tracer.operation("tweet", name);

        Self {
            inner,
            add: operation("add"),
            add_idempotent: operation("add_idempotent"),
            find: operation("find"),
            latest: operation("latest"),
            after: operation("after"),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: TweetRepository + ?Sized> TweetRepository for Traced<R> {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.add.trace(self.inner.add(tweets)).await
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        self.add_idempotent.trace(self.inner.add_idempotent(tweets)).await
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        self.find.trace(self.inner.find(ids)).await
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.latest.trace(self.inner.latest(before, limit)).await
    }

    async fn after(&self, after: TweetId, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.after.trace(self.inner.after(after, limit)).await
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::tweet::{idempotent, tweet};

    use super::*;
    use crate::{traced::tests::span_names, tweet::InMemoryTweetRepository};

    #[tokio::test]
    async fn every_call_is_a_span_named_by_its_operation() {
        let names = span_names(async |tracer| {
            let store = Traced::new(Arc::new(InMemoryTweetRepository::default()), tracer);

            store.add(&[tweet(1), tweet(2)]).await.expect("added");
            let stored = store.add_idempotent(&[idempotent(3, "k")]).await.expect("added");
            assert_eq!(stored, [tweet(3)]);
            assert_eq!(store.find(&[tweet(1).id]).await.expect("found"), [tweet(1)]);
            assert_eq!(store.latest(None, 1).await.expect("a page"), [tweet(3)]);
            assert_eq!(store.after(tweet(2).id, 1).await.expect("a page"), [tweet(3)]);
        });

        let expected =
            ["add", "add_idempotent", "find", "latest", "after"].map(|name| format!("{name} tweet"));
        assert_eq!(names.await, expected);
    }
}
