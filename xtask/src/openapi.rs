//! The OpenAPI document, which the program itself writes.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

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
    let build = "build --quiet --workspace --example queries --message-format json-render-diagnostics --bin";
    let messages =
        cargo::run(root, build.split(' ').chain([name.as_str()])).context("the result does not compile")?;
    let program = executable(&String::from_utf8_lossy(&messages), &name)
        .with_context(|| format!("cargo does not say where it has built {name}"))?;

    let output = Command::new(&program)
        .arg("openapi")
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    ensure!(
        output.status.success(),
        "{name} openapi failed:\n{}",
        String::from_utf8_lossy(&output.stderr).trim()
    );

    fs::write(root.join("openapi/openapi.json"), output.stdout).context("cannot write openapi/openapi.json")
}

/// The path of the program of this name, in what `cargo build` prints: one JSON object in each line.
fn executable(messages: &str, name: &str) -> Option<String> {
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter(|message| message["target"]["name"] == name);

    programs.find_map(|program| program["executable"].as_str().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::executable;

    #[test]
    fn program_is_the_one_that_cargo_has_just_built() {
        let messages = [
            r#"{"reason":"compiler-artifact","target":{"name":"shop"},"executable":null}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"queries"},"executable":"/t/debug/examples/queries"}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"shop"},"executable":"/t/debug/shop"}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ];

        let program = executable(&messages.join("\n"), "shop");
        assert_eq!(program.as_deref(), Some("/t/debug/shop"));
        assert_eq!(executable(messages[3], "shop"), None);
    }
}
