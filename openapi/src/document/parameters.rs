//! The parameters of operations.

use serde_json::Value;

use super::walk::{operations, parameters, visit_objects};

/// Parameters of the path come first, then those of the query, then headers, and last the header that every operation
/// has: generated functions take them in this order, and callers leave out what is at the end.
pub(super) fn sort(document: &mut Value) {
    for operation in operations(document) {
        if let Some(parameters) = parameters(operation) {
            parameters.sort_by_key(rank);
        }
    }
}

fn rank(parameter: &Value) -> u8 {
    match parameter["in"].as_str() {
        Some("path") => 0,
        Some("query") => 1,
        _ if parameter["name"] == "X-Request-ID" => 3,
        _ => 2,
    }
}

/// Removes what says nothing: `deprecated: false` and, of a parameter that is one value, how several would be written.
pub(super) fn without_redundancy(document: &mut Value) {
    visit_objects(document, &mut |members| {
        if members.get("deprecated") == Some(&Value::Bool(false)) {
            members.shift_remove("deprecated");
        }

        let kind = members.get("schema").and_then(|schema| schema["type"].as_str());
        if members.contains_key("in") && kind.is_some_and(|kind| !["array", "object"].contains(&kind)) {
            members.shift_remove("explode");
        }
    });
}
