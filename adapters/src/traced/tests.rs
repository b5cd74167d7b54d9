//! Which calls are spans, of whom they are children, and to whom they have links.

use std::sync::Mutex;

use domain::BoxedSource;
use opentelemetry::{
    context::FutureExt,
    metrics::{MeterProvider, noop::NoopMeterProvider},
    trace::TracerProvider,
};
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use tokio::sync::Semaphore;

use super::*;
use crate::batch_queue::{BatchQueue, BatchStart::Immediate, distribute, sizes::BatchSizes};

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

/// A store whose calls return when the test lets them.
struct Gated {
    add: TracedOperation,
    permits: Semaphore,
}

impl Gated {
    async fn add(&self) -> Result<(), RepositoryError> {
        let call = async {
            self.permits.acquire().await.expect("an open semaphore").forget();
            Ok(())
        };
        self.add.trace(call).await
    }
}

#[tokio::test]
async fn shared_statement_is_a_child_of_its_first_caller_with_links_to_all() {
    let (tracer, ended) = store_tracer(Sampler::AlwaysOn);
    let store = Arc::new(Gated {
        add: tracer.operation("item", "add"),
        permits: Semaphore::new(0),
    });
    let sizes = BatchSizes::new("item", &NoopMeterProvider::new().meter("test")).operation("add");
    let queue = BatchQueue::new(
        &store,
        sizes,
        Immediate,
        |store, (), _: &[u8]| Box::pin(store.add()),
        distribute::whole,
    );

    let requests: Vec<_> = ["one", "two", "three", "four"]
        .map(|name| request(&tracer, name))
        .into();
    let calls: Vec<_> = requests
        .iter()
        .map(|request| {
            let queue = Arc::clone(&queue);
            let call = async move { queue.call((), &[1]).await };
            tokio::spawn(call.with_context(request.clone()))
        })
        .collect();
    // Every task runs until it waits. The runtime has one thread.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    store.permits.add_permits(2);
    for call in calls {
        call.await.expect("no panic").expect("a result");
    }
    let ids: Vec<_> = requests
        .iter()
        .map(|request| request.span().span_context().clone())
        .collect();
    drop(requests);

    let [alone, shared] = &ended.named("add item")[..] else {
        panic!("two statements")
    };
    assert_eq!((alone.parent_span_id, alone.links.len()), (ids[0].span_id(), 0));
    assert_eq!(
        attributes(alone).len(),
        3,
        "the size of a batch of one is not recorded"
    );

    let links: Vec<_> = shared
        .links
        .iter()
        .map(|link| link.span_context.clone())
        .collect();
    assert_eq!(links, ids[1..], "all who shared it");
    assert_eq!(
        (shared.span_context.trace_id(), shared.parent_span_id),
        (ids[1].trace_id(), ids[1].span_id())
    );
    assert_eq!(attributes(shared)[3..], ["db.operation.batch.size=3"]);
    for (name, links) in [("one", 0), ("two", 0), ("three", 1), ("four", 1)] {
        let [request] = &ended.named(name)[..] else {
            panic!("one span {name}")
        };
        let back: Vec<_> = request
            .links
            .iter()
            .map(|link| link.span_context.span_id())
            .collect();
        assert_eq!(back, vec![shared.span_context.span_id(); links], "{name}");
    }
}
