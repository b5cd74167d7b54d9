//! Layer: the id of each request and, if traces are configured, its span. Outermost.

use std::{future::poll_fn, pin::pin, sync::Arc};

use domain::Clock;
use opentelemetry::Context;
use poem::{Endpoint, Request, Response};

use super::{
    log_ids::LogIds,
    request_id::{HEADER, RequestId},
    traces::RequestSpans,
};

/// Gives every request an id, which is the [current](RequestId::current) one while the request is served, and returns it
/// in `X-Request-ID`; and a span, if traces are configured.
///
/// One layer for both: each nested endpoint adds instructions to every request.
pub(crate) struct RequestScope<E> {
    pub(super) inner: E,
    pub(super) clock: Arc<dyn Clock>,
    /// Absent unless configured.
    pub(super) spans: Option<RequestSpans>,
}

impl<E: Endpoint<Output = Response>> Endpoint for RequestScope<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let id = RequestId::of(&request, &*self.clock);
        let span = self.spans.as_ref().and_then(|spans| spans.start(&request));
        let ids = LogIds {
            request: id.clone(),
            span: span.as_ref().and_then(|span| span.ids),
        };

        // Pinned in place: passing the future on by value would copy it.
        let inner = pin!(self.inner.call(request));
        let mut inner = pin!(ids.scope(inner));
        // Like OpenTelemetry's `with_context`, but a request that is not sampled attaches no context.
        let mut response = poll_fn(|task| {
            let context = span.as_ref().and_then(|span| span.context.clone());
            let _attached = context.map(Context::attach);
            inner.as_mut().poll(task)
        })
        .await?;

        if let Some(span) = span {
            span.end(&response);
        }
        response.headers_mut().insert(&HEADER, id.header_value());
        Ok(response)
    }
}
