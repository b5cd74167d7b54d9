//! Durations of calls to the store of tweets.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    RepositoryError,
    tweet::{IdempotentTweet, Tweet, TweetId, TweetRepository},
};
use opentelemetry::metrics::Meter;

use crate::timed::{TimedCollection, TimedOperation};

/// [`TweetRepository`] that records every completed call once in `db.client.operation.duration` (OpenTelemetry semantic
/// conventions), by `db.collection.name`, `db.operation.name` and, if it failed, `error.type`. Results are passed on
/// unchanged. A dropped call has no result and is not recorded.
pub struct Metered<R: ?Sized> {
    inner: Arc<R>,
    add: TimedOperation,
    add_idempotent: TimedOperation,
    find: TimedOperation,
    latest: TimedOperation,
    after: TimedOperation,
}

impl<R: ?Sized> Metered<R> {
    /// Records the calls to `inner` with an instrument of `meter`.
    pub fn new(inner: Arc<R>, meter: &Meter) -> Self {
        Self::with(inner, &TimedCollection::new("tweet", meter))
    }

    /// As [`new`](Self::new), for a replica, whose calls are recorded as such.
    pub fn replica(inner: Arc<R>, meter: &Meter) -> Self {
        Self::with(inner, &TimedCollection::new("tweet", meter).on_replica())
    }

    fn with(inner: Arc<R>, tweets: &TimedCollection) -> Self {
        Self {
            inner,
            add: tweets.operation("add"),
            add_idempotent: tweets.operation("add_idempotent"),
            find: tweets.operation("find"),
            latest: tweets.operation("latest"),
            after: tweets.operation("after"),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<R: TweetRepository + ?Sized> TweetRepository for Metered<R> {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.add.time(self.inner.add(tweets)).await
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        self.add_idempotent.time(self.inner.add_idempotent(tweets)).await
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        self.find.time(self.inner.find(ids)).await
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.latest.time(self.inner.latest(before, limit)).await
    }

    async fn after(&self, after: TweetId, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.after.time(self.inner.after(after, limit)).await
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::tweet::{idempotent, tweet};

    use super::*;
    use crate::{timed::tests::counts, tweet::InMemoryTweetRepository};

    #[tokio::test]
    async fn every_call_is_counted_once_by_operation() {
        let counts = counts(async |meter| {
            let store = Metered::new(Arc::new(InMemoryTweetRepository::default()), meter);

            store.add(&[tweet(1), tweet(2)]).await.expect("added");
            let stored = store.add_idempotent(&[idempotent(3, "k")]).await.expect("added");
            assert_eq!(stored, [tweet(3)]);
            assert_eq!(store.find(&[tweet(1).id]).await.expect("found"), [tweet(1)]);
            for _ in 0..3 {
                assert_eq!(store.latest(None, 1).await.expect("a page"), [tweet(3)]);
            }
            for _ in 0..2 {
                let page = store.after(tweet(2).id, 1).await.expect("a page");
                assert_eq!(page, [tweet(3)]);
            }
        });

        let expected = [
            ("add", 1),
            ("add_idempotent", 1),
            ("after", 2),
            ("find", 1),
            ("latest", 3),
        ]
        .map(|(name, count)| format!(r#"{{db_collection_name="tweet",db_operation_name="{name}"}} {count}"#));
        assert_eq!(counts.await, expected);
    }
}
