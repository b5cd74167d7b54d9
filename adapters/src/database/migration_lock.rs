//! A lock that lets one process at a time change the schema.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout};

use super::{
    error::{is_lock_timeout, is_permission_denied},
    pool_metrics::stats,
    resilient_pool::{Database, PoolGeneration},
};

/// How often a waiting process tries again. PostgreSQL could wake it, but a statement that waits for a lock holds a
/// snapshot, and some schema changes (`CREATE INDEX CONCURRENTLY`) wait for old snapshots.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How long to wait for a connection to return to its pool, which pings it first. After that, another one is opened.
const MAX_WAIT_FOR_IDLE: Duration = Duration::from_secs(1);

/// Longer than any schema change takes. It ends the wait for a database that went silent.
const MAX_DURATION: Duration = Duration::from_secs(6 * 60 * 60);

/// Why the schema was not changed.
#[derive(Debug, Error)]
pub enum MigrationLockError {
    /// Another process held the lock all the time.
    #[error("the migration lock was not free within {} s; another process is changing the schema, or left a transaction open", .0.as_secs())]
    Timeout(Duration),
    /// The work took longer than any schema change should.
    #[error("the schema change did not end within {} h", MAX_DURATION.as_secs() / 3600)]
    RanTooLong,
    /// The database rejected a statement, or cannot be reached.
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl MigrationLockError {
    /// Whether the database role lacks a right that a statement needs.
    pub fn is_permission_denied(&self) -> bool {
        matches!(self, Self::Database(error) if is_permission_denied(error))
    }
}

impl Database {
    /// Does `work` in a transaction while holding a lock, so that one process at a time does it. PostgreSQL's statement
    /// timeout does not apply.
    ///
    /// On PostgreSQL the lock is an advisory lock, on SQLite the lock of writers. Either ends with the transaction, and
    /// so with the process or its connection.
    ///
    /// # Errors
    /// [`MigrationLockError`]; nothing was stored. [`MigrationLockError::Timeout`] if another process holds the lock for
    /// longer than `lock_timeout`.
    pub async fn with_migration_lock<T>(
        &self,
        lock_timeout: Duration,
        work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, DbErr>,
    ) -> Result<T, MigrationLockError> {
        let pool = self.usable_pool(Instant::now() + lock_timeout).await?;
        wait_for_idle_connection(&pool).await;
        let transaction = timeout(lock_timeout, lock(&pool.connection, self.application_name()))
            .await
            .map_err(|_| MigrationLockError::Timeout(lock_timeout))??;

        let done = timeout(MAX_DURATION, async {
            let result = work(&transaction).await?;
            transaction.commit().await?;
            Ok::<_, DbErr>(result)
        });
        Ok(done.await.map_err(|_| MigrationLockError::RanTooLong)??)
    }
}

/// Waits until the connection of the previous statement is back in its pool, where a task of the driver puts it. A
/// transaction that began sooner would open another one, which an idle service would then keep.
async fn wait_for_idle_connection(pool: &PoolGeneration) {
    let all_used = || stats(pool).is_some_and(|stats| stats.used > 0 && stats.idle == 0);

    let until = Instant::now() + MAX_WAIT_FOR_IDLE;
    while all_used() && Instant::now() < until {
        sleep(Duration::from_millis(1)).await;
    }
}

/// A transaction that holds the lock, as soon as the lock is free.
async fn lock(connection: &DatabaseConnection, application_name: &str) -> Result<DatabaseTransaction, DbErr> {
    let mut logged = false;

    loop {
        if let Some(transaction) = try_lock(connection, application_name).await? {
            return Ok(transaction);
        }
        if !logged {
            tracing::info!("another process is changing the schema; waiting for it");
            logged = true;
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// `None` if another process holds the lock.
async fn try_lock(
    connection: &DatabaseConnection,
    application_name: &str,
) -> Result<Option<DatabaseTransaction>, DbErr> {
    match connection.get_database_backend() {
        DbBackend::Sqlite => try_lock_sqlite(connection).await,
        _ => try_lock_postgres(connection, advisory_lock_key(application_name)).await,
    }
}

async fn try_lock_sqlite(connection: &DatabaseConnection) -> Result<Option<DatabaseTransaction>, DbErr> {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };

    match connection.begin_with_options(immediate).await {
        Err(error) if is_lock_timeout(&error) => Ok(None),
        outcome => outcome.map(Some),
    }
}

async fn try_lock_postgres(
    connection: &DatabaseConnection,
    key: i64,
) -> Result<Option<DatabaseTransaction>, DbErr> {
    // Each statement sees what was committed before it, so the work sees what the previous process did.
    let transaction = connection
        .begin_with_config(Some(IsolationLevel::ReadCommitted), None)
        .await?;
    transaction
        .execute_unprepared("set local statement_timeout = 0")
        .await?;

    let statement = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "select pg_try_advisory_xact_lock($1) as locked",
        [key.into()],
    );
    let locked = match transaction.query_one_raw(statement).await? {
        Some(row) => row.try_get("", "locked")?,
        None => false,
    };

    if locked {
        return Ok(Some(transaction));
    }
    transaction.rollback().await?;
    Ok(None)
}

/// The key of a program's lock, by its name, so that other users of advisory locks in the same database have other keys.
fn advisory_lock_key(application_name: &str) -> i64 {
    let hash = Sha256::digest(application_name);
    let mut key = [0; size_of::<i64>()];
    key.copy_from_slice(&hash[..size_of::<i64>()]);

    i64::from_be_bytes(key)
}
