//! The OpenAPI document, which the program itself writes.

use std::{
    env::{self, consts::EXE_SUFFIX},
    fs,
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use crate::{cargo, program_name::ProgramName};

/// Builds the program and writes `openapi/openapi.json`.
///
/// # Errors
///
/// What the compiler or the program printed.
pub fn refresh(root: &Path) -> Result<()> {
    let manifest = fs::read_to_string(root.join("app/Cargo.toml")).context("cannot read app/Cargo.toml")?;
    let name = ProgramName::of_package(&manifest)?.to_string();

    // The example makes cargo enable the features of dev-dependencies, as for the tests, which usually come next.
    // Otherwise many dependencies would be compiled twice.
    let build = [
        "build",
        "--quiet",
        "--workspace",
        "--example",
        "queries",
        "--bin",
        &name,
    ];
    cargo::run(root, build)?;

    // `cargo xtask` and this build use the same folder: both are debug builds.
    let program = env::current_exe()
        .context("cannot find the folder of programs")?
        .with_file_name(format!("{name}{EXE_SUFFIX}"));
    let output = Command::new(&program)
        .arg("openapi")
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(
        output.status.success(),
        "{name} openapi failed:\n{}",
        String::from_utf8_lossy(&output.stderr).trim()
    );

    fs::write(root.join("openapi/openapi.json"), output.stdout).context("cannot write openapi/openapi.json")
}
