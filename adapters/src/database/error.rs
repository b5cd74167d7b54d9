//! Errors: from those of the driver to those of the domain, which a caller can act on.

use std::{error::Error, sync::Arc, time::Duration};

use domain::{BoxedSource, RepositoryError};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, SqlxError, sqlx::postgres::PgDatabaseError};
use thiserror::Error;

use super::{
    file::FileDamage,
    pooler::{self, FOREIGN_ROW, SHARES_SESSIONS},
    reason::describe,
};

/// Why a call to the database failed.
#[derive(Debug, Error)]
pub enum CallError {
    /// The database rejected the statement, or cannot be reached.
    #[error("{}", describe(.0))]
    Database(DbErr),
    /// The call timed out. The statement may have been executed, or may still be.
    #[error("no response within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The files of SQLite are not those that were opened. What is written now may be gone after a restart.
    #[error(transparent)]
    FileDamaged(#[from] FileDamage),
}

// Not `#[from]`, which would make it a source: a source is logged in its own words.
impl From<DbErr> for CallError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<CallError> for RepositoryError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Database(error) => classify(error),
            CallError::TimedOut(_) => Self::TimedOut {
                source: Arc::new(error),
            },
            CallError::FileDamaged(_) => Self::Unavailable {
                source: Arc::new(error),
            },
        }
    }
}

/// A row that breaks the rules of its resource: another program wrote it.
#[derive(Debug, Error)]
#[error("{table} row {id} is invalid: {reason}")]
pub struct CorruptRow<E> {
    /// The table.
    pub table: &'static str,
    /// The id of its row.
    pub id: String,
    /// The rule that it breaks.
    pub reason: E,
}

impl<E: Error + Send + Sync + 'static> From<CorruptRow<E>> for RepositoryError {
    fn from(corrupt: CorruptRow<E>) -> Self {
        Self::Internal {
            source: Arc::new(corrupt),
        }
    }
}

fn classify(error: DbErr) -> RepositoryError {
    if is_conflict(&error) {
        return RepositoryError::Conflict;
    }

    let kind = kind_of(&error);
    let source: BoxedSource = match kind {
        Kind::StatementNotPrepared => Arc::new(PoolerError(error)),
        _ => Arc::new(CallError::Database(error)),
    };
    match kind {
        Kind::ConnectionLost
        | Kind::StalePlan
        | Kind::RolledBack
        | Kind::StatementNotPrepared
        | Kind::OutOfSpace
        | Kind::Unavailable => RepositoryError::Unavailable { source },
        Kind::TimedOut => RepositoryError::TimedOut { source },
        Kind::Internal => RepositoryError::Internal { source },
    }
}

/// A prepared statement of this service is unknown on its connection, or another one.
#[derive(Debug, Error)]
#[error("{SHARES_SESSIONS}: {}", describe(.0))]
struct PoolerError(DbErr);

/// Whether a row with this unique key is already stored.
pub fn is_conflict(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether a statement waited too long for a lock.
pub(crate) fn is_lock_timeout(error: &DbErr) -> bool {
    matches!(kind_of(error), Kind::TimedOut)
}

/// Whether the disk of the database is full, or another limit of its resources is reached.
pub(crate) fn is_out_of_space(error: &DbErr) -> bool {
    matches!(kind_of(error), Kind::OutOfSpace)
}

/// Whether the database role lacks a right that the statement needs: PostgreSQL's `insufficient_privilege`.
pub(crate) fn is_permission_denied(error: &DbErr) -> bool {
    has_code(error, "42501")
}

/// Whether another transaction held the lock of a table for longer than `lock_timeout`: PostgreSQL's
/// `lock_not_available`.
pub(crate) fn is_table_in_use(error: &DbErr) -> bool {
    has_code(error, "55P03")
}

fn has_code(error: &DbErr, code: &str) -> bool {
    driver_error(error)
        .and_then(SqlxError::as_database_error)
        .is_some_and(|error| error.code().as_deref() == Some(code))
}

/// What another attempt of a failed call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// A new pool, for this reason.
    NewPool(&'static str),
    /// Nothing: the database rolled the statement back for the sake of another one.
    SamePool,
}

/// How another attempt may succeed, if it may.
pub(crate) fn remedy(error: &DbErr) -> Option<Remedy> {
    match kind_of(error) {
        Kind::ConnectionLost => Some(Remedy::NewPool("a connection was lost")),
        Kind::StalePlan => Some(Remedy::NewPool("a prepared statement no longer fits the schema")),
        Kind::RolledBack => Some(Remedy::SamePool),
        _ => None,
    }
}

enum Kind {
    /// The connection is lost, or leads to a server that no longer accepts statements.
    ConnectionLost,
    /// A prepared statement was not executed, because the schema changed since it was prepared.
    StalePlan,
    /// A deadlock or a conflict with a concurrent transaction; nothing was stored.
    RolledBack,
    /// A pooler moved the transactions of a connection to another one, where its statements are not prepared.
    StatementNotPrepared,
    /// The disk is full.
    OutOfSpace,
    Unavailable,
    TimedOut,
    Internal,
}

fn kind_of(error: &DbErr) -> Kind {
    match error {
        // No connection became free, or none could be opened in time: nothing was sent.
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed) => {
            Kind::Unavailable
        }
        DbErr::Conn(RuntimeErr::SqlxError(error)) => match kind_of_driver_error(error) {
            // A server that refuses connections, for whatever reason, cannot be reached.
            Kind::Internal => Kind::Unavailable,
            kind => kind,
        },
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            kind_of_driver_error(error)
        }
        DbErr::Conn(_) => Kind::Unavailable,
        DbErr::Custom(text) if text.starts_with(FOREIGN_ROW) => Kind::StatementNotPrepared,
        _ => Kind::Internal,
    }
}

pub(super) fn driver_error(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

fn kind_of_driver_error(error: &SqlxError) -> Kind {
    match error {
        SqlxError::Io(_) | SqlxError::Tls(_) => Kind::ConnectionLost,
        SqlxError::PoolTimedOut | SqlxError::PoolClosed | SqlxError::WorkerCrashed => Kind::Unavailable,
        SqlxError::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => kind_of_postgres_error(error),
            None => kind_of_sqlite_error(error.code().as_deref().unwrap_or_default()),
        },
        _ => Kind::Internal,
    }
}

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn kind_of_postgres_error(error: &PgDatabaseError) -> Kind {
    if pooler::is_another_statement(error) {
        return Kind::StatementNotPrepared;
    }

    match error.code() {
        // query_canceled, which is how statement_timeout shows; lock_not_available.
        "57014" | "55P03" => Kind::TimedOut,
        // Shut down by an administrator, after a crash, or for having been idle; 25006: a primary no longer.
        "57P01" | "57P02" | "57P05" | "25006" => Kind::ConnectionLost,
        // Starting up or stopping; too many connections.
        "57P03" | "53300" => Kind::Unavailable,
        // "cached plan must not change result type": the message is translated, the function's name is not.
        "0A000" if error.routine() == Some("RevalidateCachedQuery") => Kind::StalePlan,
        // serialization_failure, deadlock_detected.
        "40001" | "40P01" => Kind::RolledBack,
        // disk_full; io_error, which is how a failing disk shows.
        "53100" | "58030" => Kind::OutOfSpace,
        // The other limits of its resources, and errors of its system.
        code if code.starts_with("53") || code.starts_with("58") => Kind::Unavailable,
        // Class 08: connection exception.
        code if code.starts_with("08") => Kind::ConnectionLost,
        _ => Kind::Internal,
    }
}

/// By result code: <https://www.sqlite.org/rescode.html>. The last eight bits of an extended code are its primary code.
fn kind_of_sqlite_error(code: &str) -> Kind {
    match code.parse::<u32>().map(|code| code & 0xff) {
        // SQLITE_BUSY and SQLITE_LOCKED: another writer outlasted busy_timeout.
        Ok(5 | 6) => Kind::TimedOut,
        // SQLITE_FULL, and SQLITE_IOERR, which is how a full disk shows to some writes.
        Ok(13 | 10) => Kind::OutOfSpace,
        // SQLITE_READONLY and SQLITE_CANTOPEN: the file was moved, or its folder is gone.
        Ok(8 | 14) => Kind::Unavailable,
        _ => Kind::Internal,
    }
}
