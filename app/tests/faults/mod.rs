//! What holds when things break: the database is killed, stopped or frozen, the service is killed, many start at once.
//! Real processes, and a load of requests while it happens.

mod postgres;

mod killed;
mod many;
mod retries;
mod schema;
mod stalled;

mod load;

use std::time::{Duration, Instant};

use load::ask;

use crate::{
    support::client::Answer,
    support::{PATIENCE, Running},
};

/// Short deadlines, so that an outage is an outage soon: a connection within 1 s, an answer within 2 s, all within 4 s.
const DEADLINES: [(&str, &str); 3] = [
    ("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1"),
    ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "2"),
    ("REQUEST_TIMEOUT_SECONDS", "4"),
];

/// Within this an answer is in time: the deadline of the request, and half a second for a busy machine.
const IN_TIME: Duration = Duration::from_millis(4500);

/// Waits until this holds.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn get(service: &Running, path: &str) -> Answer {
    ask(service.address, "GET", path, "").expect("an answer")
}

/// The service says that it cannot work, and that it lives.
fn reports_an_outage(service: &Running) {
    let health = get(service, "/healthcheck/");
    assert_eq!(
        (health.status, &*health.body),
        (503, r#"{"status":"nok","db":{"status":"nok"}}"#)
    );
    assert_eq!(get(service, "/livez").status, 200);
}

/// An answer that may be given during an outage: problem details that say when to come again.
fn is_an_outage(answer: &Answer) -> bool {
    answer.status == 503
        && answer
            .head
            .contains("\r\ncontent-type: application/problem+json\r\n")
        && answer.head.contains("\r\nretry-after: 1\r\n")
}

/// What a test measured, for `--nocapture`.
#[expect(clippy::print_stdout, reason = "figures for who wants to see them")]
fn tell(figures: &str) {
    println!("{figures}");
}
