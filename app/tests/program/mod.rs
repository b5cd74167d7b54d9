//! The program: its start, its configuration, its commands.

mod boot;
mod config;
mod fixtures;
