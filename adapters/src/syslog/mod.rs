//! Log lines for a syslog server: RFC 5424 messages over UDP (RFC 5426) or octet-counted over TCP (RFC 6587).
//!
//! Whoever logs pays for a push to a bounded queue and nothing else. A thread of its own formats, connects and sends;
//! it waits for a server that is slow or away, while further lines queue. What finds the queue full is dropped, and
//! every dropped line is counted.
//!
//! # What is lost without being counted
//! Syslog has no acknowledgement, so nobody knows all that did not arrive.
//! - Over UDP, every datagram that the network or a full receiver loses. A host that says that nobody listens is
//!   believed, and lines wait.
//! - Over TCP, lines that the receiver's system had taken and the receiver had not read when it died, but for those of
//!   the last write, which are counted. A receiver that closes in order has read all.
//! - A host that is silent for 30 seconds loses what was on its way to it. These lines are counted as well as can be.

mod message;
mod worker;
mod tcp;
mod transport;
mod udp;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

pub use message::Line;
use worker::Worker;

/// How many lines may wait for the server; at a few hundred bytes each, some megabytes.
const QUEUED_LINES: usize = 16_384;

/// How long [`Guard`] lets the queue empty itself.
const FLUSH: Duration = Duration::from_secs(2);

/// Where a syslog server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A host name, resolved anew for every connection, or an address.
    pub host: String,
    /// The port; 514 is the usual one.
    pub port: u16,
    /// How it is spoken to.
    pub protocol: Protocol,
}

/// What carries the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// A datagram a line, cut at 2048 bytes.
    Udp,
    /// Octet-counted frames, cut at 8000 bytes.
    Tcp,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Udp => "UDP",
            Protocol::Tcp => "TCP",
        };
        write!(f, "{} port {} ({protocol})", self.host, self.port)
    }
}

/// Takes lines for the server. A clone feeds the same queue.
#[derive(Debug, Clone)]
pub struct Syslog {
    queue: SyncSender<Option<Line>>,
    dropped: Arc<AtomicU64>,
}

impl Syslog {
    /// Starts a thread that sends to this server. Nothing is waited for: the server need not be there, now or ever.
    #[must_use = "dropping the guard ends the sending"]
    pub fn start(server: Server) -> (Self, Guard) {
        let (queue, lines) = sync_channel(QUEUED_LINES);
        let (closing, close) = channel();
        let (end, ended) = channel();
        let syslog = Self {
            queue,
            dropped: Arc::default(),
        };
        let worker = Worker::new(server, lines, close, Arc::clone(&syslog.dropped));
        let run = move || {
            let _ended_when_dropped = end;
            worker.run();
        };
        // A system that has no thread left must not keep the service from starting: without its receiver, the queue
        // takes nothing, and every line counts as dropped.
        let _ = thread::Builder::new().name("syslog".to_owned()).spawn(run);
        let guard = Guard {
            syslog: syslog.clone(),
            closing,
            ended,
        };
        (syslog, guard)
    }

    /// Queues a line, or drops it and counts it. Never waits.
    pub fn send(&self, line: Line) {
        if self.queue.try_send(Some(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Ends the sending when dropped: what is queued is sent within 2 seconds, or counted as dropped.
#[derive(Debug)]
pub struct Guard {
    syslog: Syslog,
    closing: Sender<Instant>,
    ended: Receiver<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.closing.send(Instant::now() + FLUSH);
        // Wakes a thread that waits for lines; one that finds its queue full is awake.
        let _ = self.syslog.queue.try_send(None);
        // The thread looks at its deadline; only the system's resolver can keep it longer.
        let _ = self.ended.recv_timeout(FLUSH + Duration::from_millis(200));
    }
}
