//! Generates a client from the OpenAPI document.

use std::{env, error::Error, fs, path::Path};

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo passes its folder to a build script"
)]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../openapi/openapi.json");
    let document = fs::read_to_string("../openapi/openapi.json")?;
    // The generator knows bodies of `application/json` alone. Problems are read as `types::Problem` if they are such.
    let document = document.replace("application/problem+json", "application/json");
    let mut document: Value = serde_json::from_str(&document)?;
    // It knows one type of error for an operation. Here that is the report of a 503, not the problem of another status.
    if let Some(responses) = document["paths"]["/healthcheck/"]["get"]["responses"].as_object_mut() {
        responses.retain(|status, _| ["200", "503"].contains(&status.as_str()));
    }

    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let client = Generator::new(&settings).generate_tokens(&serde_json::from_value(document)?)?;

    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("client.rs"), client.to_string())?;
    Ok(())
}
