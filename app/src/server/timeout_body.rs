//! The timeout of a request's body.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::connection_state::ConnectionState;

/// A request body that fails with [`io::ErrorKind::TimedOut`] if it has not arrived completely in time.
pub(super) struct TimeoutBody {
    body: Incoming,
    state: Arc<ConnectionState>,
    deadline: Instant,
    /// Created when the body is first waited for: most bodies arrive together with their header and need no timer.
    timer: Option<Pin<Box<Sleep>>>,
}

impl TimeoutBody {
    /// A body that must arrive within `timeout` from now.
    pub(super) fn new(body: Incoming, state: Arc<ConnectionState>, timeout: Duration) -> Self {
        Self {
            body,
            state,
            deadline: Instant::now() + timeout,
            timer: None,
        }
    }
}

impl Body for TimeoutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let last = frame.is_none() || self.body.is_end_stream();
            if self.timer.is_some() && !self.state.record_body(last) {
                return Poll::Pending;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)));
        }

        let deadline = self.deadline;
        if self.timer.is_none() {
            self.state.begin_waiting_for_body();
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));

        timer
            .as_mut()
            .poll(cx)
            .map(|()| Some(Err(io::ErrorKind::TimedOut.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
