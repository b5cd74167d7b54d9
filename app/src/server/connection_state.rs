//! What a connection is at, and since when, so that one that makes no progress can be told from one that works.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::{
    StatusCode,
    rt::{Read, ReadBufCursor, Write},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::Instant};

/// What a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is quiet, or takes an answer: nothing was read since the last request was answered.
    Quiet,
    /// Part of a request's header has arrived.
    Header,
    /// A request is under way; other deadlines hold for its body and for its answer.
    Request,
}

/// The stage of one connection. Its socket, its requests and its deadline share it, in one task, so nothing is locked.
pub(super) struct Pace {
    opened: Instant,
    /// Milliseconds from `opened` to the beginning of the stage, and in the two lowest bits the stage.
    state: AtomicU64,
    /// Milliseconds from `opened` to when the next request may be taken up.
    held: AtomicU64,
}

impl Pace {
    pub(super) fn new() -> Self {
        let (state, held) = (AtomicU64::new(Stage::Quiet as u64), AtomicU64::new(0));
        Self {
            opened: Instant::now(),
            state,
            held,
        }
    }

    pub(super) fn enter(&self, stage: Stage) {
        // Nobody asks how long a request has been under way, and the clock costs what a small copy does.
        let since = if stage == Stage::Request { 0 } else { self.now() };
        self.state.store(since << 2 | stage as u64, Relaxed);
    }

    pub(super) fn stage(&self) -> Stage {
        match self.state.load(Relaxed) & 3 {
            0 => Stage::Quiet,
            1 => Stage::Header,
            _ => Stage::Request,
        }
    }

    /// No further request is to be taken up for this long.
    pub(super) fn hold(&self, time: Duration) {
        self.held.store(self.now() + time.as_millis() as u64, Relaxed);
    }

    /// Until when no request is to be taken up, if that is still to come.
    pub(super) fn held_until(&self) -> Option<Instant> {
        let held = self.held.load(Relaxed);
        (held > 0 && held > self.now()).then(|| self.opened + Duration::from_millis(held))
    }

    fn now(&self) -> u64 {
        self.opened.elapsed().as_millis() as u64
    }

    pub(super) fn since(&self) -> Instant {
        self.opened + Duration::from_millis(self.state.load(Relaxed) >> 2)
    }
}

/// A socket that tells the pace of its connection.
pub(super) struct Paced {
    io: TokioIo<TcpStream>,
    pace: Arc<Pace>,
    /// Whether all that was to be written is written.
    flushed: bool,
    /// hyper's own answer to what is no request, which was not sent: it has no request id and says nothing.
    refusal: Option<StatusCode>,
}

impl Paced {
    pub(super) fn new(stream: TcpStream, pace: Arc<Pace>) -> Self {
        Self {
            io: TokioIo::new(stream),
            pace,
            flushed: true,
            refusal: None,
        }
    }

    /// The socket and the answer that is still owed on it: to what was no request, or to a header that failed in this
    /// way. `None` when none is, or when it stopped in the middle of an answer.
    pub(super) fn unanswered(self, failure: Option<StatusCode>) -> Option<(TcpStream, StatusCode)> {
        let failure = failure.filter(|_| self.flushed && self.pace.stage() == Stage::Header);
        self.refusal
            .or(failure)
            .map(|status| (self.io.into_inner(), status))
    }

    /// Whether these bytes are hyper's own answer; then they count as written. Only what begins an answer is looked at:
    /// in the middle of one, a text that somebody stored may read like a status line.
    fn keeps_back(&mut self, bytes: &[u8]) -> bool {
        if self.flushed && self.refusal.is_none() {
            self.refusal = refusal(bytes);
        }
        self.refusal.is_some()
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        // An answer that is taken bit by bit keeps its connection open. Most are taken at once.
        if !self.flushed && written.is_ready() && self.pace.stage() == Stage::Quiet {
            self.pace.enter(Stage::Quiet);
        }
        self.flushed = false;
        written
    }
}

impl Read for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?;
        // Further bytes of the same header do not put its deadline off.
        if self.pace.stage() == Stage::Quiet {
            self.pace.enter(Stage::Header);
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for Paced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.keeps_back(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bytes.first().is_some_and(|first| self.keeps_back(first)) {
            return Poll::Ready(Ok(bytes.iter().map(|bytes| bytes.len()).sum()));
        }
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bytes);
        self.wrote(written)
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
        if self.refusal.is_some() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// The status of an answer that no request of ours was given: those all have an id.
fn refusal(answer: &[u8]) -> Option<StatusCode> {
    const ID: &[u8] = b"\r\nx-request-id: ";
    let status = answer
        .strip_prefix(b"HTTP/1.")?
        .get(2..5)
        .filter(|status| status.starts_with(b"4"))?;
    if answer.windows(ID.len()).any(|part| part == ID) {
        return None;
    }
    StatusCode::from_bytes(status).ok()
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::{io::AsyncReadExt, net::TcpListener};

    use super::*;

    const NONE_OF_OURS: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";

    /// What arrives of these writes.
    async fn arrives(writes: &[&[u8]]) -> Vec<u8> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address"))
            .await
            .expect("a socket");
        let (mut client, _) = listener.accept().await.expect("a client");
        let mut paced = Paced::new(stream, Arc::new(Pace::new()));
        for bytes in writes {
            let written = poll_fn(|cx| Pin::new(&mut paced).poll_write(cx, bytes))
                .await
                .expect("a write");
            assert_eq!(written, bytes.len());
        }
        drop(paced);
        let mut arrived = Vec::new();
        client.read_to_end(&mut arrived).await.expect("the end");
        arrived
    }

    #[tokio::test]
    async fn an_answer_without_an_id_is_kept_back() {
        assert_eq!(arrives(&[NONE_OF_OURS, b"and the rest"]).await, b"");
        let ours = b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\n\r\n";
        assert_eq!(arrives(&[ours]).await, ours);
    }

    #[tokio::test]
    async fn what_reads_like_one_within_an_answer_is_not() {
        let page = b"HTTP/1.1 200 OK\r\nx-request-id: 1\r\n\r\n";
        assert_eq!(
            arrives(&[page, NONE_OF_OURS]).await,
            [&page[..], NONE_OF_OURS].concat()
        );
    }
}
