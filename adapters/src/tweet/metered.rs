//! How long the store takes to answer.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use domain::{IdempotentTweet, RepositoryError, Tweet, TweetId, TweetRepository};
use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram, Meter},
};

/// Promises that every call that was answered is in `db.client.operation.duration` (OpenTelemetry semantic
/// conventions) once, by `db.operation.name` and, when it failed, by `error.type`; answers are passed on as they are.
///
/// A call whose caller went away has no outcome and is not counted.
pub struct Metered<R: ?Sized> {
    inner: Arc<R>,
    duration: Histogram<f64>,
    // The attributes of a success are looked up once, here; failures are rare enough to be looked up each time.
    add: BoundHistogram<f64>,
    add_idempotent: BoundHistogram<f64>,
    find: BoundHistogram<f64>,
    latest: BoundHistogram<f64>,
}

impl<R: ?Sized> Metered<R> {
    /// Measures the calls to `inner` with an instrument of `meter`.
    pub fn new(inner: Arc<R>, meter: &Meter) -> Self {
        let duration = meter
            .f64_histogram("db.client.operation.duration")
            .with_unit("s")
            .with_description("How long the tweet store took to answer a call.")
            .build();
        let bound = |operation| duration.bind(&[KeyValue::new("db.operation.name", operation)]);
        let (add, add_idempotent, find, latest) = (
            bound("add"),
            bound("add_idempotent"),
            bound("find"),
            bound("latest"),
        );
        Self {
            inner,
            add,
            add_idempotent,
            find,
            latest,
            duration,
        }
    }

    async fn measure<T>(
        &self,
        operation: &'static str,
        success: &BoundHistogram<f64>,
        call: impl Future<Output = Result<T, RepositoryError>>,
    ) -> Result<T, RepositoryError> {
        let started = Instant::now();
        let outcome = call.await;
        let seconds = started.elapsed().as_secs_f64();
        match &outcome {
            Ok(_) => success.record(seconds),
            Err(error) => self.duration.record(
                seconds,
                &[
                    KeyValue::new("db.operation.name", operation),
                    KeyValue::new("error.type", kind(error)),
                ],
            ),
        }
        outcome
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<R: TweetRepository + ?Sized> TweetRepository for Metered<R> {
    async fn add(&self, tweets: &[Tweet]) -> Result<(), RepositoryError> {
        self.measure("add", &self.add, self.inner.add(tweets)).await
    }

    async fn add_idempotent(&self, tweets: &[IdempotentTweet]) -> Result<Vec<Tweet>, RepositoryError> {
        self.measure(
            "add_idempotent",
            &self.add_idempotent,
            self.inner.add_idempotent(tweets),
        )
        .await
    }

    async fn find(&self, ids: &[TweetId]) -> Result<Vec<Tweet>, RepositoryError> {
        self.measure("find", &self.find, self.inner.find(ids)).await
    }

    async fn latest(&self, before: Option<TweetId>, limit: usize) -> Result<Vec<Tweet>, RepositoryError> {
        self.measure("latest", &self.latest, self.inner.latest(before, limit))
            .await
    }
}

fn kind(error: &RepositoryError) -> &'static str {
    match error {
        RepositoryError::Unavailable { .. } => "unavailable",
        RepositoryError::TimedOut { .. } => "timed_out",
        RepositoryError::Conflict => "conflict",
        RepositoryError::Internal { .. } => "internal",
    }
}

#[cfg(test)]
mod tests {
    use domain::testing::{FailingTweetRepository, tweet::tweet};
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;
    use prometheus::{Registry, TextEncoder};

    use super::*;
    use crate::InMemoryTweetRepository;

    /// The count of every series, by its labels, after `calls` were made through the decorator.
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
        let counts = text
            .lines()
            .filter_map(|line| line.strip_prefix("db_client_operation_duration_seconds_count"));
        counts.map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn every_call_is_counted_once_by_operation() {
        let counts = counts(async |meter| {
            let store = Metered::new(Arc::new(InMemoryTweetRepository::default()), meter);
            store.add(&[tweet(1), tweet(2)]).await.expect("added");
            let keyed = IdempotentTweet {
                item: tweet(3),
                key: "k".parse().expect("a key"),
            };
            assert_eq!(store.add_idempotent(&[keyed]).await.expect("added"), [tweet(3)]);
            assert_eq!(store.find(&[tweet(1).id]).await.expect("found"), [tweet(1)]);
            for _ in 0..3 {
                assert_eq!(store.latest(None, 1).await.expect("listed"), [tweet(3)]);
            }
        });
        let expected = [
            r#"{db_operation_name="add"} 1"#,
            r#"{db_operation_name="add_idempotent"} 1"#,
            r#"{db_operation_name="find"} 1"#,
            r#"{db_operation_name="latest"} 3"#,
        ];
        assert_eq!(counts.await, expected);
    }

    #[tokio::test]
    async fn a_failure_is_counted_by_its_kind_and_passed_on() {
        let source = || -> domain::BoxedSource { Arc::new(std::io::Error::other("part of a test")) };
        let kinds = [
            ("conflict", RepositoryError::Conflict),
            ("internal", RepositoryError::Internal { source: source() }),
            ("timed_out", RepositoryError::TimedOut { source: source() }),
            ("unavailable", RepositoryError::Unavailable { source: source() }),
        ];
        for (kind, error) in kinds {
            let counts = counts(async |meter| {
                let store = Metered::new(Arc::new(FailingTweetRepository(error.clone())), meter);
                let failed = store.find(&[]).await.expect_err("it fails");
                assert_eq!(failed.to_string(), error.to_string());
                store.add(&[]).await.expect_err("it fails");
            });
            let counts: Vec<_> = counts
                .await
                .into_iter()
                .filter(|line| !line.ends_with(" 0"))
                .collect();
            let expected = ["add", "find"]
                .map(|name| format!(r#"{{db_operation_name="{name}",error_type="{kind}"}} 1"#));
            assert_eq!(counts, expected);
        }
    }
}
