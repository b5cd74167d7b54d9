//! Metrics of the replica.

use std::sync::Arc;

use opentelemetry::metrics::Meter;

use super::reads::ReplicaReads;

/// Registers `db.client.replica.used` and `db.client.replica.horizon.age`, which are read whenever metrics are
/// collected, as long as something uses the replica.
pub fn observe_replica(reads: &ReplicaReads, meter: &Meter) {
    let state = Arc::downgrade(&reads.state);
    meter
        .u64_observable_gauge("db.client.replica.used")
        .with_description("1 if the replica serves reads, 0 if the primary serves all of them.")
        .with_callback(move |used| {
            if let Some(state) = state.upgrade() {
                used.observe(state.is_used().into(), &[]);
            }
        })
        .build();

    let state = Arc::downgrade(&reads.state);
    meter
        .f64_observable_gauge("db.client.replica.horizon.age")
        .with_unit("s")
        .with_description(
            "Time since the primary was where the replica is known to be. Absent if that is unknown.",
        )
        .with_callback(move |age| {
            let horizon_age = state.upgrade().and_then(|state| state.horizon_age());
            if let Some(horizon_age) = horizon_age {
                age.observe(horizon_age.as_secs_f64(), &[]);
            }
        })
        .build();
}
