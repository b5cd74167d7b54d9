//! Errors: from those of the driver to those of the domain, which a caller can act on.

use std::{error::Error, sync::Arc, time::Duration};

use domain::{BoxedSource, RepositoryError};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, SqlxError};
use thiserror::Error;

/// Why a call to the database failed.
#[derive(Debug, Error)]
pub enum CallError {
    /// The database rejected the statement, or cannot be reached.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The call timed out. The statement may have been executed, or may still be.
    #[error("no response within {} ms", .0.as_millis())]
    TimedOut(Duration),
}

impl From<CallError> for RepositoryError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Database(error) => classify(error),
            CallError::TimedOut(_) => Self::TimedOut {
                source: Arc::new(error),
            },
        }
    }
}

/// A row that breaks the rules of its resource: another program wrote it.
#[derive(Debug, Error)]
#[error("{table} row {id} is invalid: {reason}")]
pub(crate) struct CorruptRow<E> {
    pub(crate) table: &'static str,
    pub(crate) id: String,
    pub(crate) reason: E,
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
    let source: BoxedSource = Arc::new(error);
    match kind {
        Kind::ConnectionLost | Kind::Unavailable => RepositoryError::Unavailable { source },
        Kind::TimedOut => RepositoryError::TimedOut { source },
        Kind::Internal => RepositoryError::Internal { source },
    }
}

/// Whether a row with this unique key is already stored.
pub(crate) fn is_conflict(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether the connection is lost, or leads to a server that no longer accepts statements. A new connection may work.
pub(crate) fn is_connection_lost(error: &DbErr) -> bool {
    matches!(kind_of(error), Kind::ConnectionLost)
}

/// Whether a statement waited too long for a lock.
pub(crate) fn is_lock_timeout(error: &DbErr) -> bool {
    matches!(kind_of(error), Kind::TimedOut)
}

enum Kind {
    ConnectionLost,
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
        _ => Kind::Internal,
    }
}

fn kind_of_driver_error(error: &SqlxError) -> Kind {
    match error {
        SqlxError::Io(_) | SqlxError::Tls(_) => Kind::ConnectionLost,
        SqlxError::PoolTimedOut | SqlxError::PoolClosed | SqlxError::WorkerCrashed => Kind::Unavailable,
        SqlxError::Database(error) => match error.code().as_deref() {
            // PostgreSQL's query_canceled, which is how statement_timeout shows.
            Some("57014") => Kind::TimedOut,
            // Shut down by an administrator, after a crash, or for having been idle; 25006: a primary no longer.
            Some("57P01" | "57P02" | "57P05" | "25006") => Kind::ConnectionLost,
            // Class 08: connection exception; 57P03: starting up or stopping; 53300: too many connections.
            Some("57P03" | "53300") => Kind::Unavailable,
            Some(code) if code.starts_with("08") => Kind::ConnectionLost,
            // SQLITE_BUSY and SQLITE_LOCKED, with their extended codes: another writer outlasted busy_timeout.
            Some("5" | "6" | "261" | "262" | "517") => Kind::TimedOut,
            _ => Kind::Internal,
        },
        _ => Kind::Internal,
    }
}
