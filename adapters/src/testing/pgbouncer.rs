//! A real PgBouncer in front of a database.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use url::Url;

use super::programs::{command_without_root, free_port};

/// Runs PgBouncer until its standard input ends, as the script of [`cluster`](super::cluster) does with PostgreSQL. Each
/// line of the input reloads its configuration.
const SCRIPT: &str = r#"
trap '' INT TERM
"$1" -q "$2" &
bouncer=$!
echo started
while read -r _; do kill -s HUP $bouncer && echo done; done
kill -s TERM $bouncer
wait $bouncer
"#;

/// What PgBouncer gives a session of PostgreSQL to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolMode {
    /// A connection, until it ends. PgBouncer's default.
    Session,
    /// A transaction. The next one of the same connection may get another session.
    Transaction,
}

/// PgBouncer with its own defaults, on a free port. It stops when this is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    url: Url,
    upstream: Url,
    settings: String,
    folder: TempDir,
    script: Child,
    responses: BufReader<ChildStdout>,
}

impl PgBouncer {
    /// A pooler in front of the database at this URL. `settings` are further lines of its configuration.
    pub fn start(database: &str, mode: PoolMode, settings: &str) -> Self {
        let program = program();
        let upstream = Url::parse(database).expect("the URL of a database");

        // Another process may take the free port first.
        for _ in 0..5 {
            let folder = TempDir::with_prefix("test-pgbouncer-").expect("a folder");
            // PgBouncer runs as another user if the test runs as root.
            let everybody = fs::Permissions::from_mode(0o755);
            fs::set_permissions(folder.path(), everybody).expect("permissions");

            let mut url = upstream.clone();
            let port = free_port();
            url.set_host(Some("127.0.0.1")).expect("a host");
            url.set_port(Some(port)).expect("a port");
            let settings = format!("{settings}\nlisten_port = {port}");
            let file = configuration(&folder);
            fs::write(&file, text(&upstream, mode, &settings)).expect("a configuration");

            let mut script = command_without_root()
                .args(["sh", "-c", SCRIPT, "sh"])
                .arg(&program)
                .arg(&file)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("a shell");
            let responses = BufReader::new(script.stdout.take().expect("the script's output"));
            let mut bouncer = Self {
                url,
                upstream: upstream.clone(),
                settings,
                folder,
                script,
                responses,
            };

            bouncer.read_response("started\n");
            if bouncer.listens(port) {
                return bouncer;
            }
        }

        panic!("PgBouncer does not start")
    }

    /// The URL of the database behind it.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Changes its mode, as an operator does: connections stay open, and their next transactions are pooled in this way.
    pub fn set_mode(&mut self, mode: PoolMode) {
        let text = text(&self.upstream, mode, &self.settings);
        fs::write(configuration(&self.folder), text).expect("a configuration");

        let stdin = self.script.stdin.as_mut().expect("the script's input");
        writeln!(stdin).expect("the script reads");
        self.read_response("done\n");
    }

    fn read_response(&mut self, expected: &str) {
        let mut response = String::new();
        self.responses
            .read_line(&mut response)
            .expect("the script's output");
        assert_eq!(response, expected, "PgBouncer's script failed");
    }

    fn listens(&self, port: u16) -> bool {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(10) {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

fn configuration(folder: &TempDir) -> PathBuf {
    folder.path().join("pgbouncer.ini")
}

fn text(upstream: &Url, mode: PoolMode, settings: &str) -> String {
    let host = upstream.host_str().expect("a host");
    let port = upstream.port().unwrap_or(5432);
    let user = upstream.username();
    let password = upstream
        .password()
        .map(|password| format!("password='{password}'"));
    let password = password.unwrap_or_default();
    let mode = match mode {
        PoolMode::Session => "session",
        PoolMode::Transaction => "transaction",
    };

    format!(
        "[databases]\n* = host={host} port={port} user={user} {password}\n\
         [pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n{settings}\n"
    )
}

fn program() -> PathBuf {
    let folders = [
        "/usr/sbin",
        "/usr/bin",
        "/usr/local/sbin",
        "/usr/local/bin",
        "/opt/homebrew/bin",
    ];

    folders
        .map(|folder| Path::new(folder).join("pgbouncer"))
        .into_iter()
        .find(|file| file.exists())
        .expect("pgbouncer is missing; ./test installs it (Debian: apt-get install pgbouncer)")
}
