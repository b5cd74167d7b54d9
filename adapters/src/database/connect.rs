//! Opening a database, with the settings that a service needs. The defaults of the layers below log every statement and
//! ping the server before each.

use std::{sync::Arc, time::Duration};

use sea_orm::{SqlxError, SqlxPostgresConnector, SqlxSqliteConnector};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout};

use super::{
    address::{Address, ParseAddressError, PostgresAddress, TargetSessionAttrs},
    candidates::Candidates,
    driver_options::{self, CertificateError},
    encoding::other_than_utf8,
    error::CallError,
    pooler::{self, SHARES_SESSIONS},
    reason::{NO_RESPONSE, driver_reason, reason},
    resilient_pool::{Database, PoolGeneration},
};

/// How to connect to a database.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The name of the program: PostgreSQL shows it beside each connection, and programs with different names do not wait
    /// for each other's migrations.
    pub application_name: &'static str,
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
    /// The name `service`, 10 connections, both timeouts 5 seconds, statements not logged.
    fn default() -> Self {
        let timeout = Duration::from_secs(5);

        Self {
            application_name: "service",
            max_connections: 10,
            acquire_timeout: timeout,
            statement_timeout: timeout,
            log_statements: false,
        }
    }
}

/// A database could not be opened. The message contains its address without user and password.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The URL cannot be parsed.
    #[error("the URL of the database is invalid: {0}")]
    Address(#[from] ParseAddressError),
    /// The database refuses the connection, does not respond, or is not trusted.
    #[error("cannot open the database {address}: {reason}")]
    Refused {
        /// The address, for people.
        address: String,
        /// What went wrong.
        reason: String,
    },
}

/// As [`connect_to`], for the URL of a database.
///
/// # Errors
/// Also if the URL is invalid.
pub async fn connect(url: &str, options: Options) -> Result<Database, ConnectError> {
    connect_to(&url.parse()?, options).await
}

/// Opens a pool and checks that a connection works. A missing SQLite file is created, unless its mode forbids that.
///
/// # Errors
/// [`ConnectError`] if the database refuses the connection or does not respond within `acquire_timeout`.
pub async fn connect_to(address: &Address, options: Options) -> Result<Database, ConnectError> {
    let failed = |reason| ConnectError::Refused {
        address: address.to_string(),
        reason,
    };

    let pool = open_pool(address, options)
        .await
        .map_err(|error| failed(error.reason(address)))?;
    let database = Database::new(pool, options.application_name, options.statement_timeout);

    let encoding = database
        .run(|pool, _| async move { other_than_utf8(pool.connection()).await })
        .await;
    match encoding {
        Ok(None) if pooler::shares_sessions(&database.connection()).await => {
            Err(failed(SHARES_SESSIONS.to_owned()))
        }
        Ok(None) => Ok(database),
        Ok(Some(encoding)) => Err(failed(format!(
            "its encoding is {encoding}, which cannot hold every text; create it with ENCODING 'UTF8' TEMPLATE template0"
        ))),
        Err(CallError::Database(error)) => Err(failed(reason(&error, address))),
        Err(CallError::TimedOut(_)) => Err(failed(NO_RESPONSE.to_owned())),
        Err(error @ CallError::FileDamaged(_)) => Err(failed(error.to_string())),
    }
}

/// Why a pool could not be opened.
#[derive(Debug, Error)]
enum OpenError {
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Driver(#[from] SqlxError),
    #[error("{0}")]
    NoServer(String),
}

impl OpenError {
    fn reason(&self, address: &Address) -> String {
        match self {
            Self::Certificate(_) | Self::NoServer(_) => self.to_string(),
            Self::Driver(error) => driver_reason(error, address),
        }
    }
}

async fn open_pool(address: &Address, options: Options) -> Result<Arc<PoolGeneration>, OpenError> {
    let connection = match address {
        Address::Postgres(postgres) => {
            driver_options::warn_if_unprotected(postgres);
            match &*postgres.servers {
                [server] if postgres.target() == TargetSessionAttrs::Any => {
                    let connect_options = driver_options::postgres(postgres, server, options)?;
                    let pool = driver_options::postgres_pool(options, Arc::new(()))
                        .connect_with(connect_options)
                        .await?;
                    SqlxPostgresConnector::from_sqlx_postgres_pool(pool)
                }
                _ => return choose_server(postgres, options).await,
            }
        }
        Address::Sqlite(sqlite) => {
            let connect_options = driver_options::sqlite(sqlite, options);
            let deadline = Instant::now() + options.acquire_timeout;
            loop {
                let pool = driver_options::pool(options).connect_with(connect_options.clone());
                match pool.await {
                    // Another process is switching the new file to WAL mode. SQLite reports that at once, whatever
                    // busy_timeout is.
                    Err(error) if is_locked(&error) && Instant::now() < deadline => {
                        sleep(LOCKED_PAUSE).await;
                    }
                    pool => break SqlxSqliteConnector::from_sqlx_sqlite_pool(pool?),
                }
            }
        }
    };

    Ok(PoolGeneration::new(connection, None))
}

/// A pool for the server that is what was asked for.
async fn choose_server(
    address: &PostgresAddress,
    options: Options,
) -> Result<Arc<PoolGeneration>, OpenError> {
    let candidates = Candidates::new(address, options)?;

    let pool = timeout(options.acquire_timeout, candidates.choose())
        .await
        .map_err(|_| OpenError::NoServer(candidates.failure()))?;
    if let Some(route) = &pool.route {
        tracing::info!(server = route.server(), "database server chosen");
    }
    Ok(pool)
}

/// How long to wait before a locked file is opened again.
const LOCKED_PAUSE: Duration = Duration::from_millis(10);

/// SQLITE_BUSY or SQLITE_LOCKED.
fn is_locked(error: &SqlxError) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}
