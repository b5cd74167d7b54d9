//! Durations of store operations: what a `Metered` decorator is built from.

use std::time::Instant;

use domain::RepositoryError;
use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram, Meter},
};

const COLLECTION: &str = "db.collection.name";
const OPERATION: &str = "db.operation.name";

/// The operations on one collection, in the histogram `db.client.operation.duration` (OpenTelemetry semantic
/// conventions).
pub(crate) struct TimedCollection {
    name: &'static str,
    duration: Histogram<f64>,
}

impl TimedCollection {
    /// The collection of this name. All collections share one instrument of the meter.
    pub(crate) fn new(name: &'static str, meter: &Meter) -> Self {
        let duration = meter
            .f64_histogram("db.client.operation.duration")
            .with_unit("s")
            .with_description("Duration of calls to the store.")
            .build();

        Self { name, duration }
    }

    /// An operation on the collection, such as `add`.
    pub(crate) fn operation(&self, name: &'static str) -> TimedOperation {
        let attributes = [
            KeyValue::new(COLLECTION, self.name),
            KeyValue::new(OPERATION, name),
        ];

        TimedOperation {
            success: self.duration.bind(&attributes),
            duration: self.duration.clone(),
            collection: self.name,
            name,
        }
    }
}

/// One operation, whose calls are timed.
pub(crate) struct TimedOperation {
    /// The series of successes, looked up once. Failures are rare enough to be looked up each time.
    success: BoundHistogram<f64>,
    duration: Histogram<f64>,
    collection: &'static str,
    name: &'static str,
}

impl TimedOperation {
    /// Records the duration of a call once it returns, and passes its result on. A call that is dropped has no result
    /// and is not recorded.
    pub(crate) async fn time<T>(
        &self,
        call: impl Future<Output = Result<T, RepositoryError>>,
    ) -> Result<T, RepositoryError> {
        let start = Instant::now();
        let result = call.await;
        let seconds = start.elapsed().as_secs_f64();

        match &result {
            Ok(_) => self.success.record(seconds),
            Err(error) => self.duration.record(
                seconds,
                &[
                    KeyValue::new(COLLECTION, self.collection),
                    KeyValue::new(OPERATION, self.name),
                    KeyValue::new("error.type", error_type(error)),
                ],
            ),
        }

        result
    }
}

fn error_type(error: &RepositoryError) -> &'static str {
    match error {
        RepositoryError::Unavailable { .. } => "unavailable",
        RepositoryError::TimedOut { .. } => "timed_out",
        RepositoryError::Conflict => "conflict",
        RepositoryError::Internal { .. } => "internal",
    }
}
