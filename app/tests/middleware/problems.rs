//! What clients see when something behind the repository port fails.

use std::sync::Arc;

use domain::{BoxedSource, RepositoryError};
use serde_json::json;

use crate::support::{InProcess, example, failing_store, header, problem, status_of, store_over};

fn source() -> BoxedSource {
    Arc::from(Box::from("driver error: password \"hunter2\" is wrong"))
}

/// A service whose every store operation fails.
pub(super) fn failing(error: RepositoryError) -> InProcess {
    InProcess::over(&failing_store(&error), &[])
}

/// A service whose reads of an item panic, and whose other store operations never return. It gives up after a second.
pub(super) fn broken() -> InProcess {
    let store = store_over(example::repositories(example::Broken));
    InProcess::over(&store, &[("REQUEST_TIMEOUT_SECONDS", "1")])
}

#[tokio::test]
async fn an_outage_is_503_with_retry_after_and_no_driver_text() {
    for error in [
        RepositoryError::Unavailable { source: source() },
        RepositoryError::TimedOut { source: source() },
    ] {
        let service = failing(error);
        let create = service
            .post(example::COLLECTION)
            .content_type("application/json")
            .body(example::body("hello"));
        let requests = [
            create,
            service.get(example::COLLECTION),
            service.get(example::UNKNOWN_ITEM),
        ];

        for request in requests {
            let response = request.send().await;
            assert_eq!(header(&response, "retry-after").as_deref(), Some("1"));
            let body = problem(response, 503).await;
            assert!(!body.to_string().contains("hunter2"), "{body}");
        }
    }
}

#[tokio::test]
async fn other_store_errors_are_500_without_driver_text() {
    for error in [
        RepositoryError::Internal { source: source() },
        RepositoryError::Conflict,
    ] {
        let service = failing(error);
        let body = problem(service.get(example::COLLECTION).send().await, 500).await;
        assert!(!body.to_string().contains("hunter2"), "{body}");
    }
}

#[tokio::test]
async fn the_health_report_names_a_failing_dependency_without_its_reason() {
    let service = failing(RepositoryError::Unavailable { source: source() });
    let response = service.get("/healthcheck/").send().await;
    assert_eq!(status_of(&response), 503);
    response
        .assert_json(json!({"status": "nok", "db": {"status": "nok"}}))
        .await;
    service.get("/livez").send().await.assert_status_is_ok();

    let healthy = InProcess::memory().await;
    let response = healthy.get("/healthcheck/").send().await;
    response.assert_status_is_ok();
    response
        .assert_json(json!({"status": "ok", "db": {"status": "ok"}}))
        .await;
}

#[tokio::test]
async fn a_panic_is_500_and_the_next_request_is_served() {
    let service = broken();

    for _ in 0..2 {
        let body = problem(service.get(example::UNKNOWN_ITEM).send().await, 500).await;
        assert!(!body.to_string().contains("part of a test"), "{body}");
    }
}

#[tokio::test]
async fn a_request_that_exceeds_the_timeout_is_503() {
    let service = broken();
    let response = service.get(example::COLLECTION).send().await;

    assert_eq!(header(&response, "retry-after").as_deref(), Some("1"));
    problem(response, 503).await;
}
