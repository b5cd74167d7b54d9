//! Which of several servers is connected to, by the names of libpq.

use std::str::FromStr;

use thiserror::Error;

/// What a server must allow to be connected to (libpq: `target_session_attrs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetSessionAttrs {
    /// `any`: nothing in particular.
    Any,
    /// `read-write`: it is not a standby, and `default_transaction_read_only` is off.
    ReadWrite,
    /// `primary`: it is not a standby.
    Primary,
}

/// Not a value that is supported here. The value is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "must be any, read-write or primary; read-only, standby and prefer-standby are not supported, because this service \
     writes"
)]
pub struct ParseTargetSessionAttrsError;

impl FromStr for TargetSessionAttrs {
    type Err = ParseTargetSessionAttrsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            "read-write" => Ok(Self::ReadWrite),
            "primary" => Ok(Self::Primary),
            _ => Err(ParseTargetSessionAttrsError),
        }
    }
}
