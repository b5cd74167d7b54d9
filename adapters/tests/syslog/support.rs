//! What the tests stand on.

use std::{
    thread,
    time::{Duration, Instant},
};

use adapters::syslog::{Guard, Line, Protocol, Server, Syslog};
use domain::{Clock, testing::FixedClock};
use tracing::Level;

/// Longer than anything here takes on a slow machine; only a failing test ever waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Sends to a port of this machine.
pub(crate) fn start(protocol: Protocol, port: u16) -> (Syslog, Guard) {
    Syslog::start(Server { host: "127.0.0.1".to_owned(), port, protocol })
}

/// 2026-11-22T11:17:00.123Z, `INFO`, of no request.
pub(crate) fn line(text: &str) -> Line {
    let time = FixedClock::at_millis(1_795_346_220_123).now();
    Line { time, level: Level::INFO, request_id: None, text: text.to_owned() }
}

/// Looks again and again, until this is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "it never came that {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The text of a message without structured data.
pub(crate) fn text_of(message: &str) -> &str {
    message.split_once(" 0 - ").expect("a message without structured data").1
}
