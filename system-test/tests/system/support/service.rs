//! The service under test: a process that this test starts, or one that runs elsewhere.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use reqwest::{Method, RequestBuilder, Response, header::HeaderMap, redirect::Policy};
use system_test::Client;
use tempfile::TempDir;

/// The time limit for a start and for each response. Generous, because only a failing test waits that long.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A running service and the clients that talk to it.
pub(crate) struct Service {
    /// `http://host:port`
    pub(crate) base: String,
    /// The client generated from the document.
    pub(crate) client: Client,
    http: reqwest::Client,
    _program: Option<Program>,
}

impl Service {
    /// Connects to the service at `SYSTEM_TEST_HOSTPORT`, or starts one if that is not set.
    pub(crate) fn reach() -> Self {
        match hostport() {
            Some(hostport) => Self::at(&hostport, None),
            None => {
                let (program, hostport) = Program::start();
                Self::at(&hostport, Some(program))
            }
        }
    }

    fn at(hostport: &str, program: Option<Program>) -> Self {
        let http = reqwest::Client::builder()
            .timeout(TEST_TIMEOUT)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .expect("an HTTP client");

        let base = format!("http://{hostport}");
        let client = Client::new_with_client(&base, http.clone());

        Self {
            base,
            client,
            http,
            _program: program,
        }
    }

    /// A request that the generated client cannot make, for instance an invalid one.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// The response to a GET, whatever its status.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.expect("a response")
    }

    /// The text of `/metrics`.
    pub(crate) async fn scrape(&self) -> String {
        let response = self.get("/metrics").await.error_for_status().expect("200");

        response.text().await.expect("text")
    }
}

/// The value of a header, if the response has it.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().expect("ASCII"))
}

#[expect(clippy::disallowed_methods, reason = "the only setting of these tests")]
fn hostport() -> Option<String> {
    std::env::var("SYSTEM_TEST_HOSTPORT")
        .ok()
        .filter(|hostport| !hostport.is_empty())
}

/// A process of the service, killed when dropped. Its environment holds only `LISTEN_ADDR`; its working directory is a
/// new folder, in which it creates its SQLite store.
struct Program {
    child: Child,
    _folder: TempDir,
}

impl Program {
    /// Starts the service and waits until it listens. Returns its `host:port` too.
    fn start() -> (Self, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(executable())
            .env_clear()
            .env("LISTEN_ADDR", "127.0.0.1:0")
            .current_dir(&folder)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");

        let stderr = child.stderr.take().expect("its log");
        let program = Self {
            child,
            _folder: folder,
        };

        let (sender, lines) = mpsc::channel();
        // Reads until the end, also when no one receives the lines: a full pipe would block the service.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });

        (program, logged_hostport(&lines))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the log line with the address on which the service listens, and returns its `host:port`.
fn logged_hostport(lines: &mpsc::Receiver<String>) -> String {
    let deadline = Instant::now() + TEST_TIMEOUT;
    let mut log = Vec::new();

    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if let Some((_, rest)) = line.split_once("serving http://") {
            return rest.split(' ').next().unwrap_or_default().to_owned();
        }
        log.push(line);
    }

    panic!("the service logged no address to connect to:\n{}", log.join("\n"))
}

/// The path of the service's binary. Cargo passes a test only the paths of its own package's binaries, so this one is
/// found by its place: tests are in `deps`, below the folder of the binaries.
fn executable() -> PathBuf {
    let test = std::env::current_exe().expect("this test's path");
    let deps = test.parent().expect("the folder deps");
    let folder = deps.parent().expect("the folder of the build profile");
    let path = folder.join(format!("templatesite{}", std::env::consts::EXE_SUFFIX));

    assert!(
        path.exists(),
        "{} is missing: run `cargo build` first, or set SYSTEM_TEST_HOSTPORT",
        path.display()
    );
    path
}
