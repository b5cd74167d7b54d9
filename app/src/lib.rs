//! The composition root: the only crate that knows all the others. `main` is a table of contents over these modules.

pub mod config;
pub mod runtime;
pub mod telemetry;

pub mod compose;
pub mod migrations;
pub mod resources;
pub mod server;

// Resources, one line each.
pub mod tweet;

pub mod cli;
pub mod commands;
pub mod version;
