//! What a connection is doing and since when, so that the server can close one that makes no progress.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

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
pub(super) struct ConnectionState(Mutex<Fields>);

#[derive(Clone, Copy)]
struct Fields {
    phase: Phase,
    /// When the phase began. In [`Phase::InRequest`], which has no timeout here, set only while `waiting_for_body`.
    since: Instant,
    silent: bool,
    waiting_for_body: bool,
    write_blocked: bool,
    /// Whether the connection is being closed for another one.
    evicted: bool,
    /// The next request must not be handled before this instant.
    delayed_until: Option<Instant>,
}

impl ConnectionState {
    /// The state of a connection that was just opened.
    pub(super) fn new() -> Self {
        Self(Mutex::new(Fields {
            phase: Phase::Idle,
            since: Instant::now(),
            silent: true,
            waiting_for_body: false,
            write_blocked: false,
            evicted: false,
            delayed_until: None,
        }))
    }

    pub(super) fn phase(&self) -> Phase {
        self.fields().phase
    }

    /// A request begins. Returns until when it must be delayed, if it must.
    pub(super) fn begin_request(&self) -> Option<Instant> {
        let mut fields = self.fields();
        fields.phase = Phase::InRequest;
        fields.delayed_until.take()
    }

    /// The response to the request is ready to be sent.
    pub(super) fn end_request(&self) {
        let mut fields = self.fields();
        fields.phase = Phase::Idle;
        fields.since = Instant::now();
        fields.waiting_for_body = false;
    }

    /// Delays the connection's next request until this much time has passed.
    pub(super) fn delay_for(&self, time: Duration) {
        self.fields().delayed_until = Some(Instant::now() + time);
    }

    /// Completes when the connection has been idle, or has been reading one header, for too long.
    pub(super) async fn stalled(&self, idle: Duration, header_read: Duration) {
        // A new phase does not wake this future, so it never sleeps longer than the shorter timeout.
        let interval = idle.min(header_read);

        loop {
            let now = Instant::now();
            let next = now + interval;
            let Fields { phase, since, .. } = *self.fields();
            let deadline = match phase {
                Phase::Idle => since + idle,
                Phase::ReadingHeader => since + header_read,
                Phase::InRequest => next,
            };
            if deadline <= now {
                return;
            }

            sleep_until(deadline.min(next)).await;
        }
    }

    /// Bytes were read. The first ones of a header start its timeout; further ones do not extend it.
    pub(super) fn record_read(&self) {
        let mut fields = self.fields();
        if fields.phase == Phase::Idle {
            fields.phase = Phase::ReadingHeader;
            fields.since = Instant::now();
            fields.silent = false;
        }
    }

    /// The body of the request has not arrived completely, and its handler waits for it.
    pub(super) fn begin_waiting_for_body(&self) {
        let mut fields = self.fields();
        fields.waiting_for_body = true;
        fields.since = Instant::now();
    }

    /// A part of the body that was waited for has arrived. `last` tells whether it is the end. Returns whether the request
    /// may go on: it may not if the connection is being closed for another one.
    pub(super) fn record_body(&self, last: bool) -> bool {
        let mut fields = self.fields();
        fields.waiting_for_body &= !last;
        !fields.evicted
    }

    /// The system takes no more of a response for now.
    pub(super) fn record_blocked_write(&self) {
        self.fields().write_blocked = true;
    }

    /// The system has taken the rest of a response.
    pub(super) fn record_flush(&self) {
        self.fields().write_blocked = false;
    }

    /// What the service waits for, and since when; `None` while it handles a request, and once the connection is evicted.
    pub(super) fn waiting(&self) -> Option<(Waiting, Instant)> {
        self.fields().waiting()
    }

    /// Marks the connection as one that is about to be closed for another one, if it still waits for this. No request is
    /// handled on it from then on. Returns whether it was marked.
    pub(super) fn evict(&self, waiting: (Waiting, Instant)) -> bool {
        let mut fields = self.fields();
        if fields.waiting() != Some(waiting) {
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
        let responded = fields.phase == Phase::Idle && !fields.silent && !fields.write_blocked;
        fields.evicted && !(responded && fields.since.elapsed() < DELIVERY_TIME)
    }

    /// A further part of a response was written, so the client still reads: the idle timeout starts again.
    pub(super) fn record_write(&self) {
        let mut fields = self.fields();
        if fields.phase == Phase::Idle {
            fields.since = Instant::now();
        }
    }

    fn fields(&self) -> MutexGuard<'_, Fields> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fields {
    fn waiting(&self) -> Option<(Waiting, Instant)> {
        let waiting = match self.phase {
            _ if self.evicted => return None,
            Phase::InRequest if self.waiting_for_body => Waiting::RestOfRequest,
            Phase::InRequest => return None,
            // hyper may read the next request while a response is being written.
            _ if self.write_blocked => Waiting::Reader,
            Phase::ReadingHeader => Waiting::RestOfRequest,
            Phase::Idle if self.silent => Waiting::FirstByte,
            Phase::Idle => Waiting::NextRequest,
        };

        Some((waiting, self.since))
    }
}
