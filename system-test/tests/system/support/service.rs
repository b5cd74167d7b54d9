//! The service under test.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use reqwest::{Method, RequestBuilder, Response, header::HeaderMap, redirect::Policy};
use system_test::{
    Client,
    types::{NewTweet, Tweet},
};
use tempfile::TempDir;

/// Longer than any answer takes on a slow machine; only a failing test ever waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Service {
    /// `http://host:port`
    pub(crate) base: String,
    /// The client generated from the document.
    pub(crate) client: Client,
    http: reqwest::Client,
    _program: Option<Program>,
}

impl Service {
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
        let builder = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(Policy::none())
            .no_proxy();
        let http = builder.build().expect("an HTTP client");
        let base = format!("http://{hostport}");
        let client = Client::new_with_client(&base, http.clone());
        Self {
            base,
            client,
            http,
            _program: program,
        }
    }

    /// A request that the document does not know, or forbids.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.expect("an answer")
    }

    pub(crate) async fn create(&self, text: &str) -> Tweet {
        let body = NewTweet::builder().text(text);
        self.client
            .create_tweet()
            .body(body)
            .send()
            .await
            .expect("201")
            .into_inner()
    }

    /// A scrape of `/metrics`.
    pub(crate) async fn scrape(&self) -> String {
        self.get("/metrics")
            .await
            .error_for_status()
            .expect("200")
            .text()
            .await
            .expect("text")
    }
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().expect("ASCII"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one thing about these tests that can be set"
)]
fn hostport() -> Option<String> {
    std::env::var("SYSTEM_TEST_HOSTPORT")
        .ok()
        .filter(|hostport| !hostport.is_empty())
}

/// The program with nothing in its environment but where to listen, in a folder of its own, where it makes its SQLite
/// store; killed when dropped.
struct Program {
    child: Child,
    _folder: TempDir,
}

impl Program {
    /// Starts it, and returns it with its host and port once it serves.
    fn start() -> (Self, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(executable());
        command
            .env_clear()
            .env("LISTEN_ADDR", "127.0.0.1:0")
            .current_dir(&folder)
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stderr = child.stderr.take().expect("its log");
        let program = Self {
            child,
            _folder: folder,
        };
        let (sender, lines) = mpsc::channel();
        // Reads on when nobody listens any more: a full pipe would stop the program.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        (program, serving_at(&lines))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serving_at(lines: &mpsc::Receiver<String>) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut log = Vec::new();
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if let Some((_, rest)) = line.split_once("serving http://") {
            return rest.split(' ').next().unwrap_or_default().to_owned();
        }
        log.push(line);
    }
    panic!(
        "the program did not say where it serves; it said:\n{}",
        log.join("\n")
    )
}

/// Cargo tells a test where the programs of its own package are, and of no other: tests are in `deps`, beside them.
fn executable() -> PathBuf {
    let test = std::env::current_exe().expect("this test's path");
    let folder = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("cargo's folder");
    let path = folder.join(format!("templatesite{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is missing: run `cargo build` first, or set SYSTEM_TEST_HOSTPORT",
        path.display()
    );
    path
}
