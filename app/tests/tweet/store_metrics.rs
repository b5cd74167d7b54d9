//! What `/metrics` reports about the cache and the batches in front of the store.

use std::sync::Arc;

use adapters::testing::tweet::Gated;
use app::{compose::Store, resources::Repositories};

use super::{create, path_of};
use crate::support::{InProcess, scrape, store_over, sum};

#[tokio::test]
async fn cache_hits_and_misses_are_counted_by_item() {
    let service = InProcess::sqlite().await;
    let item = create(&service).await;

    for path in [path_of(&item), path_of(&item)] {
        service.get(path).send().await.assert_status_is_ok();
    }
    service.get("/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV").send().await;

    let samples = scrape(&service).await;
    let collection = "db_collection_name=\"tweet\"";
    for (result, count) in [("hit", 2.0), ("miss", 1.0)] {
        let label = format!("cache_result=\"{result}\"");
        let parts = ["cache_lookups_total{", &label, collection];
        assert_eq!(sum(&samples, &parts), count, "{result} in {samples:#?}");
    }
}

#[tokio::test]
async fn calls_that_share_a_statement_are_one_batch() {
    let gated = Gated::default();
    let mut repositories = Repositories::in_memory();
    repositories.tweets = Arc::new(gated.clone());
    let store = Store {
        in_process: false,
        ..store_over(repositories)
    };
    let service = InProcess::over(&store, &[]);
    let page = || service.get("/tweet/").send();

    // The first one has a statement of its own; the others arrive while it is in flight, and share the next one.
    let responses = async { tokio::join!(page(), page(), page(), page()) };
    let release = async { gated.release(2) };
    tokio::join!(biased; responses, release);

    let samples = scrape(&service).await;
    let labels = ["db_operation_name=\"latest\"", "db_collection_name=\"tweet\""];
    for (part, value) in [("sum", 4.0), ("count", 2.0)] {
        let name = format!("db_client_operation_batch_size_{part}{{");
        let parts = [&name, labels[0], labels[1]];
        assert_eq!(sum(&samples, &parts), value, "{part} in {samples:#?}");
    }
    let largest = sum(
        &samples,
        &["db_client_operation_batch_size_bucket{", labels[0], "le=\"2\""],
    );
    assert_eq!(largest, 1.0, "one batch has more than two calls: {samples:#?}");
}
