//! Runs the scripts of this folder with Node.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{process::Command, time::timeout};

use crate::support::{example, report};

/// The name under which browsers find the service.
pub(super) const HOST: &str = "api.example.com";

/// A text that a page must not take for HTML, and that is not ASCII.
const TEXT: &str = "<b>\"Grüße\" 🌍</b>";

const PACKAGE: &str = include_str!("package.json");
const PACKAGE_LOCK: &str = include_str!("package-lock.json");

/// For a download, and for a script, each of whose steps has a shorter limit and says what it waited for.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(300);

/// Runs a script, which must succeed, on a service or on the proxy in front of it. Its settings are what every script
/// needs, and `more`, whose members replace those.
pub(crate) async fn run(script: &str, address: SocketAddr, more: Value) {
    let screenshots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    fs::create_dir_all(&screenshots).expect("a folder");

    let mut settings = json!({
        "address": address,
        "host": HOST,
        "prefix": "",
        "collection": example::COLLECTION,
        "item": example::ITEM_ROUTE,
        "body": example::body(TEXT),
        "invalid_body": example::body(&"x".repeat(example::MAX_TEXT_CHARS + 1)),
        "screenshots": screenshots,
    });
    for (name, value) in more.as_object().expect("an object") {
        settings[name] = value.clone();
    }

    let mut node = Command::new("node");
    node.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/browser/{script}.mjs")))
        .arg(settings.to_string())
        .env("NODE_PATH", install().await.join("node_modules"));
    report(&output(node).await);
}

/// Installs the locked packages, once for all tests, and returns the folder with them.
async fn install() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    fs::create_dir_all(&folder).expect("a folder");

    // Other tests run at the same time, in this process or in others. The lock is released when the file is closed.
    let lock = File::create(folder.join("lock")).expect("a file");
    lock.lock().expect("the lock");

    let installed = folder.join("installed");
    if !fs::read_to_string(&installed).is_ok_and(|text| text == PACKAGE_LOCK) {
        fs::write(folder.join("package.json"), PACKAGE).expect("written");
        fs::write(folder.join("package-lock.json"), PACKAGE_LOCK).expect("written");

        let mut npm = Command::new("npm");
        npm.args("ci --ignore-scripts --no-audit --no-fund --loglevel=error".split(' '))
            .current_dir(&folder);
        output(npm).await;
        fs::write(&installed, PACKAGE_LOCK).expect("written");
    }
    folder
}

/// What a command prints, which must succeed in time.
async fn output(mut command: Command) -> String {
    let name = format!("{:?}", command.as_std());
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();

    let output = timeout(COMMAND_TIMEOUT, output)
        .await
        .unwrap_or_else(|_| panic!("not finished after {COMMAND_TIMEOUT:?}: {name}"))
        .unwrap_or_else(|error| panic!("{error}; ./test installs Node and Chromium: {name}"));

    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {name}\n{stdout}\n{stderr}",
        output.status
    );
    stdout.into_owned()
}
