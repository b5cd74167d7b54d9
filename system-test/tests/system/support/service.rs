//! The service under test: a process that this test starts, or one that runs elsewhere.

use std::path::PathBuf;

use reqwest::{Method, RequestBuilder, Response, header::HeaderMap, redirect::Policy};
use system_test::Client;

use super::process::{Service as Process, TIMEOUT, command};

/// A running service and the clients that talk to it.
pub(crate) struct Service {
    /// `http://host:port`
    pub(crate) base: String,
    /// The client generated from the document.
    pub(crate) client: Client,
    http: reqwest::Client,
    process: Option<Process>,
}

impl Service {
    /// Connects to the service at `SYSTEM_TEST_HOSTPORT`, or starts one if that is not set.
    pub(crate) fn reach() -> Self {
        Self::reach_or_start(&[])
    }

    /// Like [`reach`](Self::reach), but a service that this test starts has a rate limit.
    pub(crate) fn reach_limited() -> Self {
        Self::reach_or_start(&[("RATE_LIMIT_PER_SECOND", "1")])
    }

    /// Like [`reach`](Self::reach), but a service that this test starts has traces, for a collector that is away.
    pub(crate) fn reach_traced() -> Self {
        Self::reach_or_start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")])
    }

    fn reach_or_start(variables: &[(&str, &str)]) -> Self {
        match hostport() {
            Some(hostport) => Self::at(&hostport, None),
            None => {
                let process = start(variables);
                Self::at(&process.address.to_string(), Some(process))
            }
        }
    }

    fn at(hostport: &str, process: Option<Process>) -> Self {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
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
            process,
        }
    }

    /// Whether this test started it.
    pub(crate) fn is_own(&self) -> bool {
        self.process.is_some()
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

/// Starts the service with these settings, in a folder of its own, where it creates its SQLite store.
fn start(variables: &[(&str, &str)]) -> Process {
    let folder = tempfile::tempdir().expect("a folder");
    let child = command(&built(program_name()), &[], variables, folder.path())
        .spawn()
        .expect("the program starts");

    let mut process = Process::from_child(child).keep_folder(folder);
    process.wait_until_ready();
    process
}

/// The path of a program that cargo built, from the folder of binaries: the service, or an example. Cargo passes a test
/// only the paths of its own package's binaries, so it is found by its place: tests are in `deps`, below that folder.
pub(crate) fn built(program: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test's path");
    let deps = test.parent().expect("the folder deps");
    let folder = deps.parent().expect("the folder of the build profile");
    let path = folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));

    assert!(
        path.exists(),
        "{} is missing: run `cargo build` first, or set SYSTEM_TEST_HOSTPORT",
        path.display()
    );
    path
}

/// The name of the program, which is that of its package.
fn program_name() -> &'static str {
    let manifest = include_str!("../../../../app/Cargo.toml");
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = \""));

    name.and_then(|name| name.strip_suffix('"'))
        .expect("the name of the package")
}
