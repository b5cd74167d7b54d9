//! New tokens.

use std::io;

use domain::{Principal, TOKEN_PREFIX};

use super::table::entry;

/// A new token, and the entry that makes it valid.
pub struct Issued {
    /// The token, a secret of the principal: [`TOKEN_PREFIX`] and 32 random bytes in hexadecimal.
    pub token: String,
    /// The entry to add to the file. It holds only the token's hash.
    pub line: String,
}

/// Creates a random token for a principal. It is valid once its entry is in the file.
///
/// # Errors
/// If the system's random number generator fails.
pub fn issue(principal: &Principal) -> io::Result<Issued> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;

    let token = format!("{TOKEN_PREFIX}{}", const_hex::encode(random));
    Ok(Issued {
        line: entry(principal, &token),
        token,
    })
}
