//! From what the driver says to what a caller can do.

use std::sync::Arc;

use domain::{BoxedSource, RepositoryError, TextError, TweetId};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, SqlxError};
use thiserror::Error;

use super::resilient_pool::CallError;

/// A row that is no tweet.
#[derive(Debug, Error)]
#[error("the row of tweet {id} holds a text that {source}")]
pub(crate) struct Corrupt {
    pub(crate) id: TweetId,
    pub(crate) source: TextError,
}

impl From<Corrupt> for RepositoryError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Internal {
            source: Arc::new(corrupt),
        }
    }
}

impl From<CallError> for RepositoryError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Database(error) => classify(error),
            CallError::Late(_) => Self::TimedOut {
                source: Arc::new(error),
            },
        }
    }
}

/// Sorts a driver's error into one of the domain's.
fn classify(error: DbErr) -> RepositoryError {
    if is_conflict(&error) {
        return RepositoryError::Conflict;
    }
    let kind = kind_of(&error);
    let source: BoxedSource = Arc::new(error);
    match kind {
        Kind::Lost | Kind::Unavailable => RepositoryError::Unavailable { source },
        Kind::TimedOut => RepositoryError::TimedOut { source },
        Kind::Internal => RepositoryError::Internal { source },
    }
}

/// Whether a row with this key is there already.
pub(crate) fn is_conflict(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Whether the connection is gone, or leads to a server that will not do. A fresh one may help at once.
pub(crate) fn is_lost(error: &DbErr) -> bool {
    matches!(kind_of(error), Kind::Lost)
}

/// Whether somebody else held what a statement needed for too long.
pub(crate) fn is_busy(error: &DbErr) -> bool {
    matches!(kind_of(error), Kind::TimedOut)
}

enum Kind {
    Lost,
    Unavailable,
    TimedOut,
    Internal,
}

fn kind_of(error: &DbErr) -> Kind {
    match error {
        // No connection became free, or none could be made, before the deadline: nothing was sent.
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed) => {
            Kind::Unavailable
        }
        DbErr::Conn(RuntimeErr::SqlxError(error)) => match kind_of_driver(error) {
            // A server that lets nobody in, for whatever reason, cannot be reached.
            Kind::Internal => Kind::Unavailable,
            kind => kind,
        },
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            kind_of_driver(error)
        }
        DbErr::Conn(_) => Kind::Unavailable,
        _ => Kind::Internal,
    }
}

fn kind_of_driver(error: &SqlxError) -> Kind {
    match error {
        SqlxError::Io(_) | SqlxError::Tls(_) => Kind::Lost,
        SqlxError::PoolTimedOut | SqlxError::PoolClosed | SqlxError::WorkerCrashed => Kind::Unavailable,
        SqlxError::Database(error) => match error.code().as_deref() {
            // PostgreSQL's query_canceled, which is how statement_timeout shows.
            Some("57014") => Kind::TimedOut,
            // Shut down by an administrator, after a crash, or for having been idle; 25006: a primary no longer.
            Some("57P01" | "57P02" | "57P05" | "25006") => Kind::Lost,
            // Class 08: connection exception; 57P03: starting up or stopping; 53300: too many connections.
            Some("57P03" | "53300") => Kind::Unavailable,
            Some(code) if code.starts_with("08") => Kind::Lost,
            // SQLITE_BUSY and SQLITE_LOCKED, with their extended codes: another writer outlasted busy_timeout.
            Some("5" | "6" | "261" | "262" | "517") => Kind::TimedOut,
            _ => Kind::Internal,
        },
        _ => Kind::Internal,
    }
}
