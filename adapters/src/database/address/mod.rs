//! The address of a database, in parts. It is parsed by rules of its own and given to the driver part by part: the
//! driver's parser logs what it does not know, with its value, and a misspelt URL moves a part of the password into the
//! host, the path, the parameters or the fragment.

mod error;
mod host;
mod parameters;
mod percent;
mod server;
mod session;
mod tls;
mod url;

use std::{fmt, path::PathBuf, str::FromStr};

pub use error::{ParseAddressError, Part};
pub use host::{Host, ParseHostError, is_plain_name};
pub use server::{ParsePortError, ParseServersError, Server, Servers, parse_hosts, parse_ports};
pub use session::{ParseTargetSessionAttrsError, TargetSessionAttrs};
pub use tls::{ParseSslModeError, SslMode, Tls};

/// The address of a database. `Display` and `Debug` show scheme, hosts, ports and database, never the user, the password
/// or anything that was not understood, nor the name of a database with other characters than a
/// [plain name](is_plain_name).
#[derive(Clone)]
pub enum Address {
    /// `postgres://…`
    Postgres(PostgresAddress),
    /// `sqlite://…`
    Sqlite(SqliteAddress),
}

/// Where the servers of a PostgreSQL database are, and as whom to log in.
#[derive(Clone)]
pub struct PostgresAddress {
    /// The servers.
    pub servers: Servers,
    /// Which of them is connected to, if that was asked for.
    pub target_session_attrs: Option<TargetSessionAttrs>,
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

impl PostgresAddress {
    /// Which of the servers is connected to. If that was not asked for: the only one, whatever it is, or of several the
    /// primary. libpq would take any, and this service writes.
    pub fn target(&self) -> TargetSessionAttrs {
        let default = if self.servers.len() > 1 {
            TargetSessionAttrs::Primary
        } else {
            TargetSessionAttrs::Any
        };
        self.target_session_attrs.unwrap_or(default)
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = &self.servers;
        let database = match self.database.as_deref().unwrap_or_default() {
            name if is_plain_name(name) => name,
            _ => "(not shown)",
        };
        let is_socket = |server: &Server| matches!(server.host, Host::SocketFolder(_));

        if servers.iter().any(is_socket) {
            let hosts = server::join(servers.iter().map(|server| &server.host));
            let ports = server::join(servers.iter().map(|server| server.port));
            write!(f, "postgres:///{database}?host={hosts}&port={ports}")
        } else {
            write!(f, "postgres://{servers}/{database}")
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
