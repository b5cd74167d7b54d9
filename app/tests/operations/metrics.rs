//! Every operation is in the metrics: its requests under its documented path, its store calls under its collection.

use std::collections::BTreeSet;

use super::operation::Operation;
use crate::support::{InProcess, scrape};

/// The labels under which an operation's store calls may be timed: the first segment of its path, or its singular. The
/// label is the name of the table, and `/things/` may be stored in `thing`.
fn collection_labels(operation: &Operation) -> BTreeSet<String> {
    let segment = operation.template.split('/').nth(1).unwrap_or_default();
    let singular = segment.strip_suffix('s').unwrap_or(segment);

    [segment, singular]
        .map(|name| format!("db_collection_name=\"{name}\""))
        .into()
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
        let labels = collection_labels(&operation);
        let calls = async || {
            let mut calls = 0.0;
            for label in &labels {
                calls += count(&service, &["db_client_operation_duration_seconds_count", label]).await;
            }
            calls
        };

        let before = calls().await;
        operation.request(&service, &path).send().await;

        assert!(
            calls().await > before,
            "{operation}: no series with one of {labels:?} counted its call"
        );
    }
}
