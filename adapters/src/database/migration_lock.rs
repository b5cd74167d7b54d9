//! One process at a time changes the schema.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use thiserror::Error;
use tokio::time::{sleep, timeout};

use super::{error::is_busy, resilient_pool::Database};

/// The advisory lock's key: `template`, in ASCII. Whatever else takes locks in the same database must not use it.
const KEY: i64 = i64::from_be_bytes(*b"template");

/// How often somebody who waits asks again. PostgreSQL could tell when it is time, but a statement that waits for that
/// holds a snapshot, and there are changes to a schema (`CREATE INDEX CONCURRENTLY`) that wait for old snapshots.
const PAUSE: Duration = Duration::from_millis(100);

/// Longer than any change of a schema takes; shorter than for ever, when the database falls silent.
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum MigrationLockError {
    /// Another process was busy all the time.
    #[error("no turn within {} s; another process is changing the schema, or left a transaction open", .0.as_secs())]
    Timeout(Duration),
    /// The work took longer than any should.
    #[error("no end after {} h", LONGEST.as_secs() / 3600)]
    RanTooLong,
    /// The database refused, or could not be reached.
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Database {
    /// Does `work` in a transaction, while no other process on this database does work of this kind. All of it is
    /// stored or nothing. PostgreSQL's limit on the time of statements is lifted for it.
    ///
    /// On PostgreSQL an advisory lock keeps others out, on SQLite the lock that every writer needs. Either ends with
    /// the transaction, and so with the process or its connection.
    ///
    /// # Errors
    /// [`MigrationLockError`]; nothing was stored. [`MigrationLockError::Timeout`] after `patience`.
    pub async fn with_migration_lock<T>(
        &self,
        patience: Duration,
        work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, DbErr>,
    ) -> Result<T, MigrationLockError> {
        let database = self.database();
        let transaction = timeout(patience, lock(&database))
            .await
            .map_err(|_| MigrationLockError::Timeout(patience))??;
        let done = timeout(LONGEST, async {
            let done = work(&transaction).await?;
            transaction.commit().await?;
            Ok::<_, DbErr>(done)
        });
        Ok(done.await.map_err(|_| MigrationLockError::RanTooLong)??)
    }
}

/// A transaction that nobody else can have, as soon as nobody else has one.
async fn lock(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let mut told = false;
    loop {
        if let Some(transaction) = try_lock(database).await? {
            return Ok(transaction);
        }
        if !told {
            tracing::info!("another process is changing the schema; waiting for it");
            told = true;
        }
        sleep(PAUSE).await;
    }
}

async fn try_lock(database: &DatabaseConnection) -> Result<Option<DatabaseTransaction>, DbErr> {
    let backend = database.get_database_backend();
    if backend == DbBackend::Sqlite {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        return match database.begin_with_options(immediate).await {
            Err(error) if is_busy(&error) => Ok(None),
            outcome => outcome.map(Some),
        };
    }
    // Each statement sees what was committed before it: the work must see what the process before it did.
    let transaction = database
        .begin_with_config(Some(IsolationLevel::ReadCommitted), None)
        .await?;
    transaction
        .execute_unprepared("set local statement_timeout = 0")
        .await?;
    let ask = Statement::from_sql_and_values(
        backend,
        "select pg_try_advisory_xact_lock($1) as locked",
        [KEY.into()],
    );
    let locked = match transaction.query_one_raw(ask).await? {
        Some(row) => row.try_get("", "locked")?,
        None => false,
    };
    if locked {
        return Ok(Some(transaction));
    }
    transaction.rollback().await?;
    Ok(None)
}
