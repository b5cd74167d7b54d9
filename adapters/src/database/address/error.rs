//! What is wrong with the address of a database. Nothing here can hold a part of the address.

use std::fmt;

use thiserror::Error;

use super::{ParseHostError, ParseServersError, ParseSslModeError, ParseTargetSessionAttrsError};

/// What is wrong with the URL of a database, and what to write instead. It never repeats the URL: even the name of an
/// unknown parameter may be the end of a password with an unescaped `?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseAddressError {
    /// Another scheme, or none.
    #[error("it must begin with postgres:// or sqlite://")]
    Scheme,
    /// A `#`, which would begin a fragment.
    #[error("it has an unescaped `#`; in a password or a name, write `%23`")]
    Fragment,
    /// An `@` in the path or the parameters, so the password probably has a `/` or a `?`.
    #[error(
        "it has an `@` behind the host; in a user, password or name, write `/` as `%2F`, `?` as `%3F`, `#` as `%23` and `@` \
         as `%40`"
    )]
    AtSign,
    /// A character that has a meaning in URLs, or none at all.
    #[error(
        "{0} has a character that must be percent-encoded: `@` is `%40`, `/` is `%2F`, `:` is `%3A`, `%` is `%25`, a space \
         is `%20`"
    )]
    Unescaped(Part),
    /// A `%` without two hexadecimal digits, or bytes that are not UTF-8.
    #[error("{0} has a `%` that does not begin an encoded character of UTF-8; write `%` as `%25`")]
    Encoding(Part),
    /// No file.
    #[error(
        "it names no file; write sqlite:///folder/file.db, or sqlite://file.db for one in the working folder"
    )]
    NoFile,
    /// A SQLite database in memory.
    #[error(
        "SQLite in memory would be another database for each connection; for a store in memory, write memory:"
    )]
    SqliteInMemory,
    /// The host.
    #[error("the host {0}")]
    Host(#[from] ParseHostError),
    /// No host.
    #[error(
        "it names no host; write postgres://user:password@host/database, or ?host=/folder for a Unix socket"
    )]
    NoHost,
    /// The port.
    #[error(
        "the port must be a number from 1 to 65535; in a user or password, write `:` as `%3A` and `@` as `%40`"
    )]
    Port,
    /// Neither one port for all hosts, nor one for each.
    #[error("it has {0} hosts and {1} ports; give one port for all hosts, or one for each")]
    PortCount(usize, usize),
    /// More than one segment in the path.
    #[error("the path must be the name of one database; in a name, write `/` as `%2F`")]
    Path,
    /// A parameter without `=`.
    #[error("parameter {0} has no `=`; in a password, write `?` as `%3F` and `&` as `%26`")]
    NoValue(usize),
    /// A parameter that this service does not know.
    #[error("parameter {0} is unknown; in a password, write `?` as `%3F` and `&` as `%26`")]
    UnknownParameter(usize),
    /// A parameter whose name is nearly that of another.
    #[error("parameter {0} is unknown; did you mean `{1}`?")]
    MisspeltParameter(usize, &'static str),
    /// A parameter of libpq or SQLite that this service does not support.
    #[error("the parameter `{0}` is not supported; remove it")]
    UnsupportedParameter(&'static str),
    /// A part that is given twice: as two parameters, or as a parameter and in its place in the URL.
    #[error("the parameter `{0}` gives what the URL has already; remove one of them")]
    Duplicate(&'static str),
    /// The value of `sslmode`.
    #[error("`sslmode` {0}")]
    SslMode(#[from] ParseSslModeError),
    /// The value of `target_session_attrs`.
    #[error("`target_session_attrs` {0}")]
    TargetSessionAttrs(#[from] ParseTargetSessionAttrsError),
    /// The value of SQLite's `mode`.
    #[error("`mode` must be rwc, rw or ro")]
    SqliteMode,
    /// An empty value.
    #[error("the parameter `{0}` has no value; remove it, or give it one")]
    Empty(&'static str),
}

impl From<ParseServersError> for ParseAddressError {
    fn from(error: ParseServersError) -> Self {
        match error {
            ParseServersError::Host(error) => Self::Host(error),
            ParseServersError::Port(_) => Self::Port,
            ParseServersError::Count { hosts, ports } => Self::PortCount(hosts, ports),
        }
    }
}

/// A part of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The user.
    User,
    /// The password.
    Password,
    /// The user or the password.
    Credentials,
    /// The host.
    Host,
    /// The name of the database.
    Database,
    /// The path of a file.
    File,
    /// The value of a parameter.
    Parameter,
    /// No part in particular.
    Url,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "the user",
            Self::Password => "the password",
            Self::Credentials => "the user or the password",
            Self::Host => "the host",
            Self::Database => "the name of the database",
            Self::File => "the path",
            Self::Parameter => "a parameter",
            Self::Url => "it",
        })
    }
}
