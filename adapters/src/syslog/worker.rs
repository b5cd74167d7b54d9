//! The thread that sends queued lines.

use std::{
    collections::VecDeque,
    iter,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    backoff::{Backoff, INITIAL_DELAY},
    error::SendError,
    message::{Encoder, Line},
    server::Server,
    transport::Transport,
};

/// How many lines can wait for the server; at a few hundred bytes each, some megabytes.
pub(super) const MAX_QUEUED_LINES: usize = 16_384;

/// How many lines are sent with one system call, where the protocol allows it.
const MAX_BATCH_SIZE: usize = 256;

/// How long lines accumulate when there are few. Waking this thread for each line would cost the caller more than the
/// push to the queue.
const BATCH_DELAY: Duration = Duration::from_millis(5);

pub(super) struct Worker {
    lines: Receiver<Option<Line>>,
    /// Receives the deadline once, when shutdown begins.
    shutdown: Receiver<Instant>,
    deadline: Option<Instant>,
    dropped: Arc<AtomicU64>,
    encoder: Encoder,
    transport: Transport,
    backoff: Backoff,
}

impl Worker {
    pub(super) fn new(
        program: &str,
        server: Server,
        lines: Receiver<Option<Line>>,
        shutdown: Receiver<Instant>,
        dropped: Arc<AtomicU64>,
    ) -> Self {
        Self {
            lines,
            shutdown,
            deadline: None,
            dropped,
            encoder: Encoder::new(program, server.protocol),
            transport: Transport::new(server),
            backoff: Backoff::default(),
        }
    }

    /// Sends lines until shutdown begins, and then until the queue is empty or the deadline has passed. Lines that remain
    /// are counted as dropped.
    pub(super) fn run(mut self) {
        let mut batch = VecDeque::with_capacity(MAX_BATCH_SIZE);

        while let Some(first) = self.next_line() {
            let more = self.lines.try_iter().take(MAX_BATCH_SIZE - 1).flatten();
            batch.extend(
                iter::once(first)
                    .chain(more)
                    .map(|line| self.encoder.encode(&line)),
            );
            let is_full = batch.len() == MAX_BATCH_SIZE;

            self.deliver(&mut batch);
            self.count_dropped(batch.drain(..).count());

            if !is_full {
                thread::sleep(BATCH_DELAY);
            }
        }

        self.count_dropped(self.lines.try_iter().flatten().count());
    }

    /// Waits for a line. `None` ends the thread.
    fn next_line(&mut self) -> Option<Line> {
        match self.deadline_within(Duration::ZERO) {
            // The empty entry of the guard ends the wait; it is followed by a shutdown.
            None => match self.lines.recv().ok()? {
                Some(line) => Some(line),
                None => self.next_line(),
            },
            // Other threads may have queued lines behind the guard's empty entry.
            Some(deadline) if Instant::now() < deadline => self.lines.try_iter().flatten().next(),
            Some(_) => None,
        }
    }

    /// Sends the batch from its front, for as long as it takes. Returns early only when the deadline has passed.
    fn deliver(&mut self, batch: &mut VecDeque<Vec<u8>>) {
        while !batch.is_empty() {
            match self.transport.send(batch) {
                Ok(true) => self.recovered(),
                // The first write to a new connection proves nothing: it succeeds even when the server has just closed.
                Ok(false) => {}
                // Slow is not broken: the rest of the batch waits here, and nothing is sent twice.
                Err(error) if error.would_block() => {}
                Err(error) => self.failed(&error),
            }

            let deadline = self.deadline_within(Duration::ZERO);
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return;
            }
        }
    }

    fn recovered(&mut self) {
        if self.backoff.recovered() {
            let dropped = self.dropped.load(Ordering::Relaxed);
            tracing::info!(
                dropped,
                "the syslog server {} receives lines again",
                self.transport.server()
            );
        }
    }

    fn failed(&mut self, error: &SendError) {
        self.count_dropped(error.lost);
        if self.backoff.should_warn() {
            tracing::warn!(
                "cannot send to the syslog server {}: {}; up to {MAX_QUEUED_LINES} lines are queued, further ones are \
                 dropped",
                self.transport.server(),
                error.source,
            );
        }

        let delay = self.backoff.record_failure();
        if self.deadline_within(delay).is_some() {
            // Attempts go on until the deadline, which leaves no time for a long delay.
            thread::sleep(INITIAL_DELAY);
        }
    }

    /// The shutdown deadline, if shutdown has begun or begins within this time.
    fn deadline_within(&mut self, time: Duration) -> Option<Instant> {
        if self.deadline.is_none() {
            self.deadline = match self.shutdown.recv_timeout(time) {
                Ok(deadline) => Some(deadline),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Instant::now()),
            };
        }

        self.deadline
    }

    fn count_dropped(&self, lines: usize) {
        self.dropped.fetch_add(lines as u64, Ordering::Relaxed);
    }
}
