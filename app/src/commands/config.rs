//! The command `config`, which prints the configuration or documents about it.

use super::{CommandError, print};
use crate::{
    cli::ConfigFormat,
    config::{self, Config},
};

/// `config`: prints the effective values, or a document about all variables.
///
/// # Errors
/// If standard output cannot be written.
pub fn print_config(config: &Config, format: ConfigFormat) -> Result<(), CommandError> {
    print(&match format {
        ConfigFormat::Values => config.to_string(),
        ConfigFormat::Env => config::environment_file(),
        ConfigFormat::Markdown => config::markdown(),
    })
}
