//! `cargo xtask rename`: gives the program another name.

use anyhow::{Result, bail};
use clap::Args;

use crate::plan::Plan;

/// What `rename` is told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The new name, such as `my-service`.
    name: String,
}

/// Plans the new name, and returns what to do next.
///
/// # Errors
///
/// If the name cannot be used.
pub fn run(arguments: &Arguments, _plan: &mut Plan) -> Result<String> {
    bail!("the name {} cannot be given yet", arguments.name)
}
