//! The address of a database, in parts. It is parsed by rules of its own and given to the driver part by part: the
//! driver's parser logs what it does not know, with its value, and a misspelt URL moves a part of the password into the
//! host, the path, the parameters or the fragment.

mod error;
mod host;
mod parameters;
mod percent;
mod tls;
mod url;

use std::{fmt, path::PathBuf, str::FromStr};

pub use error::{ParseAddressError, Part};
pub use host::{Host, ParseHostError};
pub use tls::{ParseSslModeError, SslMode, Tls};

/// The address of a database. `Display` and `Debug` show scheme, host, port and database, never the user, the password
/// or anything that was not understood.
#[derive(Clone)]
pub enum Address {
    /// `postgres://…`
    Postgres(PostgresAddress),
    /// `sqlite://…`
    Sqlite(SqliteAddress),
}

/// Where a PostgreSQL server is, and as whom to log in.
#[derive(Clone)]
pub struct PostgresAddress {
    /// The server.
    pub host: Host,
    /// Its port; for a Unix socket, the number in the name of the socket.
    pub port: u16,
    /// The user. If `None`, the name of the operating system's user, as for libpq.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The database. If `None`, the one that is named like the user.
    pub database: Option<String>,
    /// Whether the connection is encrypted, and which servers are trusted.
    pub tls: Tls,
}

/// Where a SQLite database is.
#[derive(Debug, Clone)]
pub struct SqliteAddress {
    /// The file.
    pub file: PathBuf,
    /// What may be done with it.
    pub mode: SqliteMode,
}

/// What may be done with a SQLite file, by the names of SQLite's parameter `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SqliteMode {
    /// `rwc`: read and write, and create a missing file.
    #[default]
    Create,
    /// `rw`: read and write an existing file.
    ReadWrite,
    /// `ro`: read an existing file.
    ReadOnly,
}

/// The port of PostgreSQL.
pub(super) const DEFAULT_PORT: u16 = 5432;

impl FromStr for Address {
    type Err = ParseAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        url::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(address) => address.fmt(f),
            Self::Sqlite(address) => write!(
                f,
                "sqlite://{}",
                address.file.display().to_string().escape_debug()
            ),
        }
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (port, database) = (self.port, self.database.as_deref().unwrap_or_default());
        let database = database.escape_debug();

        match &self.host {
            Host::Name(name) => write!(f, "postgres://{name}:{port}/{database}"),
            Host::Ip(ip) => write!(
                f,
                "postgres://{}/{database}",
                std::net::SocketAddr::new(*ip, port)
            ),
            Host::SocketFolder(folder) => {
                let folder = folder.display().to_string();
                write!(
                    f,
                    "postgres:///{database}?host={}&port={port}",
                    folder.escape_debug()
                )
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
