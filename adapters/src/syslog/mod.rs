//! Log lines for a syslog server: RFC 5424 messages over UDP (RFC 5426) or octet-counted over TCP (RFC 6587).
//!
//! Logging a line costs the caller a push to a bounded queue, and nothing else. A dedicated thread formats, connects
//! and sends. While the server is slow or unreachable, that thread waits and lines queue. A line that finds the queue
//! full is dropped and counted.
//!
//! # What is lost without being counted
//! Syslog has no acknowledgement, so a sender cannot know everything that did not arrive.
//! - Over UDP: every datagram that the network or a busy receiver loses. Only a host that reports that the port is
//!   closed is noticed: lines then wait in the queue.
//! - Over TCP: every line that was written to a connection and that the receiver had not read when it crashed, closed
//!   the connection or became unreachable. Their number cannot be determined. A closed connection is noticed before
//!   the next write, and the send buffer is small, so that usually few lines or none are lost. A receiver that vanishes
//!   in silence loses up to 30 seconds of lines, and no more than the system's buffers hold.

mod backoff;
mod error;
mod message;
mod server;
mod tcp;
mod transport;
mod udp;
mod worker;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

pub use message::{Line, STRUCTURED_DATA_ID};
pub use server::{Protocol, Server};
use worker::{MAX_QUEUED_LINES, Worker};

/// How long [`Guard`] waits for the queue to be sent.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The queue of lines for a syslog server. Clones share the queue.
#[derive(Debug, Clone)]
pub struct Syslog {
    /// `None` wakes the worker.
    queue: SyncSender<Option<Line>>,
    dropped: Arc<AtomicU64>,
}

impl Syslog {
    /// Starts the thread that sends to this server, as the program of this name (the APP-NAME of RFC 5424, at most 48
    /// printable ASCII characters). Returns at once: the server need not be reachable, now or ever.
    #[must_use = "dropping the guard stops sending"]
    pub fn start(program: &str, server: Server) -> (Self, Guard) {
        let (queue, lines) = sync_channel(MAX_QUEUED_LINES);
        let (shutdown, shutdown_deadline) = channel();
        let (stopped_sender, stopped) = channel();
        let syslog = Self {
            queue,
            dropped: Arc::default(),
        };

        let worker = Worker::new(
            program,
            server,
            lines,
            shutdown_deadline,
            Arc::clone(&syslog.dropped),
        );
        let run = move || {
            let _stopped_when_dropped = stopped_sender;
            worker.run();
        };
        // A system without a free thread must not keep the service from starting: the queue then has no receiver, and
        // every line counts as dropped.
        let _ = thread::Builder::new().name("syslog".to_owned()).spawn(run);

        let guard = Guard {
            syslog: syslog.clone(),
            shutdown,
            stopped,
        };
        (syslog, guard)
    }

    /// Queues a line. Never blocks: when the queue is full, the line is dropped and counted.
    pub fn send(&self, line: Line) {
        if self.queue.try_send(Some(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The number of lines dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Stops sending when dropped: queued lines are sent within 2 seconds, or counted as dropped.
#[derive(Debug)]
pub struct Guard {
    syslog: Syslog,
    shutdown: Sender<Instant>,
    stopped: Receiver<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.shutdown.send(Instant::now() + FLUSH_TIMEOUT);
        // Wakes a worker that waits for lines. One whose queue is full is awake.
        let _ = self.syslog.queue.try_send(None);
        // The worker keeps its deadline; only the system's resolver can block it for longer.
        let _ = self
            .stopped
            .recv_timeout(FLUSH_TIMEOUT + Duration::from_millis(200));
    }
}
