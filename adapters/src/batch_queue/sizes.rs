//! How many calls share a statement.

use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram, Meter},
};

use super::MAX_BATCH_SIZE;
use crate::timed::{COLLECTION, OPERATION};

/// The batches of one collection, in the histogram `db.client.operation.batch.size`. It is named after the attribute
/// `db.operation.batch.size` of the OpenTelemetry semantic conventions, which have no metric for it.
pub struct BatchSizes {
    collection: &'static str,
    sizes: Histogram<u64>,
}

impl BatchSizes {
    /// The batches of the collection of this name. All collections share one instrument of the meter.
    pub fn new(collection: &'static str, meter: &Meter) -> Self {
        let powers_of_two = std::iter::successors(Some(1), |size| Some(size * 2));
        let bounds = powers_of_two.take_while(|size| *size <= MAX_BATCH_SIZE);

        let sizes = meter
            .u64_histogram("db.client.operation.batch.size")
            .with_unit("{call}")
            .with_description("Calls to the store that shared a statement.")
            .with_boundaries(bounds.map(|size| size as f64).collect())
            .build();
        Self { collection, sizes }
    }

    /// The batches of an operation, such as `add`.
    pub fn operation(&self, name: &'static str) -> BoundHistogram<u64> {
        self.sizes.bind(&[
            KeyValue::new(COLLECTION, self.collection),
            KeyValue::new(OPERATION, name),
        ])
    }
}
