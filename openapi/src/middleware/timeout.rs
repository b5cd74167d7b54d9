//! Layer: no request takes longer than the request timeout.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use poem::{Endpoint, Request, Response};

use crate::http::problem::{Problem, ProblemType};

/// Gives up on a request after `limit`, with a 503.
pub(crate) struct Timeout<E> {
    inner: E,
    limit: Duration,
}

impl<E> Timeout<E> {
    pub(crate) fn new(inner: E, limit: Duration) -> Self {
        Self { inner, limit }
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Timeout<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match timeout(self.limit, pin!(self.inner.call(request))).await {
            Some(outcome) => outcome,
            None => {
                let cause = "no result within REQUEST_TIMEOUT_SECONDS";
                Err(Problem::new(ProblemType::REQUEST_TIMED_OUT)
                    .caused_by(cause)
                    .into())
            }
        }
    }
}

/// The output of `future`, or `None` if that takes longer than `limit`.
///
/// Most requests finish without waiting for anything. So the future is polled once before it gets a timer, and the
/// timer is boxed: inside the future it would make every future around it large, which a profile shows. The caller pins
/// the future, because one that is passed by value occupies its space twice.
async fn timeout<F: Future>(limit: Duration, mut future: Pin<&mut F>) -> Option<F::Output> {
    let first_poll = poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    });

    match first_poll.await {
        Some(output) => Some(output),
        None => Box::pin(tokio::time::timeout(limit, future)).await.ok(),
    }
}
