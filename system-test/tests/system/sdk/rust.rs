//! progenitor. Cargo has built its client already, with these tests: `build.rs` generates it.

use serde_json::Value;

use super::{DOCUMENTED_BASE, Sdk};
use crate::{docs, support::built};

#[tokio::test]
async fn documented_rust_client_passes_the_scenario() {
    let sdk = Sdk::new("rust", "this test needs curl");
    let base = &sdk.service.base;
    let program = |name| format!("'{}' {base}", built(name).display());

    let printed = sdk.run(&program("examples/client")).await;
    sdk.assert_example(&printed, "Hello from Rust").await;

    let printed = sdk.run(&program("examples/scenario")).await;
    sdk.assert_scenario(&printed);
}

#[tokio::test]
async fn documented_command_downloads_the_document() {
    let sdk = Sdk::new("rust", "this test needs curl");
    let command = include_str!("../../../sdk/document.sh").replace(DOCUMENTED_BASE, &sdk.service.base);

    let print = "\nmv openapi.json downloaded.json\ncat downloaded.json";
    let printed = sdk.run(&(command + print)).await;

    let downloaded: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(downloaded["info"], docs::document()["info"]);
}
