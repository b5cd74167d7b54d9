//! Every operation of a resource counts for `MAX_CONCURRENT_REQUESTS`.

use std::{sync::Arc, time::Duration};

use super::operation::Operation;
use crate::support::{
    InProcess,
    example::{self, Gated},
    header, problem, status_of, store_over,
};

#[tokio::test]
async fn every_operation_beyond_the_concurrency_limit_is_503() {
    let gated = Gated::default();
    let variables = [
        ("MAX_CONCURRENT_REQUESTS", "1"),
        ("REQUEST_TIMEOUT_SECONDS", "60"),
    ];
    let service = Arc::new(InProcess::over(
        &store_over(example::repositories(gated.clone())),
        &variables,
    ));

    let holder = Arc::clone(&service);
    let in_flight = tokio::spawn(async move { holder.get(example::COLLECTION).send().await });
    while gated.statements().is_empty() {
        assert!(!in_flight.is_finished(), "the store holds the first request");
        tokio::task::yield_now().await;
    }

    for operation in Operation::all() {
        let request = operation.request(&service, &operation.path()).send();
        let response = tokio::time::timeout(Duration::from_secs(5), request).await;
        let response = response
            .unwrap_or_else(|_| panic!("{operation} takes no concurrency permit: it called the store"));

        if operation.is_monitoring() {
            assert_eq!(status_of(&response), 200, "{operation} is not limited");
            continue;
        }
        assert_eq!(
            status_of(&response),
            503,
            "{operation} takes a concurrency permit"
        );
        assert_eq!(
            header(&response, "retry-after").as_deref(),
            Some("1"),
            "{operation}"
        );
        assert_eq!(gated.statements().len(), 1, "{operation} did not call the store");
        problem(response, 503).await;
    }

    gated.release(1);
    in_flight.await.expect("a response").assert_status_is_ok();
}
