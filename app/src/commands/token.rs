use adapters::auth::token_file::{self, Issued};
use domain::Principal;

use super::{CommandError, print};

/// `token new`: a token for a writer, and what lets it in. The token is printed here and nowhere else.
///
/// # Errors
/// When the system has no random bytes.
pub fn new_token(writer: &Principal) -> Result<(), CommandError> {
    let Issued { token, line } = token_file::issue(writer)?;
    print(&format!(
        "# The token, for {writer} alone; it is kept nowhere, so it cannot be shown again:\n{token}\n\
         # The line for the file that API_TOKENS_FILE names:\n{line}\n"
    ))
}
