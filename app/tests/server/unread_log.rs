//! Nobody reads the output of the service, which is standard output and standard error in one, as of a stalled journald.

use std::{
    io::{BufRead, BufReader, PipeReader, Read, pipe},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ExitStatus},
};

use tempfile::TempDir;

use crate::support::{PROGRAM, client::Client, command, example::COLLECTION, send_signal, wait_until};

/// More lines than the pipe and the queue of the log hold.
const REQUESTS: usize = 8_000;

/// A service whose output is full.
struct Unread {
    child: Child,
    address: SocketAddr,
    output: PipeReader,
}

impl Unread {
    fn start(folder: &Path) -> Self {
        let (reader, output) = pipe().expect("a pipe");
        let mut program = command(Path::new(PROGRAM), &[], &[("DATABASE_URL", "memory:")], folder);
        program.stdout(output.try_clone().expect("a descriptor"));
        let child = program.stderr(output).spawn().expect("the program");
        // It has the other end of the pipe as well.
        drop(program);

        let mut lines = BufReader::new(&reader).lines();
        let address = lines.find_map(|line| {
            let line = line.expect("a line");
            let (_, url) = line.split_once("serving http://")?;
            url.split(' ').next()?.parse().ok()
        });
        let service = Self {
            child,
            address: address.expect("the address"),
            output: reader,
        };

        let mut client = Client::connect(service.address).expect("a connection");
        for _ in 0..REQUESTS {
            assert_eq!(client.get(COLLECTION).expect("a response").status, 200);
        }
        service
    }

    fn wait_for_exit(&mut self) -> ExitStatus {
        wait_until("the service has ended", || {
            self.child.try_wait().expect("a status").is_some()
        });
        self.child.wait().expect("the status")
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn service_ends_although_its_log_cannot_be_written() {
    let folder = TempDir::new().expect("a folder");
    let mut service = Unread::start(folder.path());

    send_signal(&service.child, "TERM");

    assert!(service.wait_for_exit().success());
    let mut rest = Vec::new();
    service.output.read_to_end(&mut rest).expect("what was written");
    let rest = String::from_utf8(rest).expect("UTF-8");
    // The appender's own report of a full queue goes to standard output, in the middle of a line, or waits for ever.
    assert!(!rest.contains("shutdown signal"), "{rest}");
}

#[test]
fn second_signal_ends_a_service_that_cannot_write_its_log() {
    let folder = TempDir::new().expect("a folder");
    let mut service = Unread::start(folder.path());

    send_signal(&service.child, "TERM");
    wait_until("the service no longer listens", || {
        TcpStream::connect(service.address).is_err()
    });
    send_signal(&service.child, "INT");

    assert_eq!(service.wait_for_exit().code(), Some(130));
}
