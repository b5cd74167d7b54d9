//! Who may create tweets.

use std::{fmt, str::FromStr, sync::Arc};

use thiserror::Error;

/// The name of somebody who may create tweets, for the log: `[A-Za-z0-9._@-]`, 1 to [`MAX_CHARS`](Self::MAX_CHARS)
/// characters, so that it can stand in a log line as it is. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Writer(Arc<str>);

impl Writer {
    /// The longest name, in characters, which are bytes here.
    pub const MAX_CHARS: usize = 64;

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no writer's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a name is 1 to {} letters, digits or characters of ._@-", Writer::MAX_CHARS)]
pub struct NotAWriter;

impl FromStr for Writer {
    type Err = NotAWriter;

    fn from_str(name: &str) -> Result<Self, NotAWriter> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
        let fits = (1..=Self::MAX_CHARS).contains(&name.len()) && name.bytes().all(allowed);
        if fits {
            Ok(Self(name.into()))
        } else {
            Err(NotAWriter)
        }
    }
}
