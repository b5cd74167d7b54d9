//! What the tests share.

pub(crate) mod example;
pub(crate) mod tls_server;

use std::time::Duration;

use adapters::database::{self, Database, Options};
use domain::RepositoryError;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use example::Repository;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A migrated database.
pub(crate) async fn open_with(url: &str, options: Options) -> (Database, Repository) {
    let database = database::connect(url, options).await.expect("a database");
    Migrator::up(&database.connection(), None)
        .await
        .expect("a schema");

    (database.clone(), Repository::new(database))
}

/// A migrated database with a pool of one connection, on which a call may take a second.
pub(crate) async fn open(url: &str) -> (Database, Repository) {
    let options = Options {
        max_connections: 1,
        statement_timeout: SECOND,
        ..Options::default()
    };
    open_with(url, options).await
}

/// The column `number` of the row that a PostgreSQL query returns.
pub(crate) async fn number(database: &Database, query: &str) -> i64 {
    let statement = Statement::from_string(DbBackend::Postgres, query.to_owned());
    let row = database
        .connection()
        .query_one_raw(statement)
        .await
        .expect("a result")
        .expect("a row");

    row.try_get("", "number").expect("a number")
}

pub(crate) fn is_timed_out(error: &RepositoryError) -> bool {
    matches!(error, RepositoryError::TimedOut { .. })
}
