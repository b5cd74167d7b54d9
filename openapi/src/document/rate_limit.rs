//! The headers of the rate limit.

use serde_json::{Value, json};

use super::walk::{operations, responses};

/// Adds `RateLimit-Policy` and `RateLimit` to every response of an operation that the rate limit counts, which documents
/// a 429. Other responses than that have them only if a limit is configured, and if no shared cache may store them.
pub(super) fn headers(document: &mut Value) {
    for operation in operations(document) {
        let documented = operation.get("responses");
        if !documented.is_some_and(|documented| documented["429"].is_object()) {
            continue;
        }

        for (status, response) in responses(operation) {
            let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) else {
                continue;
            };
            let is_refusal = status == "429";
            let example = if is_refusal {
                "\"client\";r=0;t=1"
            } else {
                "\"client\";r=49"
            };

            let policy = "The client's quota, if the service limits how many requests a client may send.";
            let policy = header(policy, "\"client\";q=50;w=5", is_refusal);
            headers.insert("RateLimit-Policy".to_owned(), policy);
            let rest = header("What is left of the client's quota.", example, is_refusal);
            headers.insert("RateLimit".to_owned(), rest);
        }
    }
}

fn header(description: &str, example: &str, is_required: bool) -> Value {
    let mut header = json!({ "description": description });
    if is_required {
        header["required"] = true.into();
    }
    header["schema"] = json!({ "type": "string" });
    header["example"] = example.into();
    header
}
