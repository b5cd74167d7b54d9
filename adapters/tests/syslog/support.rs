//! What the tests share.

use std::{
    net::{TcpListener, UdpSocket},
    process,
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

use adapters::syslog::{Guard, Line, Protocol, Server, Syslog};
use domain::{Clock, testing::FixedClock};
use tracing::Level;

/// Longer than any step takes on a slow machine, so that only a failing test waits for it.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// The name of the program that sends.
pub(crate) const PROGRAM: &str = "some-program";

/// A server on this machine.
pub(crate) fn local_server(protocol: Protocol, port: u16) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port,
        protocol,
    }
}

/// Starts sending to a port of this machine.
pub(crate) fn start(protocol: Protocol, port: u16) -> (Syslog, Guard) {
    Syslog::start(PROGRAM, local_server(protocol, port))
}

/// A free port that can be closed and reopened: the system assigns only higher ones to other sockets.
pub(crate) fn reusable_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);

    let first = process::id() * 97 % 20_000;
    let candidates = std::iter::repeat_with(|| {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        u16::try_from(10_000 + (first + step) % 20_000).expect("a port")
    });
    let is_free = |port: &u16| {
        TcpListener::bind(("127.0.0.1", *port)).is_ok() && UdpSocket::bind(("127.0.0.1", *port)).is_ok()
    };

    candidates.take(1000).find(is_free).expect("a free port")
}

/// A line at `INFO`, at 2026-11-22T11:17:00.123Z, without a request.
pub(crate) fn line(text: &str) -> Line {
    let time = FixedClock::at_millis(1_795_346_220_123).now();
    Line {
        time,
        level: Level::INFO,
        request_id: None,
        span: None,
        text: text.to_owned(),
    }
}

/// Polls until the condition holds.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < TIMEOUT, "timed out waiting until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The text of a message without structured data.
pub(crate) fn text_of(message: &str) -> &str {
    message
        .split_once(" 0 - ")
        .expect("a message without structured data")
        .1
}
