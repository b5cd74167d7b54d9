//! The commands of `cargo xtask`, which make a copy of this template one's own.
//!
//! Every command first plans all its changes in memory ([`plan::Plan`]), and refuses what it cannot do before it writes
//! anything.

pub mod cli;
pub mod git;
pub mod plan;
pub mod record;
pub mod rename;
pub mod tokens;
