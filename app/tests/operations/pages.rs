//! Lists come in pages of a limited size.

use serde_json::Value;

use super::operation::Operation;
use crate::support::{InProcess, problem, status_of};

/// Operations that respond with an array, or have a `limit`.
fn paged() -> Vec<Operation> {
    let is_array = |schema: &Value| schema["type"] == "array";
    let paged = |operation: &Operation| {
        operation.result().is_some_and(is_array) || operation.parameter("query", "limit").is_some()
    };

    Operation::all().into_iter().filter(paged).collect()
}

/// A bound of the operation's `limit`, such as `maximum`.
fn bound(operation: &Operation, name: &str) -> u64 {
    let limit = operation
        .parameter("query", "limit")
        .unwrap_or_else(|| panic!("{operation} responds with an array and has no `limit`"));
    let bound = limit["schema"][name].as_f64();

    bound.unwrap_or_else(|| panic!("{operation}: `limit` has no {name}")) as u64
}

#[test]
fn every_page_size_has_a_maximum_and_a_default() {
    for operation in paged() {
        let [minimum, default, maximum] =
            ["minimum", "default", "maximum"].map(|name| bound(&operation, name));
        assert!(
            (1..=default).contains(&minimum) && default <= maximum,
            "{operation}: {minimum} {default} {maximum}"
        );
    }
}

#[tokio::test]
async fn a_page_size_above_the_maximum_is_400() {
    let service = InProcess::memory().await;

    for operation in paged() {
        let path = operation.existing_path(&service).await;
        let [minimum, maximum] = ["minimum", "maximum"].map(|name| bound(&operation, name));
        let get = |limit: u64| service.get(format!("{path}?limit={limit}")).send();

        for limit in [minimum, maximum] {
            assert_eq!(status_of(&get(limit).await), 200, "{operation}: limit={limit}");
        }
        for limit in [minimum - 1, maximum + 1] {
            let response = get(limit).await;
            assert_eq!(status_of(&response), 400, "{operation}: limit={limit}");
            let problem = problem(response, 400).await;
            assert_eq!(problem["errors"][0]["pointer"], "/limit", "{operation}");
        }
    }
}
