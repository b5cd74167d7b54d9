//! Statements that several requests share.

use std::sync::Arc;

use domain::RepositoryError;
use opentelemetry::{
    context::FutureExt,
    metrics::{MeterProvider, noop::NoopMeterProvider},
    trace::TraceContextExt,
};
use opentelemetry_sdk::trace::Sampler;
use tokio::sync::Semaphore;

use super::{attributes, request, store_tracer};
use crate::{
    batch_queue::{BatchQueue, BatchStart::Immediate, distribute, sizes::BatchSizes},
    traced::TracedOperation,
};

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
