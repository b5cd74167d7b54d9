//! What ties a line in the log to the request that the current task serves.

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceId},
};

use super::request_id::RequestId;

tokio::task_local! {
    static CURRENT: LogIds;
}

/// The ids that the lines in the log of a request have.
#[derive(Debug, Clone)]
pub(super) struct LogIds {
    pub(super) request: RequestId,
    pub(super) span: Option<SpanIds>,
}

impl LogIds {
    /// The ids of the request that this task serves; those of no request outside of requests.
    pub(super) fn current() -> Self {
        let none = || Self {
            request: RequestId::default(),
            span: None,
        };
        CURRENT.try_with(Self::clone).unwrap_or_else(|_| none())
    }

    /// Serves a request with these ids.
    pub(super) fn serve<T>(self, request: impl Future<Output = T>) -> impl Future<Output = T> {
        CURRENT.scope(self, request)
    }

    /// Does this as a part of the request with these ids.
    pub(super) fn scope<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }
}

impl RequestId {
    /// The id of the request that this task serves; `None` outside of requests.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|ids| ids.request.clone()).ok()
    }
}

/// The ids of a span, also of one that is not sampled: the lines of all services that a request passed have its trace
/// id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanIds {
    /// The id of the whole trace.
    pub trace: TraceId,
    /// The id of the span within it.
    pub span: SpanId,
}

impl SpanIds {
    /// The ids of the span of the request that this task serves or, outside of requests, of the current [`Context`],
    /// which a statement that several requests share has. `None` without traces.
    pub fn current() -> Option<Self> {
        match CURRENT.try_with(|ids| ids.span) {
            Ok(span) => span,
            Err(_) => Context::map_current(|context| {
                let span = context.span();
                let span = span.span_context();
                span.is_valid().then(|| Self::of(span))
            }),
        }
    }

    pub(super) fn of(span: &SpanContext) -> Self {
        Self {
            trace: span.trace_id(),
            span: span.span_id(),
        }
    }
}
