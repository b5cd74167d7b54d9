//! What a connection is doing and since when, so that the server can close one that makes no progress.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};

use super::{
    sent_response::SentResponse,
    shared_memory::{RequestBytes, Share, SharedMemory},
};

/// The task of an evicted connection ends within this time, even if the service is very busy.
const EVICTION_TIME: Duration = Duration::from_secs(60);

/// A response that was written is with its client after this time, or its client does not read it.
const DELIVERY_TIME: Duration = Duration::from_secs(1);

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waiting for a request or sending a response: nothing was read since the last request was handled.
    Idle,
    /// Part of a request's header has arrived.
    ReadingHeader,
    /// A request is being handled. Its body and its handler have timeouts of their own.
    InRequest,
}

/// What the service waits for, if it waits for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The connection has never sent a byte.
    FirstByte,
    /// A request has begun.
    RestOfRequest,
    /// All requests were responded to.
    NextRequest,
    /// A response could not be written as a whole.
    Reader,
}

/// The state of one connection, shared by its socket, its requests and its timeouts. All of them run in one task, so
/// nothing ever waits for the mutex; it is there because that task moves between threads. It costs some 20 ns, three
/// times a request.
pub(super) struct ConnectionState {
    fields: Mutex<Fields>,
    /// Whether the system has not yet taken all that was written: a response is being sent.
    sending: AtomicBool,
    /// What the connection holds of the memory that all share.
    pub(super) share: Share,
}

#[derive(Clone, Copy)]
struct Fields {
    phase: Phase,
    /// When the phase began, or made progress. In [`Phase::InRequest`], which has no timeout here, set only while
    /// `waiting_for_client`.
    since: Instant,
    /// Whether the client has never sent a byte.
    silent: bool,
    waiting_for_client: bool,
    /// Whether the connection is being closed to make room.
    evicted: bool,
    response: SentResponse,
    /// Whether the client has sent bytes behind the request whose response is being sent.
    read_ahead: bool,
    request: RequestBytes,
    /// The next request must not be handled before this instant.
    delayed_until: Option<Instant>,
}

impl ConnectionState {
    /// The state of a connection that was just opened and shares this memory with others.
    pub(super) fn new(memory: Arc<SharedMemory>) -> Self {
        let now = Instant::now();

        Self {
            fields: Mutex::new(Fields {
                phase: Phase::Idle,
                since: now,
                silent: true,
                waiting_for_client: false,
                evicted: false,
                response: SentResponse::new(now),
                read_ahead: false,
                request: RequestBytes::default(),
                delayed_until: None,
            }),
            sending: AtomicBool::new(false),
            share: Share::of(memory),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.fields().phase
    }

    /// Whether part of a response is waiting to be sent.
    pub(super) fn is_sending(&self) -> bool {
        self.sending.load(Relaxed)
    }

    /// A request begins. Returns until when it must be delayed, if it must.
    pub(super) fn begin_request(&self) -> Option<Instant> {
        let mut fields = self.fields();
        fields.phase = Phase::InRequest;
        fields.read_ahead = false;
        fields.delayed_until.take()
    }

    /// The response to the request is ready to be sent.
    pub(super) fn end_request(&self) {
        let now = Instant::now();
        let mut fields = self.fields();
        fields.phase = Phase::Idle;
        fields.since = now;
        fields.response = SentResponse::new(now);
        fields.waiting_for_client = false;
        fields.request.end(&self.share);
    }

    /// Delays the connection's next request until this much time has passed.
    pub(super) fn delay_for(&self, time: Duration) {
        self.fields().delayed_until = Some(Instant::now() + time);
    }

    /// Completes when the connection has been idle, or has been reading one header or sending one response, for too long.
    pub(super) async fn stalled(&self, idle: Duration, header_read: Duration) {
        // A new phase does not wake this future, so it never sleeps longer than the shorter timeout.
        let interval = idle.min(header_read);

        loop {
            let now = Instant::now();
            let next = now + interval;
            let deadline = self.deadline(idle, header_read).unwrap_or(next);
            if deadline <= now {
                return;
            }

            sleep_until(deadline.min(next)).await;
        }
    }

    /// Completes when hyper may be told to shut the connection down: a request is being handled, whose response is then
    /// the last one, or nothing has happened for `linger`. hyper itself takes a connection for idle while a response is
    /// being sent or a header is arriving.
    pub(super) async fn closable(&self, linger: Duration) {
        loop {
            let fields = *self.fields();
            let is_idle = fields.phase == Phase::Idle && !self.is_sending() && !fields.read_ahead;
            if fields.phase == Phase::InRequest || is_idle && fields.since.elapsed() >= linger {
                return;
            }

            // A new phase does not wake this future.
            sleep(linger / 10).await;
        }
    }

    /// When the connection must be closed unless it makes progress.
    fn deadline(&self, idle: Duration, header_read: Duration) -> Option<Instant> {
        let fields = *self.fields();

        match fields.phase {
            Phase::Idle if self.is_sending() => {
                Some((fields.since + idle).min(fields.response.deadline(idle)))
            }
            Phase::Idle if fields.read_ahead => Some(fields.since + header_read),
            Phase::Idle => Some(fields.since + idle),
            Phase::ReadingHeader => Some(fields.since + header_read),
            Phase::InRequest => None,
        }
    }

    /// Records that this many bytes were read. The first bytes of a header start its timeout; further ones do not extend it.
    /// While a response is being sent, that timeout waits for the end of the response.
    pub(super) fn record_read(&self, read: usize) {
        let mut fields = self.fields();

        fields.request.record(read, &self.share);

        if fields.phase == Phase::Idle {
            fields.silent = false;
            if self.is_sending() {
                fields.read_ahead = true;
            } else {
                fields.phase = Phase::ReadingHeader;
                fields.since = Instant::now();
            }
        }
    }

    /// The system took this much of what was written, or nothing. Most responses need a single write, right after their
    /// request, which is not worth a look at the clock; only further ones are recorded. They show that the client still
    /// reads.
    pub(super) fn record_write(&self, written: Option<usize>) {
        let is_further = self.sending.load(Relaxed);
        self.sending.store(true, Relaxed);

        if is_further && let Some(written) = written {
            let mut fields = self.fields();
            if fields.phase == Phase::Idle {
                fields.since = Instant::now();
                fields.response.sent += written as u64;
            }
        }
    }

    /// The system has taken all that was written.
    pub(super) fn record_flush(&self) {
        self.sending.store(false, Relaxed);
    }

    /// The request cannot go on: the rest of its body has not arrived, or it came too early after an overload.
    pub(super) fn begin_waiting_for_client(&self) {
        let mut fields = self.fields();
        fields.waiting_for_client = true;
        fields.since = Instant::now();
    }

    /// What was waited for has arrived, or a part of it. `last` tells whether it is the end. Returns whether the request
    /// may go on: it may not if the connection is being closed to make room.
    pub(super) fn record_progress(&self, last: bool) -> bool {
        let mut fields = self.fields();
        fields.waiting_for_client &= !last;
        !fields.evicted
    }

    /// What the service waits for, and since when; `None` while it handles a request, and once the connection is evicted.
    pub(super) fn waiting(&self) -> Option<(Waiting, Instant)> {
        self.fields().waiting(self.is_sending())
    }

    /// When the response began that is being sent.
    pub(super) fn response_began(&self) -> Instant {
        self.fields().response.began
    }

    /// Marks the connection as one that is about to be closed to make room, if it still waits for this. No request is
    /// handled on it from then on. Returns whether it was marked.
    pub(super) fn evict(&self, waiting: (Waiting, Instant)) -> bool {
        let mut fields = self.fields();
        if fields.waiting(self.is_sending()) != Some(waiting) {
            return false;
        }

        fields.evicted = true;
        // A request that begins before the task ends is not handled.
        fields.delayed_until = Some(Instant::now() + EVICTION_TIME);
        true
    }

    /// Whether the connection is to be reset, so that nothing of it remains in the system: it was evicted, and no response
    /// is on its way.
    pub(super) fn is_reset(&self) -> bool {
        let fields = self.fields();
        let responded = fields.phase == Phase::Idle && !fields.silent && !self.is_sending();
        fields.evicted && !(responded && fields.since.elapsed() < DELIVERY_TIME)
    }

    fn fields(&self) -> MutexGuard<'_, Fields> {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fields {
    fn waiting(&self, is_sending: bool) -> Option<(Waiting, Instant)> {
        let waiting = match self.phase {
            _ if self.evicted => return None,
            Phase::InRequest if self.waiting_for_client => Waiting::RestOfRequest,
            Phase::InRequest => return None,
            _ if is_sending => Waiting::Reader,
            Phase::ReadingHeader => Waiting::RestOfRequest,
            Phase::Idle if self.read_ahead => Waiting::RestOfRequest,
            Phase::Idle if self.silent => Waiting::FirstByte,
            Phase::Idle => Waiting::NextRequest,
        };

        Some((waiting, self.since))
    }
}
