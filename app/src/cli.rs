//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::Principal;

/// Stores tweets and lets clients create and retrieve them. Configured by environment variables; `templatesite config`
/// lists them.
#[derive(Debug, Parser)]
#[command(name = "templatesite", version)]
pub struct Arguments {
    /// A TOML file with configuration; environment variables win over it.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// What to do; `serve` unless told.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program can be asked to do.
#[derive(Debug, Default, Subcommand)]
pub enum Command {
    /// Serve HTTP until SIGTERM or SIGINT (the default).
    #[default]
    Serve,
    /// Bring the database's schema up to date, take it back one step, or tell where it stands.
    Migrate {
        /// Which way.
        direction: Option<Direction>,
    },
    /// Store the tweets of a file of any size: JSON, `[{"text": "…"}, …]`, or NDJSON, one `{"text": "…"}` a line.
    LoadFixtures(Fixtures),
    /// Ask the service on LISTEN_ADDR how it is; the exit status is 0 when it is well, else 1.
    Healthcheck,
    /// Tokens for those who may create tweets.
    #[command(subcommand)]
    Token(Token),
    /// Print the OpenAPI document.
    Openapi,
    /// Print the effective configuration, without secrets.
    Config,
}

/// What to do about tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Print a new token and its line for the file that API_TOKENS_FILE names. Nothing is stored.
    New {
        /// Whose it is: 1 to 64 letters, digits or characters of ._@-
        name: Principal,
    },
}

/// Which tweets to store, and when.
#[derive(Debug, Args)]
pub struct Fixtures {
    /// The file, or `-` for standard input; without it, two tweets that come with the program.
    pub file: Option<PathBuf>,
    /// Store nothing when a tweet is stored already, so that it may be run again and again.
    #[arg(long)]
    pub if_empty: bool,
    /// Store what is good and report the rest. Without it, nothing is stored of a file that is not good to its end.
    #[arg(long)]
    pub keep_going: bool,
    /// Leave out the first so many tweets, to go on where a load was interrupted.
    #[arg(long, value_name = "TWEETS", default_value_t = 0)]
    pub skip: usize,
}

/// Where to take the schema.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum Direction {
    /// Apply all that is pending.
    #[default]
    Up,
    /// Take back the newest migration, and the data it holds.
    Down,
    /// List migrations and whether they are applied.
    Status,
}
