//! The memory that connections hold beyond their own. A connection needs at most 64 KiB of its own. What a large response
//! that its client does not read takes beyond them, or a large header with a body, comes from one allowance for all
//! connections, so that the memory of all together is known. When it is used up, those that have waited longest for their
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

/// What all connections may hold beyond their own memory, in bytes: some 160 of the largest pages.
const LIMIT: usize = 32 * 1024 * 1024;

/// How much of a header and a body together a connection holds in its own memory, in bytes.
const OWN_REQUEST: usize = 16 * 1024;

/// The largest response that it holds there, in bytes.
const OWN_RESPONSE: usize = 48 * 1024;

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
        self.held.load(Relaxed) > LIMIT
    }

    /// What a connection holds no longer counts, because it is being closed.
    pub(super) fn write_off(&self, part: &Part) {
        self.held.fetch_sub(part.0.swap(0, Relaxed), Relaxed);
    }
}

/// How much of the shared memory one connection holds, in bytes.
#[derive(Default)]
pub(super) struct Part(AtomicUsize);

impl Part {
    pub(super) fn is_empty(&self) -> bool {
        self.0.load(Relaxed) == 0
    }
}

/// A request or response that holds shared memory, until this is dropped.
pub(super) struct Held {
    memory: Arc<SharedMemory>,
    state: Arc<ConnectionState>,
    bytes: usize,
}

impl Held {
    fn new(memory: &Arc<SharedMemory>, state: &Arc<ConnectionState>, bytes: usize) -> Self {
        state.part.0.fetch_add(bytes, Relaxed);
        if memory.held.fetch_add(bytes, Relaxed) + bytes > LIMIT {
            memory.exceeded.notify_one();
        }

        Self {
            memory: Arc::clone(memory),
            state: Arc::clone(state),
            bytes,
        }
    }

    /// What a request with a header and a body of this many bytes holds: for most, nothing.
    pub(super) fn by_request(
        memory: &Arc<SharedMemory>,
        state: &Arc<ConnectionState>,
        header: usize,
        body: usize,
    ) -> Option<Self> {
        let beyond = (header + body).saturating_sub(OWN_REQUEST);
        // The lines of a header take as much again.
        (beyond > 0).then(|| Self::new(memory, state, 2 * beyond))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let part = &self.state.part.0;
        // Less, if it was written off.
        let rest = |bytes: usize| Some(bytes.saturating_sub(self.bytes));
        let (Ok(before) | Err(before)) = part.fetch_update(Relaxed, Relaxed, rest);

        self.memory.held.fetch_sub(before.min(self.bytes), Relaxed);
    }
}

/// The body of a response. If it is large, it counts until the system has taken it.
pub(super) fn counted(
    body: BoxBody<Bytes, io::Error>,
    memory: &Arc<SharedMemory>,
    state: &Arc<ConnectionState>,
) -> BoxBody<Bytes, io::Error> {
    let size = body.size_hint().upper();
    if size.is_some_and(|size| size <= OWN_RESPONSE as u64) {
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
    /// Bytes that other responses share, as all share the documentation, do not count.
    fn count(&self, bytes: Bytes) -> Bytes {
        if bytes.len() <= OWN_RESPONSE || !bytes.is_unique() {
            return bytes;
        }

        let _held = Held::new(&self.memory, &self.state, bytes.len());
        Bytes::from_owner(CountedBytes { bytes, _held })
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

/// hyper drops them when the system has taken them.
struct CountedBytes {
    bytes: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
