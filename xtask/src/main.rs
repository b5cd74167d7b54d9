//! `cargo xtask`: see [`xtask::cli`] for its commands.

use std::process::ExitCode;

use clap::Parser as _;
use xtask::cli::Arguments;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]
fn main() -> ExitCode {
    match Arguments::parse().run() {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
