//! The documented way to a Python client, from the generator to a stored item.

use std::{fs, path::Path, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

use crate::support::{Service, example};

/// Longer than other tests take, because packages are downloaded.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(300);

/// The address of the service in the documents.
const DOCUMENTED_BASE: &str = "http://127.0.0.1:8000";

const REQUIREMENTS: &str = "this test needs Python 3.11 or later with venv and pip (Debian: apt-get install \
                            python3-venv), and access to the packages that pip downloads";

#[tokio::test]
async fn documented_python_client_creates_and_reads_an_item() {
    let service = Service::reach();
    let folder = tempfile::tempdir().expect("a folder");
    let with_base = |text: &str| text.replace(DOCUMENTED_BASE, &service.base);

    let program = with_base(include_str!("../../../sdk/python/example.py"));
    fs::write(folder.path().join("example.py"), program).expect("written");
    let script = with_base(include_str!("../../../sdk/python/client.sh")) + "python example.py\n";
    let printed = run(&script, &service, folder.path()).await;

    let last_line = printed.lines().last().unwrap_or_default();
    let (id, text) = last_line
        .split_once(' ')
        .unwrap_or_else(|| panic!("not an id and a text: {printed}"));
    assert_eq!(text, "Hello from Python");

    assert_eq!(example::text_of(&service, id).await, text);
}

/// Runs a shell script in the folder and returns what it prints. A failing command ends the script and the test.
async fn run(script: &str, service: &Service, folder: &Path) -> String {
    let hostport = service.base.trim_start_matches("http://");
    let (host, _) = hostport.rsplit_once(':').expect("host:port");

    let mut shell = Command::new("sh");
    shell
        .args(["-euc", script])
        .current_dir(folder)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        // Packages may come through a proxy; requests to the service must not.
        .env("NO_PROXY", host)
        .env("no_proxy", host)
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1");

    let output = timeout(SCRIPT_TIMEOUT, shell.output())
        .await
        .unwrap_or_else(|_| panic!("not finished after {SCRIPT_TIMEOUT:?}; {REQUIREMENTS}"))
        .expect("a shell");

    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}; {REQUIREMENTS}\n{stdout}\n{stderr}",
        output.status
    );
    stdout.into_owned()
}
