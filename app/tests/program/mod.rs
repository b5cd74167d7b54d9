//! The program as an operator meets it: start, configuration, commands.

mod commands;
mod config_layers;
mod config_sources;
mod config_values;
mod database_roles;
mod documented_sessions;
mod fixtures;
mod release_scripts;
mod schema_state;
mod secret_arguments;
mod secret_shapes;
mod secret_tokens;
mod secrets;
mod start;
mod start_failures;
mod store;
mod version;

use std::ffi::OsString;
use std::path::Path;

use app::config::Config;
use tempfile::TempDir;

const MEMORY: (&str, &str) = ("DATABASE_URL", "memory:");

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// The configuration and its warnings, or the problems.
fn load_config(file: Option<&Path>, variables: &[(&str, &str)]) -> Result<(Config, Vec<String>), String> {
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));

    Config::load(file, variables).map_err(|problems| problems.to_string())
}
