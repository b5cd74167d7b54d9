//! Who makes a request.

use std::{fmt, str::FromStr, sync::Arc};

use thiserror::Error;

/// The beginning of every token. Scanners for secrets, and the service itself, recognise by it a token in a wrong place.
pub const TOKEN_PREFIX: &str = "templatesite_token_";

/// The name of an authenticated client, in the log and as the owner of its idempotency keys: 1 to
/// [`MAX_CHARS`](Self::MAX_CHARS) characters of `[A-Za-z0-9._@-]`, so that it is safe in a log line. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal(Arc<str>);

impl Principal {
    /// The maximum length, in characters, which are bytes here.
    pub const MAX_CHARS: usize = 64;

    /// The name as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a principal's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a name is 1 to {} letters, digits or characters of ._@-",
    Principal::MAX_CHARS
)]
pub struct ParsePrincipalError;

impl FromStr for Principal {
    type Err = ParsePrincipalError;

    fn from_str(name: &str) -> Result<Self, ParsePrincipalError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
        let valid = (1..=Self::MAX_CHARS).contains(&name.len()) && name.bytes().all(allowed);

        if valid {
            Ok(Self(name.into()))
        } else {
            Err(ParsePrincipalError)
        }
    }
}
