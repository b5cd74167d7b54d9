//! The socket of a connection, observed.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::connection_state::ConnectionState;

/// A socket that records reads and writes in the state of its connection.
pub(super) struct TrackedIo<'a> {
    io: TokioIo<TcpStream>,
    state: &'a ConnectionState,
    /// Whether hyper has flushed everything that it wrote.
    flushed: bool,
    /// Whether the system could not take everything at once.
    blocked: bool,
}

/// A connection that is closed for another one is reset, so that nothing of it remains in the system.
impl Drop for TrackedIo<'_> {
    fn drop(&mut self) {
        if self.state.is_reset() {
            let _ = self.io.inner().set_zero_linger();
        }
    }
}

impl<'a> TrackedIo<'a> {
    pub(super) fn new(stream: TcpStream, state: &'a ConnectionState) -> Self {
        Self {
            io: TokioIo::new(stream),
            state,
            flushed: true,
            blocked: false,
        }
    }

    /// Records a write that made progress. Most responses need a single write, right after their request, which is not
    /// worth a look at the clock; only further ones are recorded.
    fn record_write(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if !self.flushed && written.is_ready() {
            self.state.record_write();
        }
        self.flushed = false;
        if written.is_pending() && !self.blocked {
            self.blocked = true;
            self.state.record_blocked_write();
        }

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
        if self.blocked {
            self.blocked = false;
            self.state.record_flush();
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
