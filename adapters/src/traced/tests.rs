//! Which calls are spans, and of whom they are children.

mod shared;

use std::sync::Mutex;

use domain::BoxedSource;
use opentelemetry::{context::FutureExt, trace::TracerProvider};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};

use super::*;

/// The spans that ended.
#[derive(Debug, Clone, Default)]
struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Ended {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("not poisoned").extend(batch);
        Ok(())
    }
}

impl Ended {
    fn named(&self, name: &str) -> Vec<SpanData> {
        let ended = self.0.lock().expect("not poisoned");
        ended.iter().filter(|span| span.name == name).cloned().collect()
    }
}

fn store_tracer(sampler: Sampler) -> (StoreTracer, Ended) {
    let ended = Ended::default();
    let provider = SdkTracerProvider::builder()
        .with_sampler(sampler)
        .with_simple_exporter(ended.clone())
        .build();
    let tracer = StoreTracer {
        tracer: Arc::new(BoxedTracer::new(Box::new(provider.tracer("test")))),
        system: "sqlite",
    };

    (tracer, ended)
}

/// The context of a request with a span of its own.
fn request(tracer: &StoreTracer, name: &'static str) -> Context {
    Context::new().with_span(tracer.tracer.start_with_context(name, &Context::new()))
}

/// The names of the spans of these calls, all of which belong to one traced request.
pub(crate) async fn span_names(calls: impl AsyncFnOnce(&StoreTracer)) -> Vec<String> {
    let (tracer, ended) = store_tracer(Sampler::AlwaysOn);
    let request = request(&tracer, "request");

    calls(&tracer).with_context(request).await;

    let ended = ended.0.lock().expect("not poisoned");
    ended
        .iter()
        .map(|span| span.name.to_string())
        .filter(|name| name != "request")
        .collect()
}

fn attributes(span: &SpanData) -> Vec<String> {
    let attributes = span.attributes.iter();
    attributes
        .map(|pair| format!("{}={}", pair.key, pair.value))
        .collect()
}

#[tokio::test]
async fn call_is_a_child_of_the_request_with_the_attributes_of_a_database() {
    let (tracer, ended) = store_tracer(Sampler::AlwaysOn);
    let find = tracer.operation("item", "find");
    let request = request(&tracer, "request");

    let found = find.trace(async { Ok(7) }).with_context(request.clone()).await;

    assert_eq!(found.expect("a result"), 7);
    let [span] = &ended.named("find item")[..] else {
        panic!("one span")
    };
    let parent = request.span().span_context().clone();
    assert_eq!(
        (span.span_context.trace_id(), span.parent_span_id),
        (parent.trace_id(), parent.span_id())
    );
    assert_eq!(
        (&span.span_kind, &span.status),
        (&SpanKind::Client, &Status::Unset)
    );
    assert!(span.links.is_empty());
    assert_eq!(
        attributes(span),
        [
            "db.system.name=sqlite",
            "db.collection.name=item",
            "db.operation.name=find"
        ]
    );
}

#[tokio::test]
async fn failed_call_is_an_error_without_its_text() {
    let (tracer, ended) = store_tracer(Sampler::AlwaysOn);
    let find = tracer.operation("item", "find");
    let source: BoxedSource = Arc::from(Box::from("secret of the database"));
    let failing = async { Err::<(), _>(RepositoryError::TimedOut { source }) };

    let failed = find
        .trace(failing)
        .with_context(request(&tracer, "request"))
        .await;

    assert!(matches!(failed, Err(RepositoryError::TimedOut { .. })));
    let [span] = &ended.named("find item")[..] else {
        panic!("one span")
    };
    assert_eq!(span.status, Status::error(""));
    assert_eq!(attributes(span)[3..], ["error.type=timed_out"]);
    assert!(!format!("{span:?}").contains("secret"));
}

#[tokio::test]
async fn calls_without_a_traced_request_are_no_spans() {
    for sampler in [Sampler::AlwaysOn, Sampler::AlwaysOff] {
        let (tracer, ended) = store_tracer(sampler.clone());
        let find = tracer.operation("item", "find");
        let context = match sampler {
            Sampler::AlwaysOff => request(&tracer, "request"),
            _ => Context::new(),
        };

        find.trace(async { Ok(()) })
            .with_context(context)
            .await
            .expect("a result");

        assert_eq!(ended.named("find item").len(), 0, "{sampler:?}");
    }
}
