//! Metrics of the connection pool.

use opentelemetry::{KeyValue, metrics::Meter};
use sea_orm::sqlx::{self, Pool};

use super::{
    pool_kind::{postgres, sqlite},
    resilient_pool::{Database, PoolGeneration},
};

/// Registers `db.client.connection.count` and `db.client.connection.max` (OpenTelemetry semantic conventions), which
/// are read from the pool whenever metrics are collected.
pub fn observe_pool(database: &Database, meter: &Meter) {
    let observed = database.clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.count")
        .with_unit("{connection}")
        .with_description("Connections to the database, idle or used.")
        .with_callback(move |count| {
            let Some(PoolStats { idle, used, .. }) = stats(&observed.pool()) else {
                return;
            };
            for (state, connections) in [("idle", idle), ("used", used)] {
                count.observe(connections, &[KeyValue::new("db.client.connection.state", state)]);
            }
        })
        .build();

    let observed = database.clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.max")
        .with_unit("{connection}")
        .with_description("The maximum number of open connections to the database.")
        .with_callback(move |max| {
            if let Some(stats) = stats(&observed.pool()) {
                max.observe(stats.max, &[]);
            }
        })
        .build();
}

/// How many connections a pool has open, and how many it may have.
pub(super) struct PoolStats {
    pub(super) idle: i64,
    pub(super) used: i64,
    max: i64,
}

/// `None` if this is not a pool that [`connect`](super::connect) opened.
pub(super) fn stats(pool: &PoolGeneration) -> Option<PoolStats> {
    let connection = &pool.connection;

    match postgres(connection) {
        // The pool counts the connections of the cache as used, but no statement uses them.
        Some(postgres) => Some(stats_of(postgres, pool.hot_connections.len() as i64)),
        None => sqlite(connection).map(|sqlite| stats_of(sqlite, 0)),
    }
}

fn stats_of<Driver: sqlx::Database>(pool: &Pool<Driver>, cached: i64) -> PoolStats {
    // The two are not read at the same instant, and sqlx's count of idle connections is wrong for a moment when one is
    // released and acquired again. Neither must make a figure negative.
    let open = i64::from(pool.size());
    let idle = pool.num_idle() as i64 + cached;

    PoolStats {
        idle: idle.clamp(0, open),
        used: (open - idle).clamp(0, open),
        max: i64::from(pool.options().get_max_connections()),
    }
}
