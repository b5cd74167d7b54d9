//! A limit of the memory that all connections hold together. Each may hold 64 KiB of its own. Two things count against a
//! limit that all share: a response of more than 32 KiB, as a whole, until the system has taken it; and what was read of a
//! request beyond 6 KiB. When the limit is exceeded, the client that holds most loses the connections that have waited
//! longest for it.

use std::{
    cmp::Reverse,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{
            AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::{sync::Notify, time::Instant};

use super::connection_state::{ConnectionState, Waiting};

/// What all connections may hold beyond their own memory, in bytes: 136 of the largest pages, with a long host.
const MAX_SHARED_BYTES: usize = 32 * 1024 * 1024;

/// How much of a request a connection holds in its own memory, in bytes.
const OWN_REQUEST_BYTES: usize = 6 * 1024;

/// The most of a request that is held at a time, in bytes: a header, a body and trailers, 16 KiB each. Of a body in small
/// chunks, more is read.
const MAX_REQUEST_BYTES: usize = 48 * 1024;

/// The largest response that a connection holds in its own memory, in bytes.
const OWN_RESPONSE_BYTES: usize = 32 * 1024;

/// Connections that hold less are closed last, because that frees little.
const SMALL: usize = 8 * 1024;

/// Clients whose connections hold less than this together are treated alike, as are all within one multiple of it.
const CLIENT_STEP: usize = 1024 * 1024;

/// How long a connection that holds shared memory must have waited for its client before it is closed for that: since its
/// response last made progress, or since the header began or the body was first waited for. A client nearby that reads
/// without a pause makes progress within this time; a distant one may not.
const MIN_WAIT: Duration = Duration::from_millis(10);

/// The memory that all connections share.
#[derive(Default)]
pub(super) struct SharedMemory {
    held: AtomicUsize,
    exceeded: Notify,
}

impl SharedMemory {
    /// Waits until connections may hold more than they should.
    pub(super) async fn exceeded(&self) {
        self.exceeded.notified().await;
    }

    /// Whether connections hold more than they should. Those that are being closed do not count.
    pub(super) fn is_exceeded(&self) -> bool {
        self.held.load(Relaxed) > MAX_SHARED_BYTES
    }
}

/// What one connection holds of the shared memory, until this is dropped.
pub(super) struct Share {
    memory: Arc<SharedMemory>,
    held: AtomicUsize,
}

impl Share {
    /// The share of a connection that holds nothing yet.
    pub(super) fn of(memory: Arc<SharedMemory>) -> Self {
        Self {
            memory,
            held: AtomicUsize::new(0),
        }
    }

    /// How much the connection holds, in bytes.
    pub(super) fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    pub(super) fn add(&self, bytes: usize) {
        // First the sum, and in this order for other threads too (Release, Acquire): it must never be less than what all
        // connections hold, because that is subtracted from it.
        let sum = self.memory.held.fetch_add(bytes, Relaxed) + bytes;
        self.held.fetch_add(bytes, Release);
        if sum > MAX_SHARED_BYTES {
            self.memory.exceeded.notify_one();
        }
    }

    fn subtract(&self, bytes: usize) {
        // `write_off` may have subtracted it already.
        let rest = |before: usize| Some(before.saturating_sub(bytes));
        let (Ok(before) | Err(before)) = self.held.fetch_update(Acquire, Relaxed, rest);

        self.memory.held.fetch_sub(before.min(bytes), Relaxed);
    }

    /// What the connection holds no longer counts, because it is being closed.
    pub(super) fn write_off(&self) {
        self.memory.held.fetch_sub(self.held.swap(0, Acquire), Relaxed);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.write_off();
    }
}

/// How much was read of a request, and how much of its connection's share that takes, in bytes.
#[derive(Clone, Copy, Default)]
pub(super) struct RequestBytes {
    read: usize,
    held: usize,
}

impl RequestBytes {
    /// Records that this many more bytes were read.
    pub(super) fn record(&mut self, read: usize, share: &Share) {
        self.read += read;
        // The lines of a header take as much again as its bytes.
        let held = 2 * self.read.min(MAX_REQUEST_BYTES).saturating_sub(OWN_REQUEST_BYTES);

        if held > self.held {
            share.add(held - self.held);
            self.held = held;
        }
    }

    /// The request is no longer held. What was read of the next one with it, at most one read, is not counted: the
    /// connection's own memory has room for it.
    pub(super) fn end(&mut self, share: &Share) {
        // Most requests hold nothing, and all threads share the sum.
        if self.held > 0 {
            share.subtract(self.held);
        }
        *self = Self::default();
    }
}

/// A connection that holds shared memory and waits for its client.
pub(super) struct Holder {
    pub(super) client: IpAddr,
    pub(super) id: u64,
    pub(super) waiting: (Waiting, Instant),
    held: usize,
    /// How much all connections of its client hold, in bytes.
    held_by_client: usize,
}

impl Holder {
    /// `None` if it holds nothing, or has not waited for long.
    pub(super) fn new(
        (client, held_by_client): (IpAddr, usize),
        id: u64,
        state: &ConnectionState,
        now: Instant,
    ) -> Option<Self> {
        let held = state.share.held();
        if held == 0 {
            return None;
        }

        let waiting = state.waiting()?;
        let is_closable = now.saturating_duration_since(waiting.1) >= MIN_WAIT;
        is_closable.then_some(Self {
            client,
            id,
            waiting,
            held,
            held_by_client,
        })
    }

    /// The first is closed first: one of the client that holds most, to a MiB; of these, those that hold little last; among
    /// equals, the one that has waited longest.
    pub(super) fn order(&self) -> (Reverse<usize>, bool, Instant) {
        let most = Reverse(self.held_by_client / CLIENT_STEP);
        (most, self.held < SMALL, self.waiting.1)
    }
}

/// The body of a response. If it is large, it counts until the system has taken it.
pub(super) fn count_body(
    body: BoxBody<Bytes, io::Error>,
    state: &Arc<ConnectionState>,
) -> BoxBody<Bytes, io::Error> {
    let size = body.size_hint().upper();
    if size.is_some_and(|size| size <= OWN_RESPONSE_BYTES as u64) {
        return body;
    }

    BoxBody::new(CountedBody {
        body,
        state: Arc::clone(state),
    })
}

struct CountedBody {
    body: BoxBody<Bytes, io::Error>,
    state: Arc<ConnectionState>,
}

impl CountedBody {
    /// Bytes that are not unique do not count: all responses share the documentation, and `/metrics` limits its pages
    /// itself.
    fn count(&self, bytes: Bytes) -> Bytes {
        if bytes.len() <= OWN_RESPONSE_BYTES || !bytes.is_unique() {
            return bytes;
        }

        self.state.share.add(bytes.len());
        Bytes::from_owner(CountedBytes {
            bytes,
            state: Arc::clone(&self.state),
        })
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));

        Poll::Ready(frame.map(|frame| Ok(frame?.map_data(|bytes| self.count(bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// hyper keeps them as they are, because the socket supports vectored writes, and drops them once the system has taken the
/// last byte. Otherwise it would copy them, and nothing would count.
struct CountedBytes {
    bytes: Bytes,
    state: Arc<ConnectionState>,
}

impl Drop for CountedBytes {
    fn drop(&mut self) {
        self.state.share.subtract(self.bytes.len());
    }
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn connection() -> (Arc<SharedMemory>, Arc<ConnectionState>) {
        let memory = Arc::<SharedMemory>::default();
        let state = Arc::new(ConnectionState::new(Arc::clone(&memory)));
        (memory, state)
    }

    fn held(memory: &SharedMemory, state: &ConnectionState) -> [usize; 2] {
        [memory.held.load(Relaxed), state.share.held()]
    }

    #[test]
    fn request_counts_as_far_as_it_was_read_until_its_response_is_ready() {
        let (memory, state) = connection();

        state.record_read(6 * 1024);
        assert_eq!(held(&memory, &state), [0, 0], "a usual request");
        state.record_read(1000);
        assert_eq!(held(&memory, &state), [2000, 2000]);
        state.begin_request();
        state.record_read(1000);
        assert_eq!(held(&memory, &state), [4000, 4000]);
        state.record_read(1_000_000);
        assert_eq!(
            held(&memory, &state),
            [84 * 1024, 84 * 1024],
            "the rest is not held"
        );

        state.end_request();
        assert_eq!(held(&memory, &state), [0, 0]);
        state.record_read(7 * 1024);
        drop(state);
        assert_eq!(memory.held.load(Relaxed), 0, "the connection has ended");
    }

    #[test]
    fn what_is_subtracted_or_written_off_no_longer_counts() {
        let (memory, state) = connection();

        let share = &state.share;
        share.add(1000);
        share.add(500);
        assert_eq!(held(&memory, &state), [1500, 1500]);
        share.subtract(500);
        assert_eq!(held(&memory, &state), [1000, 1000]);

        share.write_off();
        assert_eq!(held(&memory, &state), [0, 0]);
        share.add(300);
        share.subtract(1000);
        share.subtract(300);
        assert_eq!(held(&memory, &state), [0, 0]);
    }

    #[tokio::test]
    async fn large_response_counts_until_its_last_byte_is_dropped() {
        let (memory, state) = connection();

        let shared = Bytes::from_static(&[b'x'; 100_000]);
        for (bytes, expected) in [
            (vec![b'x'; 32 * 1024].into(), 0),
            (vec![b'x'; 100_000].into(), 100_000),
            (shared, 0),
        ] {
            let body = Full::new(bytes).map_err(|never| match never {}).boxed();
            let mut body = count_body(BoxBody::new(body), &state);
            let frame = body.frame().await.expect("a frame").expect("bytes");
            drop(body);

            let mut bytes = frame.into_data().expect("bytes");
            let last = bytes.split_off(bytes.len() - 1);
            drop(bytes);
            assert_eq!(held(&memory, &state), [expected; 2]);
            drop(last);
            assert_eq!(held(&memory, &state), [0, 0]);
        }
    }
}
