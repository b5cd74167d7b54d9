//! Mocks send the examples of responses; pages fill those of parameters into their forms.

use super::operation::{DOCUMENT, Operation, members};

#[test]
fn every_success_and_every_header_has_an_example() {
    for operation in Operation::all() {
        for (status, response) in operation.responses() {
            for (media_type, body) in members(&response["content"]) {
                let is_problem = media_type == "application/problem+json";
                assert!(
                    is_problem || !body["example"].is_null(),
                    "{operation} {status}: {media_type} has no example"
                );
            }

            for (name, header) in members(&response["headers"]) {
                assert!(
                    !header["example"].is_null(),
                    "{operation} {status}: {name} has no example; add it to openapi/src/document/examples.rs"
                );
            }
        }
    }
}

#[test]
fn examples_of_the_health_report_are_of_their_status() {
    for path in ["healthcheck~1", "readyz"] {
        for (status, expected) in [(200, "ok"), (503, "nok")] {
            let pointer = format!("/paths/~1{path}/get/responses/{status}/content/application~1json/example");
            let example = DOCUMENT.pointer(&pointer).expect("an example");

            assert_eq!(example["status"], expected, "{path} {status}: {example}");
        }
    }
}

/// The `Location` and the body of a creation are of one item, whose path the document has.
#[test]
fn examples_of_a_creation_are_of_one_item() {
    for operation in Operation::all() {
        for (status, response) in operation.responses() {
            let Some(location) = response["headers"].get("Location") else {
                continue;
            };
            let body = &response["content"]["application/json"]["example"];

            assert_eq!(location["example"], body["href"], "{operation} {status}");
            let url = location["example"].as_str().expect("a URL");
            assert!(url.contains(&operation.template), "{operation} {status}: {url}");
        }
    }
}

/// Pages send the example of a parameter that they fill in. With an example of `Idempotency-Key`, the second creation
/// stores nothing; with one of `before`, a list is empty.
#[test]
fn no_optional_parameter_has_an_example() {
    for operation in Operation::all() {
        for kind in ["query", "header"] {
            for parameter in operation.parameters(kind) {
                if parameter["required"] == true {
                    continue;
                }

                let examples = [
                    &parameter["example"],
                    &parameter["examples"],
                    &parameter["schema"]["example"],
                ];
                assert!(
                    examples.iter().all(|example| example.is_null()),
                    "{operation}: {} has an example",
                    parameter["name"]
                );
            }
        }
    }
}
