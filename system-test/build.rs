//! Generates a client from the OpenAPI document.

use std::{env, error::Error, fs, path::Path};

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::{Map, Value};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo passes its folder to a build script"
)]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../openapi/openapi.json");
    let document = fs::read_to_string("../openapi/openapi.json")?;
    // The generator knows bodies of `application/json` alone. Problems are read as `types::Problem` if they are such.
    let document = document.replace("application/problem+json", "application/json");
    let mut document = serde_json::from_str(&document)?;
    one_type_of_error(&mut document);

    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let client = Generator::new(&settings).generate_tokens(&serde_json::from_value(document)?)?;

    let folder = env::var("OUT_DIR")?;
    fs::write(Path::new(&folder).join("client.rs"), client.to_string())?;
    Ok(())
}

/// Leaves one type of error body to each operation, which is all that the generator supports. If an error has a body of
/// its own, such as the health report, problems are removed.
fn one_type_of_error(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter();
    let operations = paths
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    let is_error = |status: &str| status >= "400";
    let is_problem = |response: &Value| {
        let schema = response.pointer("/content/application~1json/schema/$ref");
        schema.is_some_and(|schema| schema == "#/components/schemas/Problem")
    };

    for responses in operations.filter_map(|operation| operation.get_mut("responses")?.as_object_mut()) {
        let mut errors = responses.iter().filter(|(status, _)| is_error(status));
        if errors.any(|(_, response)| !is_problem(response)) {
            responses.retain(|status, response| !is_error(status) || !is_problem(response));
        }
    }
}
