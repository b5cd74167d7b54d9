//! The widget stores: every adapter and every decorator.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up must fail"
)]

mod chunks;
mod contract;
mod lost_responses;
mod model;

use adapters::{
    database::{self, Options},
    testing::FreshDatabase,
    widget::SeaOrmWidgetRepository,
};
use migration::{Migrator, MigratorTrait};

/// A repository on a database that gets its schema first. Its connections are opened afterwards: in SQLite, those that
/// were open between two statements of a migration know a table and not yet its index, which an upsert names.
async fn open(database: &FreshDatabase, options: Options) -> SeaOrmWidgetRepository {
    let migrating = database::connect(database.url(), options).await.expect("connect");
    Migrator::up(&migrating.connection(), None).await.expect("migrate");

    let pool = database::connect(database.url(), options).await.expect("connect");
    SeaOrmWidgetRepository::new(pool)
}
