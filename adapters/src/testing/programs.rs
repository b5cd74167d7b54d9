//! What servers of the tests are started with: the variables of the tests, the machine's programs, free ports.

use std::{
    env,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

/// A variable of the tests. CONTRIBUTING.md describes them.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' variables, read in one place"
)]
pub(super) fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// `initdb` and PgBouncer refuse to run as root, so root runs them as the user that the package created.
pub(super) fn command_without_root() -> Command {
    use std::os::unix::fs::MetadataExt;

    let is_root = Path::new("/proc/self")
        .metadata()
        .is_ok_and(|process| process.uid() == 0);
    if !is_root {
        return Command::new("env");
    }

    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    command
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|socket| socket.local_addr())
        .expect("a free port")
        .port()
}

/// The folder of `initdb` and the other server programs: the one in `TEST_POSTGRES_BIN`, or the one that `pg_config`
/// names, or else one where packages install them.
pub(super) fn binaries() -> Option<PathBuf> {
    if let Some(folder) = variable("TEST_POSTGRES_BIN") {
        return Some(PathBuf::from(folder)).filter(|folder| folder.join("initdb").exists());
    }

    let output = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = output.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));

    let mut installed: Vec<PathBuf> = [
        "/usr/lib/postgresql",
        "/usr/local/opt",
        "/opt/homebrew/opt",
        "/usr",
    ]
    .iter()
    .filter_map(|parent| Path::new(parent).read_dir().ok())
    .flatten()
    .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
    .collect();
    installed.sort();

    // The newest version first.
    configured
        .into_iter()
        .chain(installed.into_iter().rev())
        .find(|folder| folder.join("initdb").exists())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::FreshDatabase;

    /// Otherwise the tests of another version would silently run on the one that is installed.
    #[tokio::test]
    async fn postgres_is_of_the_version_that_the_variable_names() {
        let (Some(folder), None) = (variable("TEST_POSTGRES_BIN"), variable("TEST_DATABASE_URL")) else {
            return;
        };
        let output = Command::new(Path::new(&folder).join("postgres"))
            .arg("--version")
            .output()
            .expect("the program postgres");
        let version = String::from_utf8(output.stdout).expect("UTF-8");

        let assert = format!(
            "do $$ begin
                 assert '{}' like '% ' || current_setting('server_version'), current_setting('server_version');
             end $$",
            version.trim()
        );
        FreshDatabase::postgres().await.execute(&assert).await;
    }
}
