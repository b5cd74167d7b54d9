//! Layer: a panic in a handler ends its request and nothing else.

use std::{panic::AssertUnwindSafe, pin::pin};

use futures_util::FutureExt;
use poem::{Endpoint, Request, Response};

use crate::http::problem::Problem;

/// Responds with 500 if a handler panics. The panic hook logs where it happened.
pub(crate) struct CatchPanic<E>(pub(crate) E);

impl<E: Endpoint<Output = Response>> Endpoint for CatchPanic<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        // Handlers share nothing that a panic could leave half changed: what they share is behind locks that are never
        // held across an await, or atomic.
        let inner = pin!(self.0.call(request));
        match AssertUnwindSafe(inner).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(_panic) => Err(Problem::internal().caused_by("the handler panicked").into()),
        }
    }
}
