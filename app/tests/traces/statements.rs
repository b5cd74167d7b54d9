//! The spans of the store, below those of requests.

use std::{collections::BTreeSet, sync::Arc};

use adapters::testing::{FreshDatabase, collector::Collector};
use app::compose::Store;
use domain::RepositoryError;

use super::{map, of_requests};
use crate::support::{
    InProcess,
    example::{self, COLLECTION, Gated, ITEM_ROUTE, STORE_OPERATIONS, TABLE, UNKNOWN_ITEM},
    failing_store, store_over,
};

const SOON: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "20");

/// The name of the span of an operation of the store.
fn of_store(operation: &str) -> String {
    format!("{operation} {TABLE}")
}

#[tokio::test]
async fn statement_is_a_child_of_its_request_with_the_attributes_of_a_database() {
    let [add, ..] = STORE_OPERATIONS;
    for (database, system) in [
        (FreshDatabase::sqlite(), "sqlite"),
        (FreshDatabase::postgres().await, "postgresql"),
    ] {
        let collector = Collector::start();
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.url()), SOON];
        let service = InProcess::on_with(database, &variables).await;

        service.create("raw-text").await;

        let request = collector.wait_for_span(&format!("POST {COLLECTION}"));
        let statement = collector.wait_for_span(&of_store(add));
        assert_eq!(statement.kind, "SPAN_KIND_CLIENT");
        assert_eq!(
            (&statement.trace_id, &statement.parent_id, statement.is_error),
            (&request.trace_id, &request.span_id, false)
        );
        assert_eq!(
            statement.attributes,
            map(&[
                ("db.collection.name", TABLE),
                ("db.operation.name", add),
                ("db.system.name", system),
            ])
        );
        assert!(!format!("{statement:?}").contains("raw-text"));
    }
}

#[tokio::test]
async fn failure_of_the_store_is_an_error_of_both_spans_without_its_text() {
    let collector = Collector::start();
    let source = Arc::from(Box::from("password \"hunter2\" is wrong"));
    let store = failing_store(&RepositoryError::Unavailable { source });
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.url()), SOON];
    let service = InProcess::over(&store, &variables);

    service.get(UNKNOWN_ITEM).send().await;

    let [_, find, _] = STORE_OPERATIONS;
    let statement = collector.wait_for_span(&of_store(find));
    let request = collector.wait_for_span(&format!("GET {ITEM_ROUTE}"));
    for (span, error_type) in [(&statement, "unavailable"), (&request, "503")] {
        assert!(span.is_error, "{span:?}");
        assert_eq!(
            (&*span.attributes["error.type"], &*span.message),
            (error_type, "")
        );
        assert!(!format!("{span:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn statement_that_several_requests_share_has_links_to_all_of_them() {
    if !example::IS_IMMUTABLE {
        return; // Its calls share no statements.
    }
    let collector = Collector::start();
    let gated = Gated::default();
    let store = Store {
        in_process: false,
        ..store_over(example::repositories(gated.clone()))
    };
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.url()), SOON];
    let service = Arc::new(InProcess::over(&store, &variables));

    let calls: Vec<_> = (0..5)
        .map(|_| {
            let service = Arc::clone(&service);
            tokio::spawn(async move { service.get(UNKNOWN_ITEM).send().await })
        })
        .collect();
    // Every task runs until it waits. The runtime has one thread.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    gated.release(2);
    for call in calls {
        call.await.expect("a response");
    }

    let [_, find, _] = STORE_OPERATIONS;
    collector.wait_for_spans(&format!("GET {ITEM_ROUTE}"), 5);
    let statements = collector.wait_for_spans(&of_store(find), 2);
    let shared = statements
        .iter()
        .find(|span| !span.links.is_empty())
        .expect("a shared one");
    let alone = statements
        .iter()
        .find(|span| span.links.is_empty())
        .expect("the first one");
    assert_eq!(shared.attributes["db.operation.batch.size"], "4");

    let requests = of_requests(collector.spans());
    let ids: BTreeSet<_> = requests
        .iter()
        .map(|span| (&span.trace_id, &span.span_id))
        .collect();
    let linked: BTreeSet<_> = shared
        .links
        .iter()
        .map(|(trace, span, _)| (trace, span))
        .collect();
    assert_eq!((ids.len(), linked.len()), (5, 4));
    let others: Vec<_> = ids.difference(&linked).collect();
    assert_eq!(
        others,
        [&(&alone.trace_id, &alone.parent_id)],
        "the first request had a statement of its own"
    );
    assert!(
        linked.contains(&(&shared.trace_id, &shared.parent_id)),
        "it is in the trace of one of them"
    );
}

#[tokio::test]
async fn request_whose_client_goes_away_has_a_span() {
    let collector = Collector::start();
    let gated = Gated::default();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.url()), SOON];
    let service = InProcess::over(&store_over(example::repositories(gated.clone())), &variables);

    let request = tokio::spawn(async move { service.get(UNKNOWN_ITEM).send().await });
    while gated.statements().is_empty() {
        tokio::task::yield_now().await;
    }
    request.abort();
    assert!(
        request.await.is_err_and(|error| error.is_cancelled()),
        "it has no response"
    );

    let span = collector.wait_for_span("GET");
    assert_eq!(span.attributes["http.response.status_code"], "499");
    assert!(!span.is_error);
}
