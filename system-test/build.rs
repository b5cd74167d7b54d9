//! Generates the client that `src/lib.rs` includes from `openapi/openapi.json`.

use std::{env, error::Error, fs, path::PathBuf};

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo passes its folders to a build script"
)]
fn main() -> Result<(), Box<dyn Error>> {
    // Not the folder of the time when this was compiled: copies of the workspace may share a target folder.
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let path = format!("{root}/../openapi/openapi.json");
    println!("cargo::rerun-if-changed={path}");
    // The generator parses bodies of `application/json` only; those of another media type remain bytes.
    let document = fs::read_to_string(path)?.replace("application/problem+json", "application/json");
    let mut document: Value = serde_json::from_str(&document)?;
    // It knows one type of errors of an operation. Here that is the report of a 503, not the problem of a 400.
    let responses = document.pointer_mut("/paths/~1healthcheck~1/get/responses");
    if let Some(responses) = responses.and_then(Value::as_object_mut) {
        responses.remove("400");
    }

    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let client = Generator::new(&settings).generate_tokens(&serde_json::from_value(document)?)?;

    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(folder.join("client.rs"), client.to_string())?;
    Ok(())
}
