//! What there is to know of a pool, and another one like it.

use opentelemetry::{KeyValue, metrics::Meter};
use sea_orm::{
    DatabaseConnection, DatabaseConnectionType, SqlxPostgresConnector,
    sqlx::{self, PgPool},
};

use super::resilient_pool::{Database, PoolGeneration};

/// Lets `meter` ask the pool for `db.client.connection.count` and `db.client.connection.max` (OpenTelemetry semantic
/// conventions) whenever metrics are collected.
pub fn observe_pool(connections: &Database, meter: &Meter) {
    let pool = connections.clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.count")
        .with_unit("{connection}")
        .with_description("Database to the database, idle or used.")
        .with_callback(move |count| {
            let Some(Figures { idle, used, .. }) = figures(&pool.pool()) else {
                return;
            };
            for (state, connections) in [("idle", idle), ("used", used)] {
                count.observe(connections, &[KeyValue::new("db.client.connection.state", state)]);
            }
        })
        .build();
    let pool = connections.clone();
    meter
        .i64_observable_up_down_counter("db.client.connection.max")
        .with_unit("{connection}")
        .with_description("The largest number of connections to the database that may be open.")
        .with_callback(move |max| {
            if let Some(figures) = figures(&pool.pool()) {
                max.observe(figures.max, &[]);
            }
        })
        .build();
}

/// A pool like this one that has no connection yet. `None` when there is nothing to gain: SQLite is in this process.
pub(crate) fn fresh(database: &DatabaseConnection) -> Option<DatabaseConnection> {
    let pool = postgres(database).filter(|pool| pool.size() > 0)?;
    let fresh = pool
        .options()
        .clone()
        .connect_lazy_with((*pool.connect_options()).clone());
    Some(SqlxPostgresConnector::from_sqlx_postgres_pool(fresh))
}

/// PostgreSQL's pool, if this is one.
pub(crate) fn postgres(database: &DatabaseConnection) -> Option<&PgPool> {
    match &database.inner {
        DatabaseConnectionType::SqlxPostgresPoolConnection(_) => {
            Some(database.get_postgres_connection_pool())
        }
        _ => None,
    }
}

struct Figures {
    idle: i64,
    used: i64,
    max: i64,
}

/// `None` for what is not a pool of [`connect`](super::connect).
fn figures(connections: &PoolGeneration) -> Option<Figures> {
    let database = &connections.database;
    if let Some(pool) = postgres(database) {
        return Some(of_pool(pool, connections.kept.count() as i64));
    }
    match &database.inner {
        DatabaseConnectionType::SqlxSqlitePoolConnection(_) => {
            Some(of_pool(database.get_sqlite_connection_pool(), 0))
        }
        _ => None,
    }
}

fn of_pool<D: sqlx::Database>(pool: &sqlx::Pool<D>, kept: i64) -> Figures {
    // The two are not read at one instant, so a connection that opens or closes between them must not make a negative.
    let (open, idle) = (i64::from(pool.size()), pool.num_idle() as i64 + kept);
    let max = i64::from(pool.options().get_max_connections());
    Figures {
        idle: idle.min(open),
        used: (open - idle).max(0),
        max,
    }
}
