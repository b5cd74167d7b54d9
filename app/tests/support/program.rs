//! The service as a process: for what shows only over real connections, in the log, or when it is killed.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    client::post_head,
    service::{Service, TIMEOUT, command},
};

/// The program that is tested.
pub(crate) const PROGRAM: &str = env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")));

impl Service {
    /// Starts it with these variables in this folder, and waits until it is ready. On a busy machine, the database may
    /// take longer than the short timeouts of a test; then it is started again.
    pub(crate) fn start(variables: &[(&str, &str)], folder: &Path) -> Self {
        let mut service = Self::spawn(variables, folder);
        for _ in 0..2 {
            if service.become_ready() {
                return service;
            }
            if !service
                .log
                .iter()
                .any(|line| line.contains("no response in time"))
            {
                break;
            }
            service = Self::spawn(variables, folder);
        }

        service.wait_until_ready();
        service
    }

    /// Starts it on an in-memory store, with these variables besides, in a folder of its own.
    pub(crate) fn in_memory(variables: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let variables = [&[("DATABASE_URL", "memory:")], variables].concat();

        Self::start(&variables, folder.path()).keep_folder(folder)
    }

    /// Starts it without waiting for anything.
    pub(crate) fn spawn(variables: &[(&str, &str)], folder: &Path) -> Self {
        Self::from_child(spawn(&[], variables, folder))
    }

    /// Starts it from a shell that has executed `setup`, such as `ulimit -n 100`, and waits until it is ready.
    pub(crate) fn start_after(setup: &str, variables: &[(&str, &str)], folder: &Path) -> Self {
        let arguments = ["-c", &format!("{setup} && exec \"$0\""), PROGRAM];
        let child = command(Path::new("/bin/sh"), &arguments, variables, folder).spawn();

        let mut service = Self::from_child(child.expect("a shell"));
        service.wait_until_ready();
        service
    }

    /// Waits for the next log line that contains `part`, and returns it.
    pub(crate) fn wait_for_log(&mut self, part: &str) -> String {
        let line = self.find_log(part);
        line.unwrap_or_else(|| panic!("no line contains {part:?} in the log:\n{}", self.log.join("\n")))
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        send_signal(&self.child, name);
    }

    /// Sends these bytes over a connection of their own. Returns everything up to the end of the connection.
    pub(crate) fn exchange(&self, request: &[u8]) -> String {
        exchange(self.address, request)
    }

    /// The whole response to a GET, header and body.
    pub(crate) fn get(&self, path: &str) -> String {
        let host = self.address;
        self.exchange(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
    }

    /// The whole response to a request that creates an item from this body.
    pub(crate) fn post(&self, body: &str) -> String {
        self.post_with("", body)
    }

    /// As [`post`](Self::post), with further header lines, each ended by `\r\n`.
    pub(crate) fn post_with(&self, lines: &str, body: &str) -> String {
        let head = post_head(body.len());
        let head = head.trim_end_matches("\r\n");

        self.exchange(format!("{head}\r\nConnection: close\r\n{lines}\r\n{body}").as_bytes())
    }

    /// The value of a metric without labels.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics");
        let value = metrics
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));

        value
            .and_then(|value| value.parse().ok())
            .unwrap_or_else(|| panic!("no {name} in {metrics}"))
    }
}

/// Sends a signal, such as `TERM`, to a process.
pub(crate) fn send_signal(process: &Child, name: &str) {
    // The shell's builtin: slim machines have no program called kill.
    let status = Command::new("sh")
        .args(["-c", &format!("kill -s {name} {}", process.id())])
        .status();

    assert!(status.expect("a shell").success());
}

/// Sends these bytes to this address. Returns everything up to the end of the connection.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    stream.write_all(request).expect("the request is sent");

    let mut response = Vec::new();
    stream.read_to_end(&mut response).expect("a response in time");
    String::from_utf8(response).expect("UTF-8")
}

/// Runs the program to its end. Returns its exit code, standard output and standard error.
pub(crate) fn run(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> (i32, String, String) {
    run_with_input(arguments, variables, folder, "")
}

pub(crate) fn run_with_input(
    arguments: &[&str],
    variables: &[(&str, &str)],
    folder: &Path,
    input: &str,
) -> (i32, String, String) {
    let mut child = spawn(arguments, variables, folder);
    let mut stdin = child.stdin.take().expect("a piped standard input");
    stdin.write_all(input.as_bytes()).expect("the input is read");
    drop(stdin);

    let output = child.wait_with_output().expect("its output");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Polls until this holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();

    while !holds() {
        assert!(started.elapsed() < TIMEOUT, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn spawn(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> Child {
    command(Path::new(PROGRAM), arguments, variables, folder)
        .spawn()
        .expect("the program starts")
}

/// Prints what a test measured, for `--nocapture`.
#[expect(clippy::print_stdout, reason = "measurements, for --nocapture")]
pub(crate) fn report(measured: &str) {
    println!("{measured}");
}
