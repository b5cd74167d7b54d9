//! The README's way to a Python client, walked to its end.

use std::{fs, path::Path, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

use crate::support::service::Service;

/// Packages are downloaded, which takes seconds where the network is fast.
const DEADLINE: Duration = Duration::from_secs(300);

/// Where the README has the service.
const README_BASE: &str = "http://127.0.0.1:8000";

#[tokio::test]
async fn a_python_client_made_as_the_readme_tells_creates_and_reads_a_tweet() {
    let service = Service::reach();
    let folder = tempfile::tempdir().expect("a folder");
    let here = |text: &str| text.replace(README_BASE, &service.base);
    fs::write(
        folder.path().join("tweet.py"),
        here(include_str!("../../../sdk/tweet.py")),
    )
    .expect("written");
    let script = here(include_str!("../../../sdk/python.sh")) + "python tweet.py\n";
    let told = run(&script, &service, folder.path()).await;

    let last = told.lines().last().unwrap_or_default();
    let (id, text) = last
        .split_once(' ')
        .unwrap_or_else(|| panic!("an id and a text: {told}"));
    assert_eq!(text, "Hello from Python");
    let stored = service
        .client
        .get_tweet()
        .id(id)
        .send()
        .await
        .expect("200")
        .into_inner();
    assert_eq!(stored.text.as_str(), text);
}

/// What the script printed. It ends at the first command that fails.
async fn run(script: &str, service: &Service, folder: &Path) -> String {
    let host = service
        .base
        .trim_start_matches("http://")
        .rsplit_once(':')
        .expect("host:port")
        .0;
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", script])
        .current_dir(folder)
        .kill_on_drop(true)
        .stdin(Stdio::null());
    // The service is spoken to directly, also where packages come through a proxy.
    shell.envs([
        ("NO_PROXY", host),
        ("no_proxy", host),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
    ]);
    let output = timeout(DEADLINE, shell.output()).await;
    let output = output
        .unwrap_or_else(|_| panic!("not done after {DEADLINE:?}; {NEEDS}"))
        .expect("a shell");
    let (told, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{}; {NEEDS}\n{told}\n{failed}",
        output.status
    );
    told.into_owned()
}

const NEEDS: &str = "this test needs python3 from 3.11 on with venv and pip (Debian: apt-get install python3-venv) and \
                     the packages that pip downloads";
