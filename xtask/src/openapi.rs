//! The OpenAPI document, which the program itself writes.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

/// Builds the program and writes `openapi/openapi.json`.
///
/// # Errors
///
/// What cargo or the compiler printed.
pub fn refresh(root: &Path) -> Result<()> {
    let output = Command::new("cargo")
        .args(["run", "--quiet", "--", "openapi"])
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!(
            "cargo run -- openapi failed:\n{}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }

    fs::write(root.join("openapi/openapi.json"), output.stdout).context("cannot write openapi/openapi.json")
}
