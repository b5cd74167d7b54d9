//! The commands of the program other than `serve`: one file or folder per command, and [`CommandError`].

mod config;
mod fixtures;
mod healthcheck;
mod migrate;
mod token;

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use adapters::{auth::token_file::TokenFileError, database::ConnectError};
use domain::{RepositoryError, chain_of_causes};

pub use config::print_config;
pub(crate) use fixtures::Fixtures;
pub use fixtures::{RESOURCES, Resource, load_fixtures};
pub use healthcheck::healthcheck;
pub use migrate::migrate;
pub use token::new_token;

use crate::migrations::MigrationError;

/// Why a command failed. Each message names the problem, the file, variable or address that it concerns, and what an
/// operator can do about it. A file that does not exist is not named.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The database cannot be opened.
    #[error("{0}. Is the database running, and do DATABASE_URL or POSTGRES_* point to it?")]
    Connect(#[from] ConnectError),
    /// The schema cannot be read or migrated.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The token file cannot be used.
    #[error("API_TOKENS_FILE: {0}")]
    Tokens(#[from] TokenFileError),
    /// The socket cannot be opened.
    #[error("cannot listen on {address}: {error}. Set LISTEN_ADDR to another address")]
    Listen {
        /// The address in `LISTEN_ADDR`.
        address: SocketAddr,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The file of fixtures cannot be read, or has an invalid item.
    #[error("cannot load the fixtures in {file}: {reason}")]
    Fixtures {
        /// The name of the file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Invalid items were left out, the others are stored.
    #[error("{count} invalid items of {file} were left out, see the warnings above; the others are stored")]
    InvalidItems {
        /// The name of the file.
        file: String,
        /// How many items were left out.
        count: usize,
    },
    /// The store failed during a batch, which is stored as a whole or not at all.
    #[error(
        "{stored} items were stored, then {}. Is the schema up to date (run `migrate up`)? \
         Continue with --skip {skip}",
        chain_of_causes(.source)
    )]
    Interrupted {
        /// How many items this run has stored.
        stored: usize,
        /// The value for `--skip`.
        skip: usize,
        /// The error of the store.
        source: RepositoryError,
    },
    /// The store failed.
    #[error("{}. Is the schema up to date (run `migrate up`)?", chain_of_causes(.0))]
    Store(#[from] RepositoryError),
    /// The operating system refused something basic, such as a thread or standard output.
    #[error("the operating system reported: {0}")]
    System(#[from] io::Error),
}

/// Writes to standard output. A reader that has closed the pipe (`| head`) is not an error.
///
/// # Errors
/// Any other error of the operating system.
pub fn print(text: &str) -> Result<(), CommandError> {
    let mut stdout = io::stdout();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());

    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
