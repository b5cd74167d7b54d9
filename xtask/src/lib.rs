//! The commands of `cargo xtask`, which make a copy of this template one's own.
//!
//! Every command first plans all its changes in memory ([`plan::Plan`]), and refuses what it cannot do before it writes
//! anything.

pub mod add;
pub mod cargo;
pub mod cli;
pub mod example;
pub mod fields;
pub mod free_name;
pub mod git;
pub mod lists;
pub mod lock_file;
pub mod name_places;
pub mod names;
pub mod openapi;
pub mod plan;
pub mod program_name;
pub mod record;
pub mod registration;
pub mod released;
pub mod remove;
pub mod rename;
pub mod render;
pub mod resource;
pub mod tokens;
pub mod translate;
pub mod update;
