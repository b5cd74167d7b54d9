//! Encryption of connections to PostgreSQL, by the names of libpq.

use std::{path::PathBuf, str::FromStr};

use thiserror::Error;

use super::Host;

/// Whether a connection is encrypted, and which servers are trusted.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// The mode that was asked for, if any.
    pub mode: Option<SslMode>,
    /// A PEM file of the authorities that may vouch for the server (libpq: `sslrootcert`).
    pub root_certificate: Option<PathBuf>,
    /// A PEM file of the client's own certificate (`sslcert`).
    pub client_certificate: Option<PathBuf>,
    /// A PEM file of its key (`sslkey`).
    pub client_key: Option<PathBuf>,
}

/// How much protection a connection must have (libpq: `sslmode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// `disable`: never encrypt.
    Disable,
    /// `allow`: as `prefer`. libpq would try without encryption first.
    Allow,
    /// `prefer`: encrypt if the server can.
    Prefer,
    /// `require`: encrypt, or do not connect.
    Require,
    /// `verify-ca`: also check that an authority vouches for the server.
    VerifyCa,
    /// `verify-full`: also check that it vouches for this host.
    VerifyFull,
}

/// Not a mode. The value is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be disable, allow, prefer, require, verify-ca or verify-full")]
pub struct ParseSslModeError;

impl SslMode {
    const ALL: [(&'static str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// Whether a server, or a machine between, can make the client send its password unencrypted.
    pub fn permits_cleartext(self) -> bool {
        matches!(self, Self::Disable | Self::Allow | Self::Prefer)
    }
}

impl FromStr for SslMode {
    type Err = ParseSslModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mode = Self::ALL.iter().find(|(name, _)| *name == text);
        mode.map(|(_, mode)| *mode).ok_or(ParseSslModeError)
    }
}

impl Tls {
    /// The mode for a connection to this host.
    ///
    /// If none was asked for: with authorities, they must vouch for the host; on this machine, encryption is optional;
    /// else it is required, so that no password crosses a network in cleartext. `require` with authorities checks them,
    /// as in libpq.
    pub fn mode_for(&self, host: &Host) -> SslMode {
        match self.mode {
            Some(SslMode::Require) if self.root_certificate.is_some() => SslMode::VerifyCa,
            Some(mode) => mode,
            None if self.root_certificate.is_some() => SslMode::VerifyFull,
            None if host.is_local() => SslMode::Prefer,
            None => SslMode::Require,
        }
    }
}
