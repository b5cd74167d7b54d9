//! The database schema, as migrations for PostgreSQL and SQLite.
//!
//! # Adding a migration
//! 1. Copy the newest `m…` file under a name with today's date, and write `up` and `down`.
//! 2. Append it to [`Migrator::migrations`]. Never change or reorder released migrations.
//! 3. All pending migrations run in one transaction, under a lock. What PostgreSQL refuses in a transaction, such as
//!    `CREATE INDEX CONCURRENTLY`, cannot be used here.
//! 4. Run `migrate up` and `migrate down` on a copy of real data.

pub mod grants;

mod applied;
mod m20261122_000001_create_tweet;
mod m20261122_000002_add_idempotency_key;

use sea_orm_migration::prelude::*;
pub use sea_orm_migration::{MigratorTrait, MigratorTraitSelf, SchemaManager, sea_orm::TransactionTrait};

pub use applied::{AppliedMigrations, known};

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_create_tweet::Migration),
            Box::new(m20261122_000002_add_idempotency_key::Migration),
        ]
    }
}
