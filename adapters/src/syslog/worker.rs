//! The thread that empties the queue.

use std::{
    collections::VecDeque,
    io::ErrorKind,
    mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    QUEUED_LINES, Server,
    message::{Line, Messages},
    transport::{Broken, Transport},
};

/// How many lines are sent by one call to the system, where the protocol allows it.
const BATCH: usize = 256;

/// How long lines gather when there are few. To wake this thread for each would cost whoever logs more than the push.
const GATHER: Duration = Duration::from_millis(5);

/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A warning goes to the server too, so one that comes and goes must not draw a warning each time.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

pub(super) struct Worker {
    lines: Receiver<Option<Line>>,
    /// Gets the time by which to end, once.
    close: Receiver<Instant>,
    deadline: Option<Instant>,
    dropped: Arc<AtomicU64>,
    messages: Messages,
    transport: Transport,
    /// Since the server was last known to be well.
    failures: u32,
    warned_at: Option<Instant>,
    /// Whether the last word on the server was a warning.
    warned: bool,
}

impl Worker {
    pub(super) fn new(
        server: Server,
        lines: Receiver<Option<Line>>,
        close: Receiver<Instant>,
        dropped: Arc<AtomicU64>,
    ) -> Self {
        let messages = Messages::new(server.protocol);
        let transport = Transport::new(server);
        let (deadline, warned_at) = (None, None);
        Self {
            lines,
            close,
            deadline,
            dropped,
            messages,
            transport,
            failures: 0,
            warned_at,
            warned: false,
        }
    }

    /// Returns when it was told to, and there are no more lines or no more time.
    pub(super) fn run(mut self) {
        let mut batch = VecDeque::with_capacity(BATCH);
        while let Some(line) = self.next() {
            let more = self.lines.try_iter().take(BATCH - 1).flatten();
            batch.extend(
                std::iter::once(line)
                    .chain(more)
                    .map(|line| self.messages.encode(&line)),
            );
            let full = batch.len() == BATCH;
            self.deliver(&mut batch);
            self.count(batch.drain(..).count());
            if !full {
                thread::sleep(GATHER);
            }
        }
        self.count(self.lines.try_iter().flatten().count());
    }

    fn next(&mut self) -> Option<Line> {
        match self.deadline_within(Duration::ZERO) {
            None => self.lines.recv().ok().flatten(),
            Some(deadline) if Instant::now() < deadline => {
                // Whoever woke this thread left an empty entry, perhaps before lines of others.
                self.lines.try_iter().flatten().next()
            }
            Some(_) => None,
        }
    }

    /// Sends the batch from its front, however long it takes. What is left at the end is what there was no time for.
    fn deliver(&mut self, batch: &mut VecDeque<Vec<u8>>) {
        while !batch.is_empty() {
            match self.transport.send(batch) {
                Ok(true) => self.recovered(),
                // One write to a new connection proves nothing: it succeeds also when the other side has just closed.
                Ok(false) => {}
                // Slow is not broken: what the server has not taken yet waits here, and is not sent again.
                Err(Broken { error, .. }) if error.kind() == ErrorKind::WouldBlock => {}
                Err(broken) => self.failed(&broken),
            }
            if self
                .deadline_within(Duration::ZERO)
                .is_some_and(|deadline| Instant::now() >= deadline)
            {
                return;
            }
        }
    }

    fn recovered(&mut self) {
        self.failures = 0;
        if mem::take(&mut self.warned) {
            let dropped = self.dropped.load(Ordering::Relaxed);
            tracing::info!(
                dropped,
                "the syslog server {} takes lines again",
                self.transport.server()
            );
        }
    }

    fn failed(&mut self, broken: &Broken) {
        self.count(broken.lost);
        if !self.warned && self.warned_at.is_none_or(|at| at.elapsed() > BETWEEN_WARNINGS) {
            (self.warned, self.warned_at) = (true, Some(Instant::now()));
            tracing::warn!(
                "the syslog server {} does not take lines: {}; up to {QUEUED_LINES} wait for it, the rest is dropped",
                self.transport.server(),
                broken.error,
            );
        }
        let pause = FIRST_PAUSE
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        if self.deadline_within(pause).is_some() {
            // Tries go on to the end, but at the end there is no time for long pauses.
            thread::sleep(FIRST_PAUSE);
        }
    }

    /// By when to end, if this is known now or within this time.
    fn deadline_within(&mut self, time: Duration) -> Option<Instant> {
        if self.deadline.is_none() {
            self.deadline = match self.close.recv_timeout(time) {
                Ok(deadline) => Some(deadline),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => Some(Instant::now()),
            };
        }
        self.deadline
    }

    fn count(&self, lines: usize) {
        self.dropped.fetch_add(lines as u64, Ordering::Relaxed);
    }
}
