//! The span that the current task works for, if traces are configured.

use opentelemetry::{
    Context,
    trace::{SpanId, TraceContextExt, TraceId},
};

/// The ids of a span, also of one that is not sampled: the lines of all services that a request passed have its trace
/// id.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpanIds {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
}

impl SpanIds {
    pub(super) fn current() -> Option<Self> {
        Context::map_current(|context| {
            let span = context.span();
            let ids = span.span_context();

            ids.is_valid().then(|| Self {
                trace: ids.trace_id(),
                span: ids.span_id(),
            })
        })
    }
}
