//! Requests without a pause, for tests in which none may fail.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use super::{client::Client, example::COLLECTION};

/// Sends requests until `done`, on one connection as long as it stays open. Returns the number of successful responses,
/// and the failures.
pub(crate) fn send_until(
    done: &AtomicBool,
    connect: impl Fn() -> io::Result<Client>,
) -> (usize, Vec<String>) {
    let (mut successes, mut failures, mut client) = (0, Vec::new(), None);

    while !done.load(Relaxed) {
        let mut send = || {
            let client = match &mut client {
                Some(client) => client,
                none => none.insert(connect()?),
            };
            if successes % 4 == 0 {
                client.post("rolling")
            } else {
                client.get(&format!("{COLLECTION}?limit=2"))
            }
        };

        match send() {
            Ok(response) if response.status < 300 => {
                successes += 1;
                if response.closes() {
                    client = None;
                }
            }
            other => {
                failures.push(format!("{other:?}"));
                client = None;
            }
        }
    }

    (successes, failures)
}
