//! Generates a client from the OpenAPI document.

use std::{env, error::Error, fs, path::Path};

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo passes its folder to a build script"
)]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../openapi/openapi.json");
    let document = fs::read_to_string("../openapi/openapi.json")?;
    // The generator knows bodies of `application/json` alone. Problems are read as `types::Problem` if they are such.
    let document = document.replace("application/problem+json", "application/json");

    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let client = Generator::new(&settings).generate_tokens(&serde_json::from_str(&document)?)?;

    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("client.rs"), client.to_string())?;
    Ok(())
}
