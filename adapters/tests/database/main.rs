//! A database that is slow, lost or locked, seen through a repository.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up must fail"
)]

mod support;

mod address_hosts;
mod address_urls;
mod failover;
mod full_disk;
mod hot_connections;
mod lost_connections;
mod migration_lock;
mod poolers;
mod replica;
mod schema_change;
mod sqlite_file;
mod timeouts;
mod tls;
