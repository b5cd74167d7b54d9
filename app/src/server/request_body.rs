//! The body of a request: its timeout, and what happens to the part of it that no handler reads.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use http_body_util::BodyExt;
use hyper::{
    HeaderMap,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header::EXPECT,
};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::connection_state::ConnectionState;

/// How much of an unread body is discarded to keep its connection open, in bytes. A longer one closes the connection.
const MAX_DISCARDED: u64 = 64 * 1024;

/// How long a response waits for the rest of an unread body. Most bodies follow their header within a round trip.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);

/// A request body that fails with [`io::ErrorKind::TimedOut`] if it has not arrived completely in time. When it is
/// dropped, it gives what was not read to the connection's [`UnreadBody`].
pub(super) struct RequestBody {
    /// `None` only while this is dropped.
    body: Option<Incoming>,
    deadline: Instant,
    /// Created when the body is first waited for: most bodies arrive together with their header and need no timer.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the rest of the body can be read once this is dropped. If not, it failed, or the client waits for
    /// "100 Continue" and may never send it.
    readable: bool,
    /// Whether trailers were read. hyper takes a bare LF in them for a part of a line, where a proxy may see the end of the
    /// request: the connection must not be used for another one.
    has_trailers: bool,
    unread: UnreadBody,
    state: Arc<ConnectionState>,
}

impl RequestBody {
    /// A body that must arrive within `timeout` from now, of the request with these headers.
    pub(super) fn new(
        body: Incoming,
        headers: &HeaderMap,
        timeout: Duration,
        unread: &UnreadBody,
        state: Arc<ConnectionState>,
    ) -> Self {
        *unread.lock() = Rest::InUse;

        Self {
            body: Some(body),
            deadline: Instant::now() + timeout,
            timer: None,
            readable: !headers.contains_key(EXPECT),
            has_trailers: false,
            unread: unread.clone(),
            state,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };

        if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) {
            let last = matches!(frame, None | Some(Err(_))) || body.is_end_stream();
            if self.timer.is_some() && !self.state.record_progress(last) {
                return Poll::Pending;
            }
            self.readable = !matches!(&frame, Some(Err(_)));
            if matches!(&frame, Some(Ok(frame)) if frame.is_trailers()) {
                self.has_trailers = true;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)));
        }
        // Once it is asked for the body, hyper sends the "100 Continue" that the client may wait for.
        self.readable = true;

        let deadline = self.deadline;
        if self.timer.is_none() {
            self.state.begin_waiting_for_client();
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(timer.as_mut().poll(cx));
        self.readable = false;
        Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        *self.unread.lock() = match self.body.take() {
            Some(body) if self.readable && !self.has_trailers => Rest::Unread(body),
            _ => Rest::Lost,
        };
    }
}

/// What the handler of a connection's current request left of the body.
#[derive(Clone, Default)]
pub(super) struct UnreadBody(Arc<Mutex<Rest>>);

#[derive(Default)]
enum Rest {
    /// The request has no body.
    #[default]
    Nothing,
    /// The body is still being read.
    InUse,
    Unread(Incoming),
    /// The body failed or was never asked for, so that where it ends will not be known.
    Lost,
}

impl UnreadBody {
    /// Reads what is left of the body, within bounds. Returns whether its end was reached, which is where the next
    /// request begins. Otherwise the connection must be closed (RFC 9112, 9.3).
    pub(super) async fn discard(&self, state: &ConnectionState) -> bool {
        let rest = std::mem::take(&mut *self.lock());

        match rest {
            Rest::Nothing => true,
            Rest::Unread(body) if body.is_end_stream() => true,
            Rest::Unread(body) if body.size_hint().lower() <= MAX_DISCARDED => {
                // From here on, the connection is of no use to anybody else until its client goes on.
                state.begin_waiting_for_client();
                // Boxed because timers are large and this is rare.
                let at_end = Box::pin(timeout(DISCARD_TIMEOUT, read_to_end(body))).await;
                at_end.unwrap_or(false)
            }
            Rest::Unread(_) | Rest::InUse | Rest::Lost => false,
        }
    }

    /// Leaves the rest of the body unread: the connection will be closed. hyper waits while somebody could still read it.
    pub(super) fn forget(&self) {
        *self.lock() = Rest::Nothing;
    }

    fn lock(&self) -> MutexGuard<'_, Rest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Discards a body, at most [`MAX_DISCARDED`] bytes of it. Returns whether its end was reached.
async fn read_to_end(mut body: Incoming) -> bool {
    let mut discarded = 0;

    while let Some(frame) = body.frame().await {
        let Some(frame) = frame.ok().filter(|frame| !frame.is_trailers()) else {
            return false;
        };
        discarded += frame.data_ref().map_or(0, Bytes::len) as u64;
        if discarded > MAX_DISCARDED {
            return false;
        }
    }

    true
}
