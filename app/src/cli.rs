//! The command line.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue, ErrorKind},
};
use domain::Principal;

use crate::{
    commands::{RESOURCES, Resource},
    version::{NAME, version_text},
};

/// A REST service. It is configured by environment variables, which the command `config` lists.
#[derive(Debug, Parser)]
#[command(name = NAME, version = version_text())]
pub struct Arguments {
    /// A TOML file with configuration; environment variables win over it.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// What to do; `serve` by default.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Arguments {
    /// Reads the command line. An error of this names what is wrong without the value, which may be a token or a URL with
    /// a password; so can be what is no argument or command at all.
    ///
    /// # Errors
    /// If the command line is wrong, or asks for help or the version.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::try_parse_from(arguments).map_err(hide_values)
    }
}

fn hide_values(mut error: clap::Error) -> clap::Error {
    let mut values = vec![ContextKind::InvalidValue, ContextKind::InvalidSubcommand];
    if error.kind() == ErrorKind::UnknownArgument {
        values.push(ContextKind::InvalidArg);
    }

    // Repeats what was given.
    error.remove(ContextKind::Suggested);
    for kind in values {
        if error.get(kind).is_some() {
            error.insert(kind, ContextValue::String("(not shown)".to_owned()));
        }
    }
    error
}

/// The commands of the program.
#[derive(Debug, Default, Subcommand)]
pub enum Command {
    /// Serve HTTP until a signal such as SIGTERM stops it (the default).
    #[default]
    Serve,
    /// Apply pending migrations, revert the newest one, or list them.
    Migrate {
        /// What to do; `up` by default.
        direction: Option<Direction>,
    },
    /// Store the items of a file: one JSON object per line (NDJSON, any size) or a JSON array (at most 16 MiB). An item is
    /// what a POST takes as its body.
    LoadFixtures(LoadFixtures),
    /// Request the health report of the service on LISTEN_ADDR; the exit status is 0 if it is healthy, else 1.
    Healthcheck,
    /// Manage bearer tokens.
    #[command(subcommand)]
    Token(Token),
    /// Print the OpenAPI document.
    Openapi,
    /// Print the effective configuration, without secrets and texts that may be one, or a document about all variables.
    Config {
        /// What to print.
        #[arg(long, value_enum, default_value_t)]
        format: ConfigFormat,
    },
}

/// What to do about tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Print a new token and its line for the file in API_TOKENS_FILE. Nothing is stored.
    New {
        /// The client who holds it: 1 to 64 letters, digits or characters of ._@-
        name: Principal,
    },
}

/// Which items to store, and when.
#[derive(Debug, Args)]
pub struct LoadFixtures {
    /// The resource that the items belong to.
    #[arg(long, value_enum, default_value_t = RESOURCES[0])]
    pub resource: Resource,
    /// The file, or `-` for standard input; by default, a few items that come with the program.
    pub file: Option<PathBuf>,
    /// Store nothing if the store already holds an item of the resource.
    #[arg(long)]
    pub if_empty: bool,
    /// Store the valid items and report the others. Otherwise, a file with an invalid item is not stored at all.
    #[arg(long)]
    pub keep_going: bool,
    /// Leave out the first N valid items, to continue an interrupted load.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub skip: usize,
}

/// What to do with the schema.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum Direction {
    /// Apply all pending migrations.
    #[default]
    Up,
    /// Revert the newest migration, which deletes the data it holds.
    Down,
    /// List the migrations and whether they are applied.
    Status,
}

/// What `config` prints.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum ConfigFormat {
    /// The effective values, except secrets and texts that may be one by mistake.
    #[default]
    Values,
    /// An environment file that explains every variable.
    Env,
    /// The page docs/configuration.md.
    Markdown,
}
