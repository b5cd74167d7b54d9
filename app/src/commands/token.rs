//! The command `token`, which makes tokens for the API.

use adapters::auth::token_file::{self, Issued};
use domain::Principal;

use super::{CommandError, print};

/// `token new`: prints a new token for a principal, and its line for the token file. Neither is stored.
///
/// # Errors
/// If the operating system has no random bytes.
pub fn new_token(principal: &Principal) -> Result<(), CommandError> {
    let Issued { token, line } = token_file::issue(principal)?;

    print(&format!(
        "# The token of {principal}. It is not stored, so it cannot be shown again:\n{token}\n\
         # The line for the file in API_TOKENS_FILE:\n{line}\n"
    ))
}
