//! Calls of cargo.

use std::{env, ffi::OsStr, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

/// Runs `cargo` in a folder, and returns what it prints.
///
/// # Errors
///
/// What cargo or the compiler printed.
pub fn run<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Result<Vec<u8>> {
    let output = cargo(folder)
        .args(arguments)
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }

    Ok(output.stdout)
}

/// `cargo` without the variables that `cargo run` has set for this program. Build scripts, such as ring's, read them; if
/// they differed from those of other builds, cargo would compile ring and all that depends on it again, here and in
/// the next build.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo's variables, which are no settings of the program"
)]
fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder);

    let is_of_package = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_package) {
            cargo.env_remove(name);
        }
    }
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_builds_do_not_see_the_variables_of_this_package() {
        let cargo = cargo(Path::new("."));
        let removed: Vec<_> = cargo
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name)
            .collect();

        for name in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION_MAJOR", "CARGO_MANIFEST_DIR"] {
            assert!(removed.contains(&OsStr::new(name)), "{name} is not removed");
        }
    }
}
