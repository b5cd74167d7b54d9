//! What a connection is doing and since when, so that the server can close one that makes no progress.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};

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
/// nothing ever waits for the mutex; it is there because that task moves between threads.
pub(super) struct ConnectionState(Mutex<Fields>);

struct Fields {
    phase: Phase,
    /// When the phase began; not kept up to date in [`Phase::InRequest`], which has no timeout here.
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
            let deadline = match *self.fields() {
                Fields {
                    phase: Phase::Idle,
                    since,
                    ..
                } => since + idle,
                Fields {
                    phase: Phase::ReadingHeader,
                    since,
                    ..
                } => since + header_read,
                Fields {
                    phase: Phase::InRequest,
                    ..
                } => next,
            };
            if deadline <= now {
                return;
            }

            sleep_until(deadline.min(next)).await;
        }
    }

    /// Bytes were read. The first of a header begin its phase; further ones do not extend its timeout.
    fn record_read(&self) {
        let mut fields = self.fields();
        if fields.phase == Phase::Idle {
            fields.phase = Phase::ReadingHeader;
            fields.since = Instant::now();
        }
    }

    /// Part of a response was taken by the client, who is then not idle.
    fn record_write(&self) {
        let mut fields = self.fields();
        if fields.phase == Phase::Idle {
            fields.since = Instant::now();
        }
    }

    fn fields(&self) -> MutexGuard<'_, Fields> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket that records reads and writes in the state of its connection.
pub(super) struct TrackedIo<'a> {
    io: TokioIo<TcpStream>,
    state: &'a ConnectionState,
    /// Whether hyper has flushed everything that it wrote.
    flushed: bool,
}

impl<'a> TrackedIo<'a> {
    pub(super) fn new(stream: TcpStream, state: &'a ConnectionState) -> Self {
        Self {
            io: TokioIo::new(stream),
            state,
            flushed: true,
        }
    }

    fn record_write(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        // Most responses need one write, right after the request: only later writes are news.
        if !self.flushed && written.is_ready() {
            self.state.record_write();
        }
        self.flushed = false;

        written
    }
}

impl Read for TrackedIo<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        self.state.record_read();

        Poll::Ready(Ok(()))
    }
}

impl Write for TrackedIo<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.record_write(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bytes);
        self.record_write(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when it has nothing left to write.
        self.flushed = true;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
