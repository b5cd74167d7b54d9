//! The socket of a connection, observed.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, Take},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
};

use super::connection_state::ConnectionState;

/// How much is read at once, in bytes. After a read of 8 KiB, hyper makes room for twice as much, which a connection then
/// holds while its client sends nothing more.
const MAX_READ: u64 = 8 * 1024 - 1;

/// A socket that records reads and writes in the state of its connection. It is borrowed, so that it can be closed
/// properly when hyper is done with it.
pub(super) struct TrackedIo<'a> {
    reader: TokioIo<Take<ReadHalf<'a>>>,
    writer: TokioIo<WriteHalf<'a>>,
    state: &'a ConnectionState,
}

impl<'a> TrackedIo<'a> {
    pub(super) fn new(stream: &'a mut TcpStream, state: &'a ConnectionState) -> Self {
        let (reader, writer) = stream.split();

        Self {
            reader: TokioIo::new(reader.take(MAX_READ)),
            writer: TokioIo::new(writer),
            state,
        }
    }

    fn record_write(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let taken = match &written {
            Poll::Ready(Ok(taken)) => Some(*taken),
            _ => None,
        };
        self.state.record_write(taken);

        written
    }
}

impl Read for TrackedIo<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.reader.inner_mut().set_limit(MAX_READ);
        ready!(Pin::new(&mut self.reader).poll_read(cx, buffer))?;
        let read = MAX_READ - self.reader.inner().limit();
        self.state.record_read(usize::try_from(read).unwrap_or_default());

        Poll::Ready(Ok(()))
    }
}

impl Write for TrackedIo<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.writer).poll_write(cx, bytes);
        self.record_write(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.writer).poll_write_vectored(cx, bytes);
        self.record_write(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.writer.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when it has nothing left to write.
        self.state.record_flush();
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}
