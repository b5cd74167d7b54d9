//! The host of a PostgreSQL server.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use thiserror::Error;

/// The host of a PostgreSQL server. `Display` shows an IPv6 address without brackets, and no folder that does not exist: its
/// name may be a secret in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name to look up.
    Name(String),
    /// An address.
    Ip(IpAddr),
    /// The folder of a Unix socket.
    SocketFolder(PathBuf),
}

/// What is wrong with a host, and what to write instead. It repeats a value only if it is an IP address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseHostError {
    /// An IP address and a port.
    #[error("must not contain a port: the host is {}, and the port {} has its own place", .0.ip(), .0.port())]
    Address(SocketAddr),
    /// A name and a port.
    #[error("must not contain a port, which has its own place")]
    Port,
    /// A URL.
    #[error("must not be a URL; DATABASE_URL takes one")]
    Url,
    /// Something else.
    #[error(
        "must be a host name, an IP address (in a URL, IPv6 in brackets), or the absolute folder of a Unix socket"
    )]
    Invalid,
}

impl Host {
    /// Whether a connection to it stays on this machine.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Ip(ip) => ip.to_canonical().is_loopback(),
            Self::SocketFolder(_) => true,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(ip) => ip.fmt(f),
            Self::SocketFolder(folder) if folder.exists() => {
                folder.display().to_string().escape_debug().fmt(f)
            }
            Self::SocketFolder(_) => f.write_str("(a folder that was not found, not shown)"),
        }
    }
}

impl FromStr for Host {
    type Err = ParseHostError;

    /// A name, an IP address with or without brackets, or a folder.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('/') && !text.contains('\0') {
            return Ok(Self::SocketFolder(text.into()));
        }
        if let Ok(ip) = strip_brackets(text).parse() {
            return Ok(Self::Ip(ip));
        }

        if text.contains("://") {
            return Err(ParseHostError::Url);
        }
        if let Ok(address) = text.parse() {
            return Err(ParseHostError::Address(address));
        }
        match text.split_once(':') {
            Some((name, port)) if is_name(name) && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(ParseHostError::Port)
            }
            None if is_name(text) => Ok(Self::Name(text.to_owned())),
            _ => Err(ParseHostError::Invalid),
        }
    }
}

fn strip_brackets(text: &str) -> &str {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.filter(|inner| inner.contains(':')).unwrap_or(text)
}

fn is_name(text: &str) -> bool {
    (1..=253).contains(&text.len()) && is_plain_name(text)
}

/// Whether a text has letters, digits and `-`, `.` or `_` only. Any other may be an address or a list of parameters with
/// a password, in the place of a name.
pub fn is_plain_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.bytes().all(is_allowed)
}
