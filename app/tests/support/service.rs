//! A started program: its process, its address and its log.
//!
//! It needs `std` and `tempfile` alone, and gets the path of the program from its caller, so the system tests include
//! this file as well.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long a test waits for something that is to happen. Slow machines need much less; only failing tests reach it.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A started program, which is killed when this is dropped.
pub(crate) struct Service {
    pub(crate) child: Child,
    /// Where it listens; known once [`wait_until_ready`](Self::wait_until_ready) returned.
    pub(crate) address: SocketAddr,
    /// The log lines that were read so far.
    pub(crate) log: Vec<String>,
    lines: mpsc::Receiver<String>,
    folder: Option<TempDir>,
}

impl Service {
    /// Takes over a process whose standard error is piped.
    pub(crate) fn from_child(mut child: Child) -> Self {
        let stderr = child.stderr.take().expect("a piped standard error");
        let (sender, lines) = mpsc::channel();

        // Reads to the end, even when nothing receives the lines any more: a full pipe would block the program.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });

        Self {
            child,
            address: ([127, 0, 0, 1], 0).into(),
            log: Vec::new(),
            lines,
            folder: None,
        }
    }

    /// Keeps the folder, such as the program's working directory, until this is dropped.
    pub(crate) fn keep_folder(mut self, folder: TempDir) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Waits until it listens, and learns its address from the log.
    pub(crate) fn wait_until_ready(&mut self) {
        assert!(self.become_ready(), "it did not start:\n{}", self.log.join("\n"));
    }

    /// As [`wait_until_ready`](Self::wait_until_ready), but returns whether it listens.
    pub(super) fn become_ready(&mut self) -> bool {
        let Some(line) = self.find_log("serving http://") else {
            return false;
        };
        let address = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());

        self.address = address
            .and_then(|address| address.parse().ok())
            .expect("an address in the log");
        true
    }

    /// The next log line that contains `part`; `None` if the log ends before, or after [`TIMEOUT`].
    pub(super) fn find_log(&mut self, part: &str) -> Option<String> {
        let deadline = Instant::now() + TIMEOUT;

        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).ok()?;

            self.log.push(line.clone());
            if line.contains(part) {
                return Some(line);
            }
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program with these arguments, in this folder. It listens on a free port, and its environment holds these
/// variables and no others.
pub(crate) fn command(
    program: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
    folder: &Path,
) -> Command {
    let mut command = Command::new(program);

    command
        .args(arguments)
        .env_clear()
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .envs(variables.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
