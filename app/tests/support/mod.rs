//! What the tests stand on.

pub(crate) mod client;
pub(crate) mod example;
mod response;

pub(crate) use response::{header, problem};
pub(crate) use {PATIENCE as TIMEOUT, Running as Service};

use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::Duration,
};

use adapters::testing::FreshDatabase;
use app::{compose, compose::Store, config::Config};
use domain::{Authenticator, RepositoryError, testing::FailingHealthCheck, testing::FailingTweetRepository};
use poem::{endpoint::BoxEndpoint, test::TestClient};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a slow machine; only a failing test ever waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The configuration these variables make.
pub(crate) fn config(variables: &[(&str, &str)]) -> Config {
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::load(None, variables).expect("a valid configuration").0
}

/// Asks for `localhost`, unless a request says otherwise.
fn client(
    config: &Config,
    store: &Store,
    writers: Option<Arc<dyn Authenticator>>,
) -> TestClient<BoxEndpoint<'static>> {
    TestClient::new(compose::router(config, store, writers, Arc::default()))
        .default_header("host", "localhost")
}

/// A site over a store of its own, in this process.
pub(crate) struct Site {
    pub(crate) client: TestClient<BoxEndpoint<'static>>,
    _database: Option<FreshDatabase>,
}

impl Site {
    pub(crate) async fn memory() -> Self {
        Self::on("memory:").await
    }

    pub(crate) async fn sqlite() -> Self {
        let database = FreshDatabase::sqlite();
        Self::at(database).await
    }

    pub(crate) async fn postgres() -> Self {
        let database = FreshDatabase::postgres().await;
        Self::at(database).await
    }

    async fn at(database: FreshDatabase) -> Self {
        let site = Self::on(database.url()).await;
        Self {
            _database: Some(database),
            ..site
        }
    }

    async fn on(url: &str) -> Self {
        Self::with(&[("DATABASE_URL", url)]).await
    }

    /// A site as these variables make it.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        let config = config(variables);
        let store = Store::open(&config.database).await.expect("a store");
        if let Some(schema) = &store.schema {
            schema.up().await.expect("the schema");
        }
        let writers = compose::authenticator(&config).await.expect("a list of writers");
        Self {
            client: client(&config, &store, writers),
            _database: None,
        }
    }

    /// A site whose store fails in this way.
    pub(crate) fn failing(error: RepositoryError) -> Self {
        Self::over(Store {
            tweet_repository: Arc::new(FailingTweetRepository(error)),
            check: Arc::new(FailingHealthCheck(
                "it says: password \"hunter2\" is wrong".to_owned(),
            )),
            schema: None,
        })
    }

    pub(crate) fn over(store: Store) -> Self {
        let config = config(&[("REQUEST_TIMEOUT_SECONDS", "1")]);
        Self {
            client: client(&config, &store, None),
            _database: None,
        }
    }

    /// Creates a tweet and returns it as the answer shows it.
    pub(crate) async fn create(&self, text: &str) -> Value {
        let answer = self
            .client
            .post("/tweet/")
            .body_json(&serde_json::json!({ "text": text }))
            .send()
            .await;
        answer.assert_status(poem::http::StatusCode::CREATED);
        answer.json().await.value().deserialize()
    }
}

/// The program, running on a free port, with nothing in its environment but what is given; killed when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    lines: mpsc::Receiver<String>,
    /// Every line it logged so far that somebody waited for.
    pub(crate) log: Vec<String>,
    folder: Option<TempDir>,
}

impl Running {
    pub(crate) fn start(variables: &[(&str, &str)], folder: &Path) -> Self {
        let mut running = Self::spawn(variables, folder);
        running.serves();
        running
    }

    /// Serves from memory, with these variables besides, in a folder of its own.
    pub(crate) fn in_memory(variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let variables = [&[("DATABASE_URL", "memory:")], variables].concat();
        let mut running = Self::start(&variables, folder.path());
        running.folder = Some(folder);
        running
    }

    /// Starts it, without waiting until it serves.
    pub(crate) fn spawn(variables: &[(&str, &str)], folder: &Path) -> Self {
        Self::of(program(&[], variables, folder))
    }

    /// A program that was started.
    pub(crate) fn of(mut child: Child) -> Self {
        let stderr = child.stderr.take().expect("its log");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            child,
            address: ([127, 0, 0, 1], 0).into(),
            lines,
            log: Vec::new(),
            folder: None,
        }
    }

    /// Waits until it serves.
    pub(crate) fn serves(&mut self) {
        let line = self.wait_for("serving http://");
        let address = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        self.address = address
            .and_then(|address| address.parse().ok())
            .expect("the address in the log");
    }

    /// The first new log line with this in it.
    pub(crate) fn wait_for(&mut self, part: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.log.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(_) => panic!("no line with {part:?} in the log:\n{}", self.log.join("\n")),
            }
        }
    }

    /// As [`wait_for`](Self::wait_for).
    pub(crate) fn wait_for_log(&mut self, part: &str) -> String {
        self.wait_for(part)
    }

    pub(crate) fn signal(&self, name: &str) {
        // The shell's own: a slim machine has no program of that name.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -s {name} {}", self.child.id())])
            .status();
        assert!(sent.expect("kill").success());
    }

    /// Sends these bytes on a connection of their own and returns all that comes back until the service closes it.
    pub(crate) fn exchange(&self, request: &[u8]) -> String {
        exchange(self.address, request)
    }

    pub(crate) fn get(&self, path: &str) -> String {
        self.exchange(
            format!(
                "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                self.address
            )
            .as_bytes(),
        )
    }

    /// The value of a metric that has no labels.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics");
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value
            .and_then(|value| value.parse().ok())
            .unwrap_or_else(|| panic!("no {name} in {metrics}"))
    }

    pub(crate) fn post(&self, body: &str) -> String {
        let head =
            "POST /tweet/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json";
        self.exchange(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(request).expect("the request is taken");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer in time");
    String::from_utf8(answer).expect("UTF-8")
}

/// Starts the program with these arguments and variables, in this folder.
pub(crate) fn program(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_templatesite"))
        .args(arguments)
        .env_clear()
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program")
}

/// Runs the program to its end: its exit code, its standard output and its standard error.
pub(crate) fn run(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> (i32, String, String) {
    run_with_input(arguments, variables, folder, "")
}

pub(crate) fn run_with_input(
    arguments: &[&str],
    variables: &[(&str, &str)],
    folder: &Path,
    input: &str,
) -> (i32, String, String) {
    let mut child = program(arguments, variables, folder);
    child
        .stdin
        .take()
        .expect("its input")
        .write_all(input.as_bytes())
        .expect("the input is taken");
    let output = child.wait_with_output().expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}
