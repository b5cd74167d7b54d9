//! Every operation is in the metrics: its requests under its documented path, its store calls under its collection.

use super::operation::Operation;
use crate::support::{InProcess, scrape};

/// The collection that an operation is about: the first segment of its path.
fn collection(operation: &Operation) -> &str {
    operation.template.split('/').nth(1).unwrap_or_default()
}

/// How many calls or requests the series with all of these parts have counted.
async fn count(service: &InProcess, parts: &[&str]) -> f64 {
    let samples = scrape(service).await;
    let matching = samples
        .iter()
        .filter(|(series, _)| parts.iter().all(|part| series.contains(part)));

    matching.map(|(_, value)| value).sum()
}

#[tokio::test]
async fn every_request_is_measured_under_its_documented_path() {
    for operation in Operation::all() {
        let service = InProcess::memory().await;
        operation.succeed(&service).await;

        let method = format!("http_request_method=\"{}\"", operation.method);
        let route = format!("http_route=\"{}\"", operation.template);
        let series = ["http_server_request_duration_seconds_count", &method, &route];
        assert_eq!(count(&service, &series).await, 1.0, "{operation}");
    }
}

#[tokio::test]
async fn every_store_call_is_timed_under_its_collection() {
    for operation in Operation::of_resources() {
        let service = InProcess::memory().await;
        let path = operation.existing_path(&service).await;
        let label = format!("db_collection_name=\"{}\"", collection(&operation));
        let series = ["db_client_operation_duration_seconds_count", &label];

        let before = count(&service, &series).await;
        operation.request(&service, &path).send().await;
        let after = count(&service, &series).await;

        assert!(
            after > before,
            "{operation}: no series with {label} counted its call"
        );
    }
}
