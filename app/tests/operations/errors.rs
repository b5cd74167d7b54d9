//! Every error is a problem (RFC 9457), and every error that an operation can return is documented.

use std::collections::BTreeSet;

use openapi::http::problem_type::ProblemType;
use serde_json::Value;

use super::{
    documented::documented_types,
    operation::{DOCUMENT, Operation},
    statuses::applies,
};
use crate::support::problem_type;

/// Errors with a body of their own, and why.
const NO_PROBLEM: [(&str, u16, &str); 2] = [
    (
        "healthcheck",
        503,
        "its body is the report, which names the dependency that fails",
    ),
    (
        "readyz",
        503,
        "its body is the report, which names what is missing",
    ),
];

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
            let schema: &Value = &content["application/problem+json"]["schema"];
            let expected = serde_json::json!({"$ref": "#/components/schemas/Problem"});
            assert_eq!(*schema, expected, "{operation} {status}");
        }
    }
}

#[test]
fn every_problem_has_an_example_of_each_type_with_its_own_status() {
    for operation in Operation::all() {
        for (status, response) in operation.responses() {
            if response["content"]["application/problem+json"].is_null() {
                continue;
            }

            let examples = documented_types(response);
            assert!(!examples.is_empty(), "{operation} {status}");
            for (slug, example) in examples {
                let what = format!("{operation} {status} {slug}");
                let problem = &example["value"];
                let kind = problem_type(problem);
                assert_eq!(kind.slug, slug, "{what}");
                assert_eq!(example["summary"], kind.title, "{what}");

                assert_eq!(problem["status"], status, "{what}");
                assert_eq!(problem["title"], kind.title, "{what}");
                for member in ["detail", "request_id"] {
                    assert!(problem[member].is_string(), "{what}: {member}");
                }
                assert!(problem["errors"].is_array(), "{what}");
            }
        }
    }
}

#[test]
fn every_operation_documents_the_400_for_a_foreign_host() {
    for operation in Operation::all() {
        let responses = operation.responses();
        let (_, response) = responses
            .iter()
            .find(|(status, _)| *status == 400)
            .unwrap_or_else(|| panic!("{operation} documents no 400"));

        let types = documented_types(response);
        assert!(types.contains_key("host-not-allowed"), "{operation}: {types:?}");
    }
}

#[test]
fn the_document_lists_all_types_and_says_that_there_may_be_others() {
    let kind = &DOCUMENT["components"]["schemas"]["Problem"]["properties"]["type"];
    assert!(kind["enum"].is_null(), "clients would reject other types");

    let description = kind["description"].as_str().expect("a description");
    assert!(description.contains("Later versions may have further types"));
    let listed: BTreeSet<_> = description
        .lines()
        .filter_map(|line| line.strip_prefix("- `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    let all: BTreeSet<_> = ProblemType::ALL.iter().map(|kind| kind.path()).collect();
    assert_eq!(listed, all);
}

#[test]
fn every_error_that_an_operation_can_return_is_documented() {
    let types = ProblemType::ALL.iter();
    let statuses: BTreeSet<_> = types.map(|kind| kind.status.as_u16()).collect();

    for operation in Operation::all() {
        for status in &statuses {
            // Monitoring uses no store and does not count for the limits.
            let is_exempt = operation.is_monitoring() && [429, 500, 503].contains(status);
            if applies(&operation, *status) && !is_exempt {
                assert!(operation.documents(*status), "{operation} can return {status}");
            }
        }
    }
}
