//! What became of the spans that ended.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use opentelemetry::{KeyValue, metrics::Meter};

#[derive(Debug, Default)]
pub(super) struct Counts {
    /// In the queue now.
    queued: AtomicUsize,
    /// In the batch that is being sent.
    in_flight: AtomicUsize,
    dropped: AtomicU64,
    exported: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    /// Takes a place in the queue. If there is none, the span counts as dropped.
    pub(super) fn enqueue(&self, capacity: usize) -> bool {
        let has_place = self.queued.fetch_add(1, Relaxed) < capacity;
        if !has_place {
            self.queued.fetch_sub(1, Relaxed);
            self.dropped.fetch_add(1, Relaxed);
        }

        has_place
    }

    /// Gives back the places of a batch that leaves the queue.
    pub(super) fn dequeue(&self, spans: usize) {
        self.queued.fetch_sub(spans, Relaxed);
        self.in_flight.store(spans, Relaxed);
    }

    /// The number of spans that wait, or whose batch is being sent.
    pub(super) fn undelivered(&self) -> usize {
        self.queued.load(Relaxed) + self.in_flight.load(Relaxed)
    }

    /// Counts a batch of which the collector accepted some spans and not the others.
    pub(super) fn record(&self, accepted: u64, failed: u64) {
        self.exported.fetch_add(accepted, Relaxed);
        self.failed.fetch_add(failed, Relaxed);
        self.in_flight.store(0, Relaxed);
    }

    /// Two counters with the names that the OpenTelemetry semantic conventions give to an SDK's own metrics. Those of
    /// the SDK exist only for a global meter, and have no series before the first loss.
    pub(super) fn observe(self: &Arc<Self>, meter: &Meter) {
        let counts = Arc::clone(self);
        meter
            .u64_observable_counter("otel.sdk.processor.span.processed")
            .with_unit("{span}")
            .with_description("Spans that left the queue, and those that found it full.")
            .with_callback(move |processed| {
                let left = counts.exported.load(Relaxed) + counts.failed.load(Relaxed);
                processed.observe(left, &[]);
                processed.observe(
                    counts.dropped.load(Relaxed),
                    &[KeyValue::new(ERROR_TYPE, "queue_full")],
                );
            })
            .build();

        let counts = Arc::clone(self);
        meter
            .u64_observable_counter("otel.sdk.exporter.span.exported")
            .with_unit("{span}")
            .with_description("Spans that the collector received, and those that could not be delivered.")
            .with_callback(move |exported| {
                exported.observe(counts.exported.load(Relaxed), &[]);
                exported.observe(
                    counts.failed.load(Relaxed),
                    &[KeyValue::new(ERROR_TYPE, "export_failed")],
                );
            })
            .build();
    }
}

const ERROR_TYPE: &str = "error.type";
