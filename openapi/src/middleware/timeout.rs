//! A deadline that costs nothing where it is not needed.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use tokio::time::timeout;

/// What `future` comes to, or `None` when that takes longer than `limit`. Most requests are answered without waiting
/// for anything, so only a future that does wait gets a timer, and a box for it: a timer within would make every
/// future around it large and oddly aligned, which a profile shows. Pinned by the caller, as a future that is passed on
/// by value takes its place twice.
pub(crate) async fn within<F: Future>(limit: Duration, mut future: Pin<&mut F>) -> Option<F::Output> {
    let at_once = poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    });
    match at_once.await {
        Some(output) => Some(output),
        None => Box::pin(timeout(limit, future)).await.ok(),
    }
}
