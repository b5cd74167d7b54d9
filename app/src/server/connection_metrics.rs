//! Metrics of connections.

use std::sync::Arc;

use opentelemetry::{
    KeyValue,
    metrics::{BoundCounter, BoundUpDownCounter, Meter},
};

/// How many connections are open, and how many were closed to keep the limits.
pub(super) struct ConnectionMetrics {
    open: BoundUpDownCounter<i64>,
    closed_at_total_limit: BoundCounter<u64>,
    closed_at_client_limit: BoundCounter<u64>,
    closed_at_memory_limit: BoundCounter<u64>,
}

/// An open connection. It counts until this is dropped.
pub(super) struct Open(Arc<ConnectionMetrics>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.add(-1);
    }
}

impl ConnectionMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        let open = meter
            .i64_up_down_counter("http.server.open_connections")
            .with_unit("{connection}")
            .with_description("Number of open HTTP connections.")
            .build();
        let evicted = meter
            .u64_counter("http.server.evicted_connections")
            .with_unit("{connection}")
            .with_description(
                "Connections closed to make room for others, by the setting that limits them, or `memory`.",
            )
            .build();
        let at = |limit: &'static str| {
            let counter = evicted.bind(&[KeyValue::new("limit", limit)]);
            // A series that begins with its first increment hides it from `rate()`.
            counter.add(0);
            counter
        };

        Self {
            open: open.bind(&[]),
            closed_at_total_limit: at("MAX_CONNECTIONS"),
            closed_at_client_limit: at("MAX_CONNECTIONS_PER_CLIENT"),
            closed_at_memory_limit: at("memory"),
        }
    }

    /// A connection was opened.
    pub(super) fn open(metrics: &Arc<Self>) -> Open {
        metrics.open.add(1);
        Open(Arc::clone(metrics))
    }

    /// A connection was closed for another one because of `MAX_CONNECTIONS`.
    pub(super) fn closed_at_total_limit(&self) {
        self.closed_at_total_limit.add(1);
    }

    /// A connection was closed because of `MAX_CONNECTIONS_PER_CLIENT`.
    pub(super) fn closed_at_client_limit(&self) {
        self.closed_at_client_limit.add(1);
    }

    /// So many connections were closed because all together held too much memory.
    pub(super) fn closed_at_memory_limit(&self, count: usize) {
        self.closed_at_memory_limit.add(count as u64);
    }
}
