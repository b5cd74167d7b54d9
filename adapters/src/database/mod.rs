//! Database to PostgreSQL and SQLite, and calls through them.

mod connect;
pub(crate) mod error;
pub(crate) mod idempotent;
mod hot_connections;
mod metrics;
mod migration_lock;
mod resilient_pool;

pub use connect::{ConnectError, Options, connect, redacted};
pub use metrics::observe_pool;
pub use migration_lock::MigrationLockError;
pub use resilient_pool::{Attempt, CallError, Database, PoolGeneration};
