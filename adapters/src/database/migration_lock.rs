//! A lock that lets one process at a time change the schema.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    error::{is_lock_timeout, is_permission_denied, is_table_in_use},
    pool_metrics::stats,
    reason::describe,
    resilient_pool::{Database, PoolGeneration},
};

/// How often a waiting process tries again. PostgreSQL could wake it, but a statement that waits for a lock holds a
/// snapshot, and some schema changes (`CREATE INDEX CONCURRENTLY`) wait for old snapshots.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How long to wait for a connection to return to its pool, which pings it first. After that, another one is opened.
const MAX_WAIT_FOR_IDLE: Duration = Duration::from_secs(1);

/// How long a schema change waits for the lock of a table that another transaction uses. Until then, PostgreSQL lets all
/// later requests for the table wait behind it.
const TABLE_LOCK_TIMEOUT: &str = "500ms";

/// How long the table is left to the requests that waited, before the schema change is tried again.
const TABLE_LOCK_PAUSE: Duration = Duration::from_secs(1);

/// Longer than any schema change takes. It ends the wait for a database that went silent.
const MAX_DURATION: Duration = Duration::from_secs(6 * 60 * 60);

/// Why the schema was not changed.
#[derive(Debug, Error)]
pub enum MigrationLockError {
    /// Another process held the lock all the time.
    #[error("the migration lock was not free within {} s; another process is changing the schema, or left a transaction open", .0.as_secs())]
    Timeout(Duration),
    /// Another transaction used a table all the time.
    #[error("a table was not free within {} s: a transaction that is still open uses it, such as a backup or an idle \
             session (see pg_stat_activity). Try again when that has ended", .0.as_secs())]
    TableInUse(Duration),
    /// The work took longer than any schema change should.
    #[error("the schema change did not end within {} h", MAX_DURATION.as_secs() / 3600)]
    RanTooLong,
    /// The database rejected a statement, or cannot be reached.
    #[error("{}", describe(.0))]
    Database(DbErr),
}

// Not `#[from]`, which would make it a source: a source is logged in its own words.
impl From<DbErr> for MigrationLockError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl MigrationLockError {
    /// Whether the database role lacks a right that a statement needs.
    pub fn is_permission_denied(&self) -> bool {
        matches!(self, Self::Database(error) if is_permission_denied(error))
    }
}

impl Database {
    /// Does `work` in a transaction while holding a lock, so that one process at a time does it. PostgreSQL's statement
    /// timeout does not apply. If another transaction uses a table that `work` changes, `work` is rolled back after half a
    /// second and repeated, because requests for that table wait behind it meanwhile. Once `work` has a table, requests
    /// for it wait until the commit.
    ///
    /// On PostgreSQL the lock is an advisory lock, on SQLite the lock of writers. Either ends with the transaction, and
    /// so with the process or its connection.
    ///
    /// # Errors
    /// [`MigrationLockError`]; nothing was stored. [`MigrationLockError::Timeout`] if another process holds the lock for
    /// longer than `lock_timeout`, [`MigrationLockError::TableInUse`] if a transaction uses a table for so long.
    pub async fn with_migration_lock<T>(
        &self,
        lock_timeout: Duration,
        mut work: impl AsyncFnMut(&DatabaseTransaction) -> Result<T, DbErr>,
    ) -> Result<T, MigrationLockError> {
        let until = Instant::now() + lock_timeout;
        let mut logged = false;

        loop {
            let pool = self.usable_pool(until).await?;
            wait_for_idle_connection(&pool).await;
            let transaction = timeout_at(until, lock(&pool.connection, self.application_name()))
                .await
                .map_err(|_| MigrationLockError::Timeout(lock_timeout))??;

            let done = timeout(MAX_DURATION, work(&transaction)).await;
            match done.map_err(|_| MigrationLockError::RanTooLong)? {
                Ok(result) => {
                    let committed = timeout(MAX_DURATION, transaction.commit()).await;
                    committed.map_err(|_| MigrationLockError::RanTooLong)??;
                    return Ok(result);
                }
                Err(error) if !is_table_in_use(&error) => return Err(error.into()),
                Err(_) => {
                    let rolled_back = timeout(lock_timeout, transaction.rollback()).await;
                    rolled_back.map_err(|_| MigrationLockError::Timeout(lock_timeout))??;
                }
            }

            if Instant::now() + TABLE_LOCK_PAUSE >= until {
                return Err(MigrationLockError::TableInUse(lock_timeout));
            }
            if !logged {
                tracing::info!("another transaction uses a table that is to be changed; waiting for its end");
                logged = true;
            }
            sleep(TABLE_LOCK_PAUSE).await;
        }
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
    let settings =
        format!("set local statement_timeout = 0; set local lock_timeout = '{TABLE_LOCK_TIMEOUT}'");
    transaction.execute_unprepared(&settings).await?;

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
