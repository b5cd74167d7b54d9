//! A pool of connections with the settings the service needs; the defaults of the layers below log every statement
//! and ask the server for a sign of life before each.

use std::time::Duration;

use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};
use thiserror::Error;
use url::Url;

/// How to reach a database.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The largest number of connections in the pool, at least 1.
    pub max_connections: u32,
    /// How long a caller waits for a connection, new or free.
    pub acquire_timeout: Duration,
    /// Whether statements are logged, at level `DEBUG`. Their parameters never are.
    pub log_statements: bool,
}

impl Default for Options {
    /// 10 connections, 5 seconds, statements not logged.
    fn default() -> Self {
        Self { max_connections: 10, acquire_timeout: Duration::from_secs(5), log_statements: false }
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
pub async fn connect(url: &str, options: Options) -> Result<DatabaseConnection, ConnectError> {
    let mut connect = ConnectOptions::new(url);
    connect
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .connect_timeout(options.acquire_timeout)
        .sqlx_logging(options.log_statements)
        .sqlx_logging_level(log::LevelFilter::Debug)
        .test_before_acquire(false)
        .set_application_name("templatesite")
        .map_sqlx_sqlite_opts(|sqlite| {
            use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
            // In WAL mode readers and the writer do not wait for each other, and NORMAL keeps every committed write
            // through the death of the process.
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(Duration::from_secs(5))
        });
    let failed = |error: DbErr| ConnectError { place: place(url), reason: reason(&error) };
    let database = Database::connect(connect).await.map_err(failed)?;
    database.ping().await.map_err(failed)?;
    Ok(database)
}

/// Where the database is, fit for a log: without the password.
pub fn place(url: &str) -> String {
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
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => "no answer in time".to_owned(),
        DbErr::Conn(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error)) => {
            match &**error {
                SqlxError::PoolTimedOut => "no answer in time".to_owned(),
                SqlxError::Database(error) => error.message().to_owned(),
                SqlxError::Io(error) => error.to_string(),
                other => other.to_string(),
            }
        }
        other => other.to_string(),
    }
}
