//! PostgreSQL and SQLite: connections that survive outages, and the statements of any resource.
//!
//! [`connect`] opens a [`Database`]. Its calls have a timeout and are retried on a new connection if the old one is lost
//! ([`Database::run`]). A resource describes its table once (`table`); insertion in chunks (`query`) and under
//! idempotency keys (`idempotent`) follow from that.

mod address;
mod connect;
mod driver_options;
mod encoding;
mod health;
mod migration_lock;
mod pool_metrics;
mod replica;

pub mod idempotent;
pub mod query;
pub mod stored_key;
pub mod table;

mod bind_arrays;

// A pool, and how it finds its server among several.
mod candidates;
mod failover;
mod resilient_pool;
mod route;

// Each of these depends only on those below it.
mod reason;

mod hot_connections;

mod disk_space;

pub mod error;

mod file;

mod pooler;

mod pool_kind;

pub use address::{
    Address, Host, ParseAddressError, ParseHostError, ParsePortError, ParseServersError, ParseSslModeError,
    ParseTargetSessionAttrsError, Part, PostgresAddress, Server, Servers, SqliteAddress, SqliteMode, SslMode,
    TargetSessionAttrs, Tls, is_plain_name, parse_hosts, parse_ports,
};
pub use connect::{ConnectError, Options, connect, connect_to};
pub use error::CallError;
pub use file::FileDamage;
pub use health::SeaOrmHealthCheck;
pub use migration_lock::MigrationLockError;
pub use pool_metrics::observe_pool;
pub use replica::{
    MAX_CLOCK_SKEW, Replica, ReplicaHealthCheck, ReplicaOptions, ReplicaReads, View, observe_replica,
};
pub use resilient_pool::{Attempt, Database, PoolGeneration};
