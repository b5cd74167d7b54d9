//! What ties a line in the log to the request that the current task serves.

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceId},
};

use super::request_id::RequestId;

tokio::task_local! {
    static CURRENT: LogIds;
}

/// The ids on every log line of a request. By default, as outside of requests, the id is `-`, and there is no span.
#[derive(Debug, Clone, Default)]
pub(super) struct LogIds {
    pub(super) request: RequestId,
    pub(super) span: Option<SpanIds>,
}

impl LogIds {
    /// Calls `read` with those of the request that this task serves; `None` outside of requests.
    pub(super) fn with_current<T>(read: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.try_with(read).ok()
    }

    /// Polls `request` with these as the current ids.
    pub(super) fn scope<T>(self, request: impl Future<Output = T>) -> impl Future<Output = T> {
        CURRENT.scope(self, request)
    }

    /// Calls `work` with these as the current ids.
    pub(super) fn sync_scope<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }
}

/// The ids of a span, sampled or not: log lines of every service on a request's path share the trace id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanIds {
    /// The id of the whole trace.
    pub trace: TraceId,
    /// The id of the span within it.
    pub span: SpanId,
}

impl SpanIds {
    /// The ids of the span of the request that this task serves. Outside of requests, those of the current [`Context`]:
    /// a statement that several requests share runs in a task of its own. `None` without traces.
    pub fn current() -> Option<Self> {
        LogIds::with_current(|ids| ids.span)
            .unwrap_or_else(|| Context::map_current(|context| Self::of(context.span().span_context())))
    }

    /// `None` if there is no span, as after the end of the tracer.
    pub(super) fn of(span: &SpanContext) -> Option<Self> {
        span.is_valid().then(|| Self {
            trace: span.trace_id(),
            span: span.span_id(),
        })
    }
}
