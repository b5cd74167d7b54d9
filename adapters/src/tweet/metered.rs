//! Durations of calls to the store of tweets.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository};
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
}

impl<R: ?Sized> Metered<R> {
    /// Records the calls to `inner` with an instrument of `meter`.
    pub fn new(inner: Arc<R>, meter: &Meter) -> Self {
        let tweets = TimedCollection::new("tweet", meter);

        Self {
            inner,
            add: tweets.operation("add"),
            add_idempotent: tweets.operation("add_idempotent"),
            find: tweets.operation("find"),
            latest: tweets.operation("latest"),
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
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
}

#[cfg(test)]
mod tests {
    use domain::testing::{
        FailingTweetRepository,
        tweet::{idempotent, tweet},
    };
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;
    use prometheus::{Registry, TextEncoder};

    use super::*;
    use crate::InMemoryTweetRepository;

    /// The counts of all series that are not zero, by their labels, after `calls`.
    async fn counts(calls: impl AsyncFnOnce(&Meter)) -> Vec<String> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .without_target_info()
            .scope_info_enabled(false)
            .build()
            .expect("an exporter");
        let provider = SdkMeterProvider::builder().with_reader(exporter).build();

        calls(&provider.meter("test")).await;

        let text = TextEncoder::new()
            .encode_to_string(&registry.gather())
            .expect("text");
        text.lines()
            .filter_map(|line| line.strip_prefix("db_client_operation_duration_seconds_count"))
            .filter(|count| !count.ends_with(" 0"))
            .map(str::to_owned)
            .collect()
    }

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
        });

        let expected =
            [("add", 1), ("add_idempotent", 1), ("find", 1), ("latest", 3)].map(|(name, count)| {
                format!(r#"{{db_collection_name="tweet",db_operation_name="{name}"}} {count}"#)
            });
        assert_eq!(counts.await, expected);
    }

    #[tokio::test]
    async fn failed_calls_are_counted_by_error_type_and_passed_on() {
        let source = || -> domain::BoxedSource { Arc::new(std::io::Error::other("part of a test")) };
        let errors = [
            ("conflict", RepositoryError::Conflict),
            ("internal", RepositoryError::Internal { source: source() }),
            ("timed_out", RepositoryError::TimedOut { source: source() }),
            ("unavailable", RepositoryError::Unavailable { source: source() }),
        ];

        for (error_type, error) in errors {
            let counts = counts(async |meter| {
                let store = Metered::new(Arc::new(FailingTweetRepository(error.clone())), meter);

                let failed = store.find(&[]).await.expect_err("it fails");
                assert_eq!(failed.to_string(), error.to_string());
                store.add(&[]).await.expect_err("it fails");
            });

            let labels = r#"db_collection_name="tweet",db_operation_name"#;
            let expected =
                ["add", "find"].map(|name| format!(r#"{{{labels}="{name}",error_type="{error_type}"}} 1"#));
            assert_eq!(counts.await, expected);
        }
    }
}
