//! What `/metrics` reports about the cache and the batches in front of a store.

use app::compose::Store;

use super::metrics::sum;
use crate::support::{InProcess, example, scrape, store_over};

#[tokio::test]
async fn cache_hits_and_misses_are_counted_by_item() {
    let service = InProcess::sqlite().await;
    let item = service.create("hello").await;

    for path in [example::path_of(&item), example::path_of(&item)] {
        service.get(path).send().await.assert_status_is_ok();
    }
    service.get(example::UNKNOWN_ITEM).send().await;

    let samples = scrape(&service).await;
    let collection = format!("db_collection_name=\"{}\"", example::TABLE);
    for (result, count) in [("hit", 2.0), ("miss", 1.0)] {
        let label = format!("cache_result=\"{result}\"");
        let parts = ["cache_lookups_total{", &label, &collection];
        assert_eq!(sum(&samples, &parts), count, "{result} in {samples:#?}");
    }
}

#[tokio::test]
async fn calls_that_share_a_statement_are_one_batch() {
    let gated = example::Gated::default();
    let store = Store {
        in_process: false,
        ..store_over(example::repositories(gated.clone()))
    };
    let service = InProcess::over(&store, &[]);
    let page = || service.get(example::COLLECTION).send();

    // The first one has a statement of its own; the others arrive while it is in flight, and share the next one.
    let responses = async { tokio::join!(page(), page(), page(), page()) };
    let release = async { gated.release(2) };
    tokio::join!(biased; responses, release);

    let samples = scrape(&service).await;
    let [_, _, list] = example::STORE_OPERATIONS;
    let labels = [
        format!("db_operation_name=\"{list}\""),
        format!("db_collection_name=\"{}\"", example::TABLE),
    ];
    for (part, value) in [("sum", 4.0), ("count", 2.0)] {
        let name = format!("db_client_operation_batch_size_{part}{{");
        let parts = [&name, &labels[0], &labels[1]].map(String::as_str);
        assert_eq!(sum(&samples, &parts), value, "{part} in {samples:#?}");
    }
    let largest = sum(
        &samples,
        &["db_client_operation_batch_size_bucket{", &labels[0], "le=\"2\""],
    );
    assert_eq!(largest, 1.0, "one batch has more than two calls: {samples:#?}");
}
