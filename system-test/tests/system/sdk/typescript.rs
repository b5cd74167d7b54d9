//! openapi-typescript with openapi-fetch, in Node.

use super::Sdk;

const REQUIREMENTS: &str = "this test needs Node 18 or later with npm (Debian: apt-get install nodejs npm), and access \
                            to the packages that npm downloads";

#[tokio::test]
async fn documented_typescript_client_passes_tsc_and_the_scenario() {
    let sdk = Sdk::new("typescript", REQUIREMENTS);

    let printed = sdk.run(include_str!("../../../sdk/typescript/client.sh")).await;
    sdk.assert_example(&printed, "Hello from TypeScript").await;

    let printed = sdk.run("node scenario.mjs").await;
    sdk.assert_scenario(&printed);
}
