//! Spans of store operations: what a `Traced` decorator is built from.
//!
//! A span is made only for calls that belong to a traced request, so without traces, and for requests that are not
//! sampled, a call costs a look at a thread-local variable.

use std::sync::Arc;

use domain::RepositoryError;
use opentelemetry::{
    Context, KeyValue,
    global::{BoxedSpan, BoxedTracer},
    trace::{Link, Span, SpanBuilder, SpanKind, Status, TraceContextExt, Tracer},
};

use crate::timed::{COLLECTION, OPERATION, error_type};

/// Makes the spans of one store.
#[derive(Debug, Clone)]
pub struct StoreTracer {
    /// Makes all spans of the process.
    pub tracer: Arc<BoxedTracer>,
    /// What the store is, `db.system.name` of the OpenTelemetry semantic conventions, such as `postgresql`.
    pub system: &'static str,
}

impl StoreTracer {
    /// An operation, such as `add`, on the collection of this name, such as a table.
    pub fn operation(&self, collection: &'static str, name: &'static str) -> TracedOperation {
        TracedOperation {
            tracer: Arc::clone(&self.tracer),
            span_name: format!("{name} {collection}"),
            attributes: [
                KeyValue::new("db.system.name", self.system),
                KeyValue::new(COLLECTION, collection),
                KeyValue::new(OPERATION, name),
            ],
        }
    }
}

/// One operation, whose calls are spans (OpenTelemetry semantic conventions for databases). No value and no text of a
/// statement is recorded.
pub struct TracedOperation {
    tracer: Arc<BoxedTracer>,
    span_name: String,
    attributes: [KeyValue; 3],
}

impl TracedOperation {
    /// Makes a call, as a span if it is for a traced request, and passes its result on. The span of a call that is
    /// dropped ends then.
    pub async fn trace<T>(
        &self,
        call: impl Future<Output = Result<T, RepositoryError>>,
    ) -> Result<T, RepositoryError> {
        let Some(mut span) = Context::map_current(|current| self.start(current)) else {
            return call.await;
        };

        let result = call.await;
        if let Err(error) = &result {
            span.set_attribute(KeyValue::new("error.type", error_type(error)));
            span.set_status(Status::error(""));
        }

        span.end();
        result
    }

    fn start(&self, current: &Context) -> Option<BoxedSpan> {
        if !is_traced(current) {
            return None;
        }

        let mut attributes = self.attributes.to_vec();
        let mut links = Vec::new();
        let callers = current.get::<Callers>();
        if let Some(Callers { traced, calls }) = callers {
            attributes.push(KeyValue::new("db.operation.batch.size", *calls as i64));
            let contexts = traced.iter().map(|caller| caller.span().span_context().clone());
            links.extend(contexts.map(Link::with_context));
        }

        let builder = SpanBuilder::from_name(self.span_name.clone())
            .with_kind(SpanKind::Client)
            .with_attributes(attributes)
            .with_links(links);
        let span = self.tracer.build_with_context(builder, current);

        // The span is in the trace of the first caller. The other traces show it by a link.
        for caller in callers.iter().flat_map(|callers| &callers.traced[1..]) {
            caller.span().add_link(span.span_context().clone(), Vec::new());
        }
        Some(span)
    }
}

fn is_traced(context: &Context) -> bool {
    context.span().span_context().is_sampled()
}

/// Those who share a statement, in the [`Context`] that it is executed in.
struct Callers {
    /// The contexts of the callers that are traced: at least one.
    traced: Vec<Context>,
    /// The number of all callers.
    calls: usize,
}

/// The caller of the store: the current context, if it is that of a traced request. `None` at no cost otherwise.
pub(crate) fn current_caller() -> Option<Context> {
    Context::map_current(|current| is_traced(current).then(|| current.clone()))
}

/// The context for a statement that this many calls share, of which these are traced. The span of the statement is a
/// child of the first of them. If there are several calls, it has a link to each that is traced.
pub(crate) fn context_of(traced: Vec<Context>, calls: usize) -> Context {
    let first = traced.first().cloned();

    match first {
        Some(first) if calls > 1 => first.with_value(Callers { traced, calls }),
        Some(only) => only,
        None => Context::new(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
