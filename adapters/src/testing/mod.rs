//! What tests use (feature `testing`): databases that exist for one test each, a PostgreSQL server and a network that
//! can fail, a standby, a pooler, a collector of spans, and stores that tests control.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its database must fail with the reason"
)]

// Resources, one line each.
pub mod tweet;

mod cluster;
pub mod collector;
mod fresh_database;
pub mod gate;
mod pgbouncer;
mod programs;
mod proxy;
mod received_span;
mod replication;
mod store_tracer;

pub use cluster::PostgresServer;
pub use fresh_database::FreshDatabase;
pub use pgbouncer::{PgBouncer, PoolMode};
pub use proxy::Proxy;
pub use received_span::ReceivedSpan;
pub use replication::Replication;
pub use store_tracer::store_tracer;
