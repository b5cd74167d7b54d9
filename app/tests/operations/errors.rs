//! Every error is a problem (RFC 9457), and every error that an operation can return is documented.

use serde_json::Value;

use super::{operation::Operation, statuses::applies};

/// Errors with a body of their own, and why.
const NO_PROBLEM: [(&str, u16, &str); 1] = [(
    "healthcheck",
    503,
    "its body is the report, which names the dependency that fails",
)];

#[test]
fn every_documented_error_is_a_problem() {
    for operation in Operation::all() {
        for (status, response) in operation.responses() {
            let exempt = |(id, other, _): &(&str, u16, &str)| *id == operation.id() && *other == status;
            if status < 400 || NO_PROBLEM.iter().any(exempt) {
                continue;
            }

            let content = response["content"].as_object().expect("a body");
            let media_types: Vec<_> = content.keys().collect();
            assert_eq!(media_types, ["application/problem+json"], "{operation} {status}");
            let schema: &Value = &content["application/problem+json"]["schema"]["$ref"];
            assert_eq!(schema, "#/components/schemas/Problem", "{operation} {status}");
        }
    }
}

#[test]
fn every_error_that_an_operation_can_return_is_documented() {
    for operation in Operation::of_resources() {
        for status in [400, 401, 404, 408, 412, 413, 415, 422, 428, 429, 500, 503] {
            if applies(&operation, status) {
                assert!(operation.documents(status), "{operation} can return {status}");
            }
        }
    }
}
