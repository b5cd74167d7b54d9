//! Opening a database, with the settings that a service needs. The defaults of the layers below log every statement and
//! ping the server before each.

use std::{fmt::Display, io::ErrorKind, time::Duration};

use sea_orm::{
    ConnAcquireErr, DatabaseConnection, DbErr, RuntimeErr, SqlxError, SqlxPostgresConnector,
    SqlxSqliteConnector,
};
use thiserror::Error;
use tokio::time::{Instant, sleep};

use super::{
    address::{Address, ParseAddressError},
    driver_options::{self, CertificateError},
    encoding::other_than_utf8,
    error::CallError,
    pooler::{self, REFUSES_PGOPTIONS, SHARES_SESSIONS},
    resilient_pool::Database,
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

    let connection = open_pool(address, options)
        .await
        .map_err(|error| failed(error.reason(address)))?;
    let database = Database::new(connection, options.application_name, options.statement_timeout);

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
}

impl OpenError {
    fn reason(&self, address: &Address) -> String {
        match self {
            Self::Certificate(error) => error.to_string(),
            Self::Driver(error) => driver_reason(error, address),
        }
    }
}

async fn open_pool(address: &Address, options: Options) -> Result<DatabaseConnection, OpenError> {
    match address {
        Address::Postgres(postgres) => {
            driver_options::warn_if_unprotected(postgres);
            let connect_options = driver_options::postgres(postgres, options)?;
            let pool = driver_options::postgres_pool(options)
                .connect_with(connect_options)
                .await?;
            Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
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
                    pool => return Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool?)),
                }
            }
        }
    }
}

/// How long to wait before a locked file is opened again.
const LOCKED_PAUSE: Duration = Duration::from_millis(10);

/// SQLITE_BUSY or SQLITE_LOCKED.
fn is_locked(error: &SqlxError) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    let code = code.and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

const NO_RESPONSE: &str = "no response in time";
const NO_TLS: &str = "the server does not offer TLS. It is required, so that the password does not cross the network \
                      unencrypted: turn TLS on in the server, or, where the network is trusted, set \
                      DATABASE_SSLMODE=prefer (in the URL: sslmode=prefer)";

fn reason(error: &DbErr, address: &Address) -> String {
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => NO_RESPONSE.to_owned(),
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => driver_reason(error, address),
        other => other.to_string(),
    }
}

pub(super) fn driver_reason(error: &SqlxError, address: &Address) -> String {
    match error {
        SqlxError::PoolTimedOut => NO_RESPONSE.to_owned(),
        SqlxError::Database(error) => {
            if error.try_downcast_ref().is_some_and(pooler::is_another_statement) {
                return SHARES_SESSIONS.to_owned();
            }
            let code = error.code().unwrap_or_default();
            database_reason(&code, error.message(), address)
        }
        // How an untrusted certificate shows.
        SqlxError::Io(error) if error.kind() == ErrorKind::InvalidData => untrusted(error),
        SqlxError::Io(error) => error.to_string(),
        SqlxError::Tls(error) if error.to_string() == "server does not support TLS" => NO_TLS.to_owned(),
        SqlxError::Tls(error) => untrusted(error),
        other => other.to_string(),
    }
}

fn untrusted(error: &dyn Display) -> String {
    format!(
        "no trusted TLS connection: {error}. DATABASE_SSLROOTCERT names the authority that vouches for the server"
    )
}

/// The server's message, unless it names the user, as it does for a wrong password: with a misspelt URL, a part of the
/// password may be in the place of the user. Nor is a server trusted not to repeat the password.
fn database_reason(code: &str, message: &str, address: &Address) -> String {
    match code {
        "28P01" => return "the server does not accept the user or the password".to_owned(),
        "28000" => {
            return "the server does not accept this user: there is no such role, or pg_hba.conf has no entry that lets \
                    it connect from here in this way"
                .to_owned();
        }
        "08P01" if message == "unsupported startup parameter: options" => {
            return format!("{message}; {REFUSES_PGOPTIONS}");
        }
        _ => {}
    }

    let Address::Postgres(postgres) = address else {
        return message.to_owned();
    };
    let credentials = [&postgres.user, &postgres.password];
    let names_credentials = credentials
        .into_iter()
        .flatten()
        .any(|part| !part.is_empty() && message.contains(part.as_str()));
    if names_credentials {
        format!("the server reports SQLSTATE {}", code.escape_debug())
    } else {
        message.escape_debug().to_string()
    }
}
