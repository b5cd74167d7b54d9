//! TCP: frames arrive whole and once, whatever the receiver does.

use std::{collections::HashSet, thread, time::Duration};

use adapters::syslog::{Protocol::Tcp, Syslog};

use crate::{
    receiver::Receiver,
    support::{eventually, line, start, text_of},
};

/// Longer than the time-outs of two writes: one that writes a part, and one that writes nothing.
const STALL: Duration = Duration::from_secs(2);

/// Sends numbered lines of about this length.
fn send(syslog: &Syslog, numbers: std::ops::Range<usize>, length: usize) {
    numbers.for_each(|n| syslog.send(line(&format!("{n} {}", "\u{E9}".repeat(length / 2)))));
}

fn number(message: &str) -> usize {
    text_of(message)
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a numbered line")
}

fn numbers(messages: &[String]) -> Vec<usize> {
    messages.iter().map(|message| number(message)).collect()
}

#[test]
fn lines_of_concurrent_threads_arrive_once_and_whole() {
    let receiver = Receiver::start();
    let (syslog, guard) = start(Tcp, receiver.port());

    thread::scope(|scope| {
        for from in [0, 1000, 2000, 3000] {
            let syslog = syslog.clone();
            scope.spawn(move || send(&syslog, from..from + 1000, from / 10));
        }
    });
    let connection = receiver.accept();
    let reader = thread::spawn(|| connection.frames());
    drop(guard);
    let messages = reader.join().expect("the frames");

    assert!(
        messages
            .iter()
            .all(|message| message.starts_with("<14>1 2026-11-22T11:17:00.123000Z "))
    );
    let distinct: HashSet<_> = numbers(&messages).into_iter().collect();
    assert_eq!(
        (messages.len(), distinct.len(), syslog.dropped()),
        (4000, 4000, 0)
    );
}

#[test]
fn long_message_is_truncated_between_characters() {
    let receiver = Receiver::start();
    let (syslog, _guard) = start(Tcp, receiver.port());
    let text = "\u{1F600}".repeat(5000);
    for offset in 0..4 {
        syslog.send(line(&("x".repeat(offset) + &text)));
    }

    let mut connection = receiver.accept();
    let mut lengths: Vec<_> = (0..4)
        .map(|_| connection.frame().expect("a frame").len())
        .collect();

    lengths.sort_unstable();
    assert_eq!(lengths, [7997, 7998, 7999, 8000]);
}

#[test]
fn nothing_is_lost_when_the_receiver_closes_after_reading_everything() {
    let receiver = Receiver::start();
    let (syslog, guard) = start(Tcp, receiver.port());

    for round in 0..3 {
        send(&syslog, round * 10..round * 10 + 10, 20);
        let mut connection = receiver.accept();
        for n in 0..10 {
            assert_eq!(number(&connection.frame().expect("a frame")), round * 10 + n);
        }
        // Dropping the connection closes it in order. The sender must notice before it writes: its next write would
        // succeed, and the lines be lost.
    }

    drop(guard);
    assert_eq!(syslog.dropped(), 0);
}

#[test]
fn frame_written_in_part_is_sent_whole_on_the_next_connection() {
    const LINES: usize = 2000;
    let receiver = Receiver::start();
    let (syslog, guard) = start(Tcp, receiver.port());
    send(&syslog, 0..LINES, 7000);

    let mut first = receiver.accept();
    // The system buffers far less than what is left, so the last frame it accepted is incomplete.
    let before: Vec<_> = (0..100)
        .map(|_| number(&first.frame().expect("a frame")))
        .collect();
    drop(first);

    let second = receiver.accept();
    let reader = thread::spawn(|| second.frames());
    drop(guard);
    let after = numbers(&reader.join().expect("the frames"));

    assert_eq!(before, (0..100).collect::<Vec<_>>());
    assert_eq!(
        after,
        (after[0]..LINES).collect::<Vec<_>>(),
        "whole frames, in order, up to the last"
    );
    assert!(after[0] >= 100, "no line arrives twice");
}

#[test]
fn stalled_receiver_does_not_block_and_resumes_on_the_same_connection() {
    const LINES: usize = 60_000;
    let receiver = Receiver::start();
    let (syslog, guard) = start(Tcp, receiver.port());
    send(&syslog, 0..1, 200);
    let connection = receiver.accept();

    send(&syslog, 1..LINES, 200);
    eventually("the queue is full", || syslog.dropped() > 0);
    thread::sleep(STALL);

    let reader = thread::spawn(|| connection.frames());
    drop(guard);
    let messages = reader.join().expect("the frames");

    let distinct: HashSet<_> = numbers(&messages).into_iter().collect();
    assert_eq!(distinct.len(), messages.len(), "no line arrives twice");
    assert_eq!(messages.len() as u64 + syslog.dropped(), LINES as u64);
}
