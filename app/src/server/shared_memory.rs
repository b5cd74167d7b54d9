//! A limit of the memory that all connections hold together. Each may hold 64 KiB of its own. Two things count against a
//! limit that all share: a response of more than 32 KiB, as a whole, until the system has taken it; and what a header and
//! a body together have beyond 14 KiB. When the limit is exceeded, the connections that have waited longest for their
//! clients are closed.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::Notify;

use super::connection_state::ConnectionState;

/// What all connections may hold beyond their own memory, in bytes: 136 of the largest pages, with a long host.
const MAX_SHARED_BYTES: usize = 32 * 1024 * 1024;

/// How much of a header and a body together a connection holds in its own memory, in bytes.
const OWN_REQUEST_BYTES: usize = 14 * 1024;

/// The largest response that it holds there, in bytes.
const OWN_RESPONSE_BYTES: usize = 32 * 1024;

/// Connections that hold less are closed last, because that frees little.
const SMALL: usize = 8 * 1024;

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

    /// What a connection holds no longer counts, because it is being closed.
    pub(super) fn write_off(&self, held: &HeldBytes) {
        self.held.fetch_sub(held.0.swap(0, Relaxed), Relaxed);
    }
}

/// How much of the shared memory one connection holds.
#[derive(Default)]
pub(super) struct HeldBytes(AtomicUsize);

impl HeldBytes {
    pub(super) fn is_zero(&self) -> bool {
        self.0.load(Relaxed) == 0
    }

    pub(super) fn is_small(&self) -> bool {
        self.0.load(Relaxed) < SMALL
    }
}

/// What a request or response holds of the shared memory, until this is dropped.
pub(super) struct Reservation {
    memory: Arc<SharedMemory>,
    state: Arc<ConnectionState>,
    bytes: usize,
}

impl Reservation {
    fn new(memory: &Arc<SharedMemory>, state: &Arc<ConnectionState>, bytes: usize) -> Self {
        // First the sum: it must never be less than what all connections hold, because `write_off` subtracts that.
        let held = memory.held.fetch_add(bytes, Relaxed) + bytes;
        state.held.0.fetch_add(bytes, Relaxed);
        if held > MAX_SHARED_BYTES {
            memory.exceeded.notify_one();
        }

        Self {
            memory: Arc::clone(memory),
            state: Arc::clone(state),
            bytes,
        }
    }

    /// What a request with a header and a body of at most this many bytes holds: for most, nothing.
    pub(super) fn by_request(
        memory: &Arc<SharedMemory>,
        state: &Arc<ConnectionState>,
        header: usize,
        body: usize,
    ) -> Option<Self> {
        let beyond = (header + body).saturating_sub(OWN_REQUEST_BYTES);
        // A body alone holds hardly anything beyond. The lines of a header take as much again as its bytes.
        (beyond > 0).then(|| Self::new(memory, state, 2 * beyond))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // `write_off` may have subtracted it already.
        let rest = |bytes: usize| Some(bytes.saturating_sub(self.bytes));
        let (Ok(before) | Err(before)) = self.state.held.0.fetch_update(Relaxed, Relaxed, rest);

        self.memory.held.fetch_sub(before.min(self.bytes), Relaxed);
    }
}

/// The body of a response. If it is large, it counts until the system has taken it.
pub(super) fn count_body(
    body: BoxBody<Bytes, io::Error>,
    memory: &Arc<SharedMemory>,
    state: &Arc<ConnectionState>,
) -> BoxBody<Bytes, io::Error> {
    let size = body.size_hint().upper();
    if size.is_some_and(|size| size <= OWN_RESPONSE_BYTES as u64) {
        return body;
    }

    BoxBody::new(CountedBody {
        body,
        memory: Arc::clone(memory),
        state: Arc::clone(state),
    })
}

struct CountedBody {
    body: BoxBody<Bytes, io::Error>,
    memory: Arc<SharedMemory>,
    state: Arc<ConnectionState>,
}

impl CountedBody {
    /// Bytes that are not unique do not count: all responses share the documentation, and `/metrics` limits its pages
    /// itself.
    fn count(&self, bytes: Bytes) -> Bytes {
        if bytes.len() <= OWN_RESPONSE_BYTES || !bytes.is_unique() {
            return bytes;
        }

        let _reservation = Reservation::new(&self.memory, &self.state, bytes.len());
        Bytes::from_owner(CountedBytes { bytes, _reservation })
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
    _reservation: Reservation,
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> (Arc<SharedMemory>, Arc<ConnectionState>) {
        (Arc::default(), Arc::new(ConnectionState::new()))
    }

    fn held(memory: &SharedMemory, state: &ConnectionState) -> [usize; 2] {
        [memory.held.load(Relaxed), state.held.0.load(Relaxed)]
    }

    #[test]
    fn usual_requests_hold_nothing() {
        let (memory, state) = connection();

        for (header, body) in [(300, 0), (300, 14_000), (14 * 1024, 0), (0, 14 * 1024)] {
            assert!(Reservation::by_request(&memory, &state, header, body).is_none());
        }
    }

    #[test]
    fn what_is_dropped_or_written_off_no_longer_counts() {
        let (memory, state) = connection();
        let reserve = |bytes| Reservation::new(&memory, &state, bytes);

        let (first, second) = (reserve(1000), reserve(500));
        assert_eq!(held(&memory, &state), [1500, 1500]);
        drop(second);
        assert_eq!(held(&memory, &state), [1000, 1000]);

        memory.write_off(&state.held);
        assert_eq!(held(&memory, &state), [0, 0]);
        let third = reserve(300);
        drop(first);
        drop(third);
        assert_eq!(held(&memory, &state), [0, 0]);
    }

    #[tokio::test]
    async fn large_response_counts_until_its_last_byte_is_dropped() {
        use http_body_util::{BodyExt, Full};

        let (memory, state) = connection();
        let shared = Bytes::from_static(&[b'x'; 100_000]);
        for (bytes, expected) in [
            (vec![b'x'; 32 * 1024].into(), 0),
            (vec![b'x'; 100_000].into(), 100_000),
            (shared, 0),
        ] {
            let body = Full::new(bytes).map_err(|never| match never {}).boxed();
            let mut body = count_body(BoxBody::new(body), &memory, &state);
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
