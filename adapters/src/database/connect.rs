//! Opening a database, with the settings that a service needs. The defaults of the layers below log every statement and
//! ping the server before each.

use std::time::Duration;

use sea_orm::{
    ConnAcquireErr, ConnectOptions, DbErr, RuntimeErr, SqlxError,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use thiserror::Error;
use url::Url;

use super::{encoding::other_than_utf8, error::CallError, resilient_pool::Database};

/// How to connect to a database.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The maximum number of connections in the pool, at least 1.
    pub max_connections: u32,
    /// How long a caller waits for a connection, new or pooled.
    pub acquire_timeout: Duration,
    /// How long a call may take, including the wait for a connection. The database itself cancels a statement a little
    /// earlier, which leaves the connection usable.
    pub statement_timeout: Duration,
    /// Whether statements are logged, at level `DEBUG`. Their parameters never are.
    pub log_statements: bool,
}

impl Default for Options {
    /// 10 connections, both timeouts 5 seconds, statements not logged.
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

/// A database could not be opened. The message contains its URL without the password.
#[derive(Debug, Error)]
#[error("cannot open the database {url}: {reason}")]
pub struct ConnectError {
    url: String,
    reason: String,
}

/// Opens a pool on `postgres://…` or `sqlite://…`, and checks that a connection works. A missing SQLite file is created.
///
/// # Errors
/// [`ConnectError`] if the database refuses the connection or does not respond within `acquire_timeout`.
pub async fn connect(url: &str, options: Options) -> Result<Database, ConnectError> {
    let failed = |reason| ConnectError {
        url: redacted(url),
        reason,
    };

    let connection = sea_orm::Database::connect(connect_options(url, options))
        .await
        .map_err(|error| failed(reason(&error)))?;
    let database = Database::new(connection, options.statement_timeout);

    let encoding = database
        .run(|pool, _| async move { other_than_utf8(pool.connection()).await })
        .await;
    match encoding {
        Ok(None) => Ok(database),
        Ok(Some(encoding)) => Err(failed(format!(
            "its encoding is {encoding}, which cannot hold every text; create it with ENCODING 'UTF8' TEMPLATE template0"
        ))),
        Err(CallError::Database(error)) => Err(failed(reason(&error))),
        Err(CallError::TimedOut(_)) => Err(failed(NO_RESPONSE.to_owned())),
        Err(error @ CallError::FileReplaced) => Err(failed(error.to_string())),
    }
}

fn connect_options(url: &str, options: Options) -> ConnectOptions {
    // The database's own limit, so that it can cancel a statement before the caller drops the connection.
    let statement_timeout = options.statement_timeout * 9 / 10;

    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_timeout(options.acquire_timeout)
        .statement_timeout(statement_timeout)
        .sqlx_logging(options.log_statements)
        .sqlx_logging_level(log::LevelFilter::Debug)
        .test_before_acquire(false)
        .set_application_name("templatesite")
        .map_sqlx_sqlite_opts(move |sqlite| sqlite_options(sqlite, statement_timeout));
    connect
}

/// In WAL mode readers and the writer do not block each other. `NORMAL` keeps every committed write when the process
/// dies.
fn sqlite_options(sqlite: SqliteConnectOptions, busy_timeout: Duration) -> SqliteConnectOptions {
    sqlite
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(busy_timeout)
}

/// The URL without its password and parameters, for logs.
pub fn redacted(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return "(invalid URL)".to_owned();
    };

    // Fails only for URLs that cannot have a password.
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

const NO_RESPONSE: &str = "no response in time";

fn reason(error: &DbErr) -> String {
    let error = match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => return NO_RESPONSE.to_owned(),
        DbErr::Conn(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error)) => error,
        other => return other.to_string(),
    };

    match &**error {
        SqlxError::PoolTimedOut => NO_RESPONSE.to_owned(),
        SqlxError::Database(error) => error.message().to_owned(),
        SqlxError::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
