//! What a connection is doing and since when, so that the server can close one that makes no progress.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

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

/// The state of one connection, shared by its socket, its requests and its timeouts. All of them run in one task, so
/// nothing ever waits for the mutex; it is there because that task moves between threads. It costs some 20 ns, three
/// times a request.
pub(super) struct ConnectionState(Mutex<Fields>);

#[derive(Clone, Copy)]
struct Fields {
    phase: Phase,
    /// When the phase began; not set for [`Phase::InRequest`], which has no timeout here.
    since: Instant,
    /// The next request must not be handled before this instant.
    delayed_until: Option<Instant>,
}

impl ConnectionState {
    /// The state of a connection that was just opened.
    pub(super) fn new() -> Self {
        Self(Mutex::new(Fields {
            phase: Phase::Idle,
            since: Instant::now(),
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
        }
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
