//! From what the driver says to what a caller can do.

use std::sync::Arc;

use domain::{BoxedSource, RepositoryError, TextError, TweetId};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr, SqlxError};
use thiserror::Error;

/// A row that is no tweet.
#[derive(Debug, Error)]
#[error("the row of tweet {id} holds a text that {source}")]
pub(super) struct Corrupt {
    pub(super) id: TweetId,
    pub(super) source: TextError,
}

impl From<Corrupt> for RepositoryError {
    fn from(corrupt: Corrupt) -> Self {
        Self::Internal { source: Arc::new(corrupt) }
    }
}

/// Sorts a driver's error into one of the domain's.
pub(super) fn classify(error: DbErr) -> RepositoryError {
    if let Some(SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
        return RepositoryError::Conflict;
    }
    let kind = kind_of(&error);
    let source: BoxedSource = Arc::new(error);
    match kind {
        Kind::Unavailable => RepositoryError::Unavailable { source },
        Kind::TimedOut => RepositoryError::TimedOut { source },
        Kind::Internal => RepositoryError::Internal { source },
    }
}

enum Kind {
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
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => kind_of_driver(error),
        DbErr::Conn(_) => Kind::Unavailable,
        _ => Kind::Internal,
    }
}

fn kind_of_driver(error: &SqlxError) -> Kind {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => Kind::Unavailable,
        SqlxError::Database(error) => match error.code().as_deref() {
            // PostgreSQL's query_canceled, which is how statement_timeout shows.
            Some("57014") => Kind::TimedOut,
            // Class 08: connection exception; 57P01–03: shutdown, crash, starting up; 53300: too many connections.
            Some("57P01" | "57P02" | "57P03" | "53300") => Kind::Unavailable,
            Some(code) if code.starts_with("08") => Kind::Unavailable,
            // SQLITE_BUSY and SQLITE_LOCKED, with their extended codes: another writer outlasted busy_timeout.
            Some("5" | "6" | "261" | "262" | "517") => Kind::TimedOut,
            _ => Kind::Internal,
        },
        _ => Kind::Internal,
    }
}
