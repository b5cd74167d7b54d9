//! A pool of connections with the settings the service needs; the defaults of the layers below log every statement
//! and ask the server for a sign of life before each.

use std::time::Duration;

use sea_orm::{ConnectOptions, DbErr};
use thiserror::Error;
use url::Url;

use super::resilient_pool::{CallError, Database};

/// How to reach a database.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The largest number of connections in the pool, at least 1.
    pub max_connections: u32,
    /// How long a caller waits for a connection, new or free.
    pub acquire_timeout: Duration,
    /// How long a call may take, the wait for a connection included. The database itself is told to end a statement a
    /// little earlier, which keeps the connection good.
    pub statement_timeout: Duration,
    /// Whether statements are logged, at level `DEBUG`. Their parameters never are.
    pub log_statements: bool,
}

impl Default for Options {
    /// 10 connections, 5 seconds for either, statements not logged.
    fn default() -> Self {
        let timeout = Duration::from_secs(5);
        Self {
            max_connections: 10,
            acquire_timeout: timeout,
            statement_timeout: timeout,
            log_statements: false,
        }
    }
}

/// Why no database is at the end of a URL. The message names the place, never the password.
#[derive(Debug, Error)]
#[error("cannot open the database {place}: {reason}")]
pub struct ConnectError {
    place: String,
    reason: String,
}

/// Opens a pool on `postgres://…` or `sqlite://…`, and makes sure that a first connection can be had. A SQLite file
/// that is not there is created.
///
/// # Errors
/// [`ConnectError`] when there is no answer within `acquire_timeout`, or a refusal.
pub async fn connect(url: &str, options: Options) -> Result<Database, ConnectError> {
    let server_side = options.statement_timeout * 9 / 10;
    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_timeout(options.acquire_timeout)
        .statement_timeout(server_side)
        .sqlx_logging(options.log_statements)
        .sqlx_logging_level(log::LevelFilter::Debug)
        .test_before_acquire(false)
        .set_application_name("templatesite")
        .map_sqlx_sqlite_opts(move |sqlite| {
            use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
            // In WAL mode readers and the writer do not wait for each other, and NORMAL keeps every committed write
            // through the death of the process.
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(server_side)
        });
    let failed = |reason| ConnectError {
        place: redacted(url),
        reason,
    };
    let database = sea_orm::Database::connect(connect)
        .await
        .map_err(|error| failed(reason(&error)))?;
    let connections = Database::new(database, options.statement_timeout);
    connections
        .ping(options.statement_timeout)
        .await
        .map_err(|error| match error {
            CallError::Database(error) => failed(reason(&error)),
            CallError::Late(_) => failed(NO_ANSWER.to_owned()),
        })?;
    Ok(connections)
}

const NO_ANSWER: &str = "no answer in time";

/// Where the database is, fit for a log: without the password.
pub fn redacted(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut url) => {
            let _ = url.set_password(None);
            url.set_query(None);
            url.to_string()
        }
        Err(_) => "of an unreadable URL".to_owned(),
    }
}

fn reason(error: &DbErr) -> String {
    use sea_orm::{ConnAcquireErr, RuntimeErr, SqlxError};
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => NO_ANSWER.to_owned(),
        DbErr::Conn(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error)) => {
            match &**error {
                SqlxError::PoolTimedOut => NO_ANSWER.to_owned(),
                SqlxError::Database(error) => error.message().to_owned(),
                SqlxError::Io(error) => error.to_string(),
                other => other.to_string(),
            }
        }
        other => other.to_string(),
    }
}
