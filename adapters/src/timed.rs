//! Durations of store operations: what a `Metered` decorator is built from.

use std::time::Instant;

use domain::RepositoryError;
use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram, Meter},
};

/// The attribute for the collection of a store, such as a table.
pub const COLLECTION: &str = "db.collection.name";
/// The attribute for an operation on a collection.
pub const OPERATION: &str = "db.operation.name";
/// The attribute of operations on a replica: `replica`. Those on the primary, or the only server, do not have it.
pub const SERVER_ROLE: &str = "db.server.role";

/// The operations on one collection, in the histogram `db.client.operation.duration` (OpenTelemetry semantic
/// conventions).
pub struct TimedCollection {
    attributes: Vec<KeyValue>,
    duration: Histogram<f64>,
}

impl TimedCollection {
    /// The collection of this name. All collections share one instrument of the meter.
    pub fn new(name: &'static str, meter: &Meter) -> Self {
        let duration = meter
            .f64_histogram("db.client.operation.duration")
            .with_unit("s")
            .with_description("Duration of calls to the store.")
            .build();

        Self {
            attributes: vec![KeyValue::new(COLLECTION, name)],
            duration,
        }
    }

    /// The same collection on a replica: its operations have one more attribute.
    #[must_use]
    pub fn on_replica(mut self) -> Self {
        self.attributes.push(KeyValue::new(SERVER_ROLE, "replica"));
        self
    }

    /// An operation on the collection, such as `add`.
    pub fn operation(&self, name: &'static str) -> TimedOperation {
        let mut attributes = self.attributes.clone();
        attributes.push(KeyValue::new(OPERATION, name));

        TimedOperation {
            success: self.duration.bind(&attributes),
            duration: self.duration.clone(),
            attributes,
        }
    }
}

/// One operation, whose calls are timed.
pub struct TimedOperation {
    /// The series of successes, looked up once. Failures are rare enough to be looked up each time.
    success: BoundHistogram<f64>,
    duration: Histogram<f64>,
    attributes: Vec<KeyValue>,
}

impl TimedOperation {
    /// Records the duration of a call once it returns, and passes its result on. A call that is dropped has no result
    /// and is not recorded.
    pub async fn time<T>(
        &self,
        call: impl Future<Output = Result<T, RepositoryError>>,
    ) -> Result<T, RepositoryError> {
        let start = Instant::now();
        let result = call.await;
        let seconds = start.elapsed().as_secs_f64();

        match &result {
            Ok(_) => self.success.record(seconds),
            Err(error) => {
                let mut attributes = self.attributes.clone();
                attributes.push(KeyValue::new("error.type", error_type(error)));
                self.duration.record(seconds, &attributes);
            }
        }

        result
    }
}

/// The value of `error.type` for an error of a store.
pub(crate) fn error_type(error: &RepositoryError) -> &'static str {
    match error {
        RepositoryError::Unavailable { .. } => "unavailable",
        RepositoryError::TimedOut { .. } => "timed_out",
        RepositoryError::Conflict => "conflict",
        RepositoryError::Internal { .. } => "internal",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{sync::Arc, time::Duration};

    use domain::BoxedSource;
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;
    use prometheus::{Registry, TextEncoder};

    use super::*;

    /// The counts of all series that are not zero, by their labels, after `calls`.
    pub(crate) async fn counts(calls: impl AsyncFnOnce(&Meter)) -> Vec<String> {
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
    async fn successful_calls_are_counted_by_collection_and_operation() {
        let counts = counts(async |meter| {
            let (items, users) = (
                TimedCollection::new("item", meter),
                TimedCollection::new("user", meter),
            );
            let (add_item, find_item) = (items.operation("add"), items.operation("find"));
            let add_user = users.operation("add");

            assert_eq!(add_item.time(async { Ok(7) }).await.expect("a result"), 7);
            add_user.time(async { Ok(()) }).await.expect("a result");
            for _ in 0..3 {
                find_item.time(async { Ok(()) }).await.expect("a result");
            }
        });

        let expected = [("item", "add", 1), ("item", "find", 3), ("user", "add", 1)].map(
            |(collection, operation, count)| {
                format!(r#"{{db_collection_name="{collection}",db_operation_name="{operation}"}} {count}"#)
            },
        );
        assert_eq!(counts.await, expected);
    }

    #[tokio::test]
    async fn failed_calls_are_counted_by_error_type_and_passed_on() {
        let source = || -> BoxedSource { Arc::new(std::io::Error::other("part of a test")) };
        let errors = [
            ("conflict", RepositoryError::Conflict),
            ("internal", RepositoryError::Internal { source: source() }),
            ("timed_out", RepositoryError::TimedOut { source: source() }),
            ("unavailable", RepositoryError::Unavailable { source: source() }),
        ];

        for (error_type, error) in errors {
            let counts = counts(async |meter| {
                let find = TimedCollection::new("item", meter).operation("find");
                let call = async { Err::<(), _>(error.clone()) };

                let failed = find.time(call).await.expect_err("it fails");
                assert_eq!(failed.to_string(), error.to_string());
            });

            let labels = r#"db_collection_name="item",db_operation_name="find""#;
            let expected = format!(r#"{{{labels},error_type="{error_type}"}} 1"#);
            assert_eq!(counts.await, [expected]);
        }
    }

    #[tokio::test]
    async fn dropped_call_is_not_counted() {
        let counts = counts(async |meter| {
            let find = TimedCollection::new("item", meter).operation("find");
            let call = find.time(std::future::pending::<Result<(), _>>());

            tokio::time::timeout(Duration::from_millis(1), call)
                .await
                .expect_err("it does not return");
        });

        assert_eq!(counts.await, [""; 0]);
    }
}
