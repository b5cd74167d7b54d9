//! openapi-python-client.

use super::Sdk;

const REQUIREMENTS: &str = "this test needs Python 3.11 or later with venv and pip (Debian: apt-get install \
                            python3-venv), and access to the packages that pip downloads";

#[tokio::test]
async fn documented_python_client_passes_mypy_and_the_scenario() {
    let sdk = Sdk::new("python", REQUIREMENTS);

    let printed = sdk.run(include_str!("../../../sdk/python/client.sh")).await;
    sdk.assert_example(&printed, "Hello from Python").await;

    let printed = sdk.run("sdk/bin/python scenario.py").await;
    sdk.assert_scenario(&printed);
}
