//! The adapter against a real receiver: a temporary rsyslog, started by each test.

mod process;

use std::{collections::HashSet, thread, time::Duration};

use adapters::syslog::{
    Line,
    Protocol::{self, Tcp, Udp},
    STRUCTURED_DATA_ID, Syslog,
};

use crate::support::{PROGRAM, eventually, line, start};
use process::Rsyslog;

/// A text with every kind of character, which ends with its number.
fn text(n: usize) -> String {
    format!(
        "access: route=/items/ \u{1b}[31m\nümlaut \u{1F600} {} {n}",
        "x".repeat(n % 17 * 100)
    )
}

fn number(received: &str) -> usize {
    received
        .rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a numbered line")
}

fn send(syslog: &Syslog, numbers: std::ops::Range<usize>) {
    for n in numbers {
        syslog.send(Line {
            request_id: Some(format!("id-{n}").into()),
            ..line(&text(n))
        });
    }
}

/// Asserts that this number of different lines was received, each once and whole.
fn assert_whole(received: &[String], lines: usize) {
    let distinct: HashSet<_> = received.iter().map(|line| number(line)).collect();
    assert_eq!((received.len(), distinct.len()), (lines, lines), "each line once");

    let process = std::process::id();
    for line in received {
        let n = number(line);

        let fields: Vec<_> = line.splitn(7, '|').collect();
        let [priority, time, host, app, id, data, message] = fields[..] else {
            panic!("{line}")
        };
        assert_eq!((priority, app, id), ("14", PROGRAM, &*process.to_string()));
        assert!(
            time.starts_with("2026-11-22T11:17:00.123") && !host.is_empty(),
            "{line}"
        );
        assert_eq!(data, format!("[{STRUCTURED_DATA_ID} request_id=\"id-{n}\"]"));
        assert_eq!(message, text(n).replace('\u{1b}', r"\u{1b}").replace('\n', r"\n"));
    }
}

#[test]
fn every_line_arrives_once_and_whole() {
    for protocol in [Tcp, Udp] {
        let rsyslog = Rsyslog::start();
        let (syslog, guard) = start(protocol, rsyslog.port);

        // Each round is no more than the kernel buffers for a receiver of datagrams.
        for round in 0..50 {
            let from = round * 60;
            thread::scope(|scope| {
                for part in (from..from + 60).step_by(15) {
                    let syslog = &syslog;
                    scope.spawn(move || send(syslog, part..part + 15));
                }
            });
            eventually("the round arrives", || rsyslog.received().len() >= from + 60);
        }

        drop(guard);
        assert_whole(&rsyslog.received(), 3000);
        assert_eq!(syslog.dropped(), 0, "{protocol:?}");
    }
}

/// Lines sent before, during and after a restart all arrive.
fn assert_restart_loses_nothing(protocol: Protocol) {
    let mut rsyslog = Rsyslog::start();
    let (syslog, guard) = start(protocol, rsyslog.port);

    for round in 0..3 {
        let from = round * 60;
        send(&syslog, from..from + 30);
        eventually("lines arrive", || rsyslog.received().len() >= from + 30);

        rsyslog.stop();
        send(&syslog, from + 30..from + 60);
        rsyslog.restart();
        eventually("queued lines arrive", || rsyslog.received().len() >= from + 60);
    }

    drop(guard);
    assert_whole(&rsyslog.received(), 180);
    assert_eq!(syslog.dropped(), 0);
}

#[test]
fn lines_sent_during_a_restart_arrive_over_tcp() {
    assert_restart_loses_nothing(Tcp);
}

#[test]
fn lines_sent_during_a_restart_arrive_over_udp() {
    assert_restart_loses_nothing(Udp);
}

/// Sender and receiver are not synchronised here: the receiver restarts twice while lines are on their way.
#[test]
fn restart_under_load_loses_few_lines_and_duplicates_none() {
    const LINES: usize = 3000;
    let mut rsyslog = Rsyslog::start();
    let (syslog, guard) = start(Tcp, rsyslog.port);

    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            for n in (0..LINES).step_by(10) {
                send(&syslog, n..n + 10);
                thread::sleep(Duration::from_millis(5));
            }
        });

        for stop_after in [LINES / 4, LINES / 2] {
            let has_reached = |n: usize| rsyslog.received().last().is_some_and(|last| number(last) >= n);
            eventually("lines arrive", || has_reached(stop_after));
            rsyslog.stop();
            rsyslog.restart();
        }

        sender.join().expect("the sender");
    });

    eventually("the last line arrives", || {
        rsyslog
            .received()
            .last()
            .is_some_and(|last| number(last) == LINES - 1)
    });
    drop(guard);

    let received = rsyslog.received();
    assert_whole(&received, received.len());
    // Lines that rsyslog's system had received and rsyslog had not read when it stopped are lost: usually none.
    assert!(
        received.len() >= LINES - 100,
        "received {} of {LINES}",
        received.len()
    );
    assert_eq!(syslog.dropped(), 0, "the queue was never full");
}
