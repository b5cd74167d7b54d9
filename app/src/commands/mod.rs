//! What the program does besides serving.

mod fixtures;
mod healthcheck;
mod token;

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use adapters::{auth::token_file::TokenFileError, database::ConnectError};
use domain::RepositoryError;

pub use fixtures::load_fixtures;
pub use healthcheck::healthcheck;
pub use token::new_token;

use crate::{cli::Direction, compose::Store, config::Config, migrations::MigrationError};

/// Why a command did not do what it was told: what happened, to what, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The database is not there.
    #[error("{0}. Is it running, and do DATABASE_URL or POSTGRES_* lead to it?")]
    Connect(#[from] ConnectError),
    /// The schema could not be changed or asked.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The list of writers cannot be used.
    #[error("API_TOKENS_FILE: {0}")]
    Tokens(#[from] TokenFileError),
    /// Nobody could be served.
    #[error("cannot listen on {address}: {error}. LISTEN_ADDR chooses another address")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
    /// The file of fixtures cannot be used; nothing was stored.
    #[error("the fixtures in {file} were not loaded: {reason}")]
    Fixtures {
        /// Which.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Some of the file's items were no tweets; the others are stored.
    #[error("{left_out} items of {file} were left out, as said above; the others are stored")]
    LeftOut {
        /// Which.
        file: String,
        /// How many.
        left_out: usize,
    },
    /// The store failed between two batches, or within one, of which it may then hold all or nothing.
    #[error(
        "{stored} tweets were stored, then {source}; is the schema up to date (templatesite migrate)? \
         With --skip {skip} the load goes on from there"
    )]
    Interrupted {
        /// How many tweets this run has stored.
        stored: usize,
        /// What `--skip` must be to go on.
        skip: usize,
        /// Why.
        source: RepositoryError,
    },
    /// The store did not answer.
    #[error("{0}; is the schema up to date? templatesite migrate")]
    Store(#[from] RepositoryError),
    /// The system refused something basic.
    #[error("the system refused: {0}")]
    System(#[from] io::Error),
}

/// `migrate`: moves the schema and tells where it stands.
///
/// # Errors
/// When the database cannot be reached, or refuses.
pub async fn migrate(config: &Config, direction: Direction) -> Result<(), CommandError> {
    let store = Store::open(&config.database).await?;
    let Some(schema) = store.schema else {
        tracing::info!("memory has no schema to migrate");
        return Ok(());
    };
    match direction {
        Direction::Up => drop(schema.up().await?),
        Direction::Down => schema.down().await?,
        Direction::Status => {}
    }
    for step in schema.states().await? {
        print(&format!(
            "{} {}\n",
            if step.applied { "applied" } else { "pending" },
            step.name
        ))?;
    }
    Ok(())
}

/// Writes to standard output; that a reader went away in the middle (`| head`) is no failure.
///
/// # Errors
/// Any other that the system reports.
pub fn print(text: &str) -> Result<(), CommandError> {
    match io::stdout()
        .write_all(text.as_bytes())
        .and_then(|()| io::stdout().flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
